"""Entries by their address, and the entries of a site by its domain."""

from collections.abc import Sequence

from planet_mcp.store.search.plan import SearchPlan
from planet_mcp.urls import canonical, host_of


def entries_at(plan: SearchPlan, addresses: Sequence[str], most: int) -> list[int]:
    """Return the stories of the entries at these addresses, the newest first.

    What is no entry's address may be the domain of entries, or of the site of their feed.
    """
    found = [story for address in addresses for story in _at(plan, address, most)]
    return list(dict.fromkeys(found))


def _at(plan: SearchPlan, address: str, most: int) -> list[int]:
    url = address if "://" in address else f"https://{address}"
    exact = _stories(plan, "e.canonical_url = :address", most, address=canonical(url))
    if url.count("/") > len("//"):
        return exact
    # A slash follows what the domain ends with, and 0 is next to it.
    of_site = (
        "(e.canonical_url >= :host || '/' AND e.canonical_url < :host || '0' OR e.feed_id IN ("
        "SELECT id FROM feeds WHERE instr(site_url || '/', '//' || :host || '/')"
        " OR instr(site_url || '/', '//www.' || :host || '/')))"
    )
    host = host_of(url)
    return [*exact, *(_stories(plan, of_site, most, host=host) if host else [])]


# SELECT DISTINCT e.story_id FROM entries AS e JOIN entries AS s ON s.id = e.story_id
# WHERE e.canonical_url = 'example.org/post' AND +e.id <= 17603
# ORDER BY s.ordered_at DESC, s.id DESC LIMIT 200
def _stories(plan: SearchPlan, condition: str, most: int, **values: object) -> list[int]:
    rows = plan.rows(
        "SELECT DISTINCT e.story_id FROM entries AS e JOIN entries AS s ON s.id = e.story_id "
        f"WHERE {' AND '.join([condition, *plan.filters.conditions()])} "
        f"ORDER BY s.ordered_at DESC, s.id DESC LIMIT {most}",
        {**plan.filters.values(), **values},
    )
    return [story for (story,) in rows]
