"""Entries by their address, and the entries of a site, with those below it, by its domain."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from planet_mcp.store.search.plan import SearchPlan
from planet_mcp.store.sql import ids_of
from planet_mcp.urls import host_of, names_a_page, page_key

MOST_HOSTS = 50_000


@dataclass(frozen=True, slots=True)
class _Known:
    """The hosts of entries, and each feed with the host of its site, in one state of a database."""

    snapshot: int = -1
    hosts: tuple[str, ...] = ()
    feeds: tuple[tuple[int, str], ...] = ()


class Addresses:
    """Finds stories by addresses; remembers the hosts there are until another entry arrives."""

    def __init__(self) -> None:
        self._known = _Known()

    def stories(self, plan: SearchPlan, addresses: Sequence[str], most: int) -> list[int]:
        """Return the stories of the entries at these addresses, the newest first.

        What is no page's address may be the domain of entries, or of the site of their feed.
        """
        found = [story for address in addresses for story in self._at(plan, address, most)]
        return list(dict.fromkeys(found))

    def _at(self, plan: SearchPlan, address: str, most: int) -> list[int]:
        url = address if "://" in address else f"https://{address}"
        page = page_key(url)
        exact = plan.stories_where("e.canonical_url = :address", most, address=page)
        if names_a_page(page):
            return exact
        known = self._current(plan)
        hosts = [host for host in known.hosts if is_below(host, page)]
        feeds = [feed for feed, host in known.feeds if is_below(host, page)]
        if not hosts and not feeds:
            return exact
        values = {"hosts": json.dumps(hosts), "of_site": json.dumps(feeds)}
        return [*exact, *plan.stories_where(_OF_SITE, most, **values)]

    def _current(self, plan: SearchPlan) -> _Known:
        if self._known.snapshot != plan.filters.snapshot:
            hosts = [host for (host,) in plan.rows(_HOSTS, {"most": MOST_HOSTS})]
            feeds = plan.rows("SELECT id, site_url FROM feeds WHERE site_url IS NOT NULL", {})
            of_feeds = tuple((feed, host_of(url)) for feed, url in feeds)
            self._known = _Known(plan.filters.snapshot, tuple(hosts), of_feeds)
        return self._known


def is_below(host: str, domain: str) -> bool:
    """Return whether a host is a domain, or one of those below it; as both are without `www.`."""
    return host == domain or host.endswith(f".{domain}")


# PostgreSQL has no longer ones in order (`entries_by_host`): a row of a B-tree is short.
_SHORT = "length(canonical_url) < 600"
# A slash follows what a host ends with, and 0 is next to it.
_OF_SITE = f"""(e.id IN (
    SELECT d.id FROM json_each(:hosts) AS host CROSS JOIN entries AS d
    WHERE {_SHORT} AND (d.canonical_url = host.value
    OR d.canonical_url >= host.value || '/' AND d.canonical_url < host.value || '0')
) OR e.feed_id IN {ids_of(":of_site")})"""
# The hosts of all addresses, by the index alone: from the first address of each it goes to the
# first one behind its last.
_HOSTS = f"""
WITH RECURSIVE firsts (seen) AS (
    SELECT min(canonical_url) FROM entries WHERE {_SHORT}
    UNION ALL
    SELECT (SELECT min(canonical_url) FROM entries WHERE {_SHORT} AND canonical_url
            > CASE WHEN instr(seen, '/') > 0 THEN substr(seen, 1, instr(seen, '/') - 1) || '0'
                   ELSE seen END)
    FROM firsts WHERE seen IS NOT NULL
)
SELECT DISTINCT substr(seen, 1, instr(replace(seen, '?', '/') || '/', '/') - 1)
FROM firsts WHERE seen IS NOT NULL LIMIT :most
"""
