"""Which authors are near one who wrote nothing: `Holm, Ada`, `A. Holm`, `Adda Holm`."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from planet_mcp.planet.lookup import squeezed
from planet_mcp.planet.markdown import named
from planet_mcp.text import words_in

MOST_NEAR, MOST_READ = 5, 500


def no_such_author(wanted: str, with_words: Callable[[Sequence[str]], Sequence[str]]) -> str | None:
    """Return in words that nobody of a name wrote anything, with who is near; None without any.

    `with_words` finds the authors who have any of some words in their names.
    """
    words = words_in(wanted)
    known = {squeezed(name): name for name in with_words(words)} if words else {}
    said = {squeezed(word) for word in words if len(word) > 1}
    having = [name for name in known.values() if said <= {*map(squeezed, words_in(name))}]
    close = get_close_matches(squeezed(wanted), known, MOST_NEAR)
    near = [*dict.fromkeys([*having, *(known[each] for each in close)])][:MOST_NEAR]
    listed = ", ".join(map(named, near))
    return f"No entry is by {named(wanted[:100])}; near it are {listed}." if near else None
