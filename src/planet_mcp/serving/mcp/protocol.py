"""What the extensions share: the version of the protocol that has them, and how long lists hold."""

from mcp.server.caching import CacheHint

# Extensions are defined for this version and later ones; in older sessions they are not there.
MODERN = frozenset({"2026-07-28"})

# Lists change with the version of the server, so clients may keep them for an hour; what is read
# changes with the next refresh, so for a minute.
HOUR = CacheHint(ttl_ms=3_600_000, scope="public")
MINUTE = CacheHint(ttl_ms=60_000, scope="private")
