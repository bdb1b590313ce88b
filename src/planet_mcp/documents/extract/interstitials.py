"""Pages that stand in the way of an article: known by what they say, and by saying little else.

An article may mention any of these words. So a page counts as an interstitial only when next to
nothing is left of it without the lines that are about what it asks for.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from lxml.etree import _Element

from planet_mcp.errors import DocumentError
from planet_mcp.models import Content
from planet_mcp.text.from_html import text_of


class _Interstitial(NamedTuple):
    """A kind of such page: `phrases` that no other page has, and `topics` of its other lines.

    `what` ends a sentence that says what it is. `longest` is how much text such a page may have,
    and `left` how much of that may be about other things.
    """

    phrases: re.Pattern[str]
    topics: re.Pattern[str]
    what: str
    longest: int
    left: int


def _interstitial(
    phrases: str, topics: str, what: str, *, longest: int, left: int = 200
) -> _Interstitial:
    return _Interstitial(_any_of(phrases), _any_of(topics), what, longest, left)


def _any_of(lines: str) -> re.Pattern[str]:
    pattern = "|".join(line.strip() for line in lines.strip().split("\n"))
    return re.compile(pattern, re.IGNORECASE)


_BOTS = _interstitial(
    r"""
    ^just a moment\b
    attention required! \| cloudflare
    checking (?:your browser|if the site connection|you are)
    verify(?:ing)? (?:that )?you(?: are|['\u2019]re) (?:an? |not )*(?:human|robot|real)
    are you (?:a robot|human)\?
    confirm (?:that )?you(?: are|['\u2019]re) (?:a )?human
    \bi(?: am|['\u2019]m) not a robot
    unusual traffic from your
    enable javascript and cookies to continue
    pardon our interruption
    (?:complete|solve) (?:the|this|a) (?:captcha|security check)
    access (?:to this page has been |is temporarily )?(?:denied|blocked)$
    """,
    r"""
    robot|human|captcha|security|your browser|ray id|cloudflare|traffic|javascript
    cookies|your ip|blocked|denied|automated|moment|reference id|performance
    """,
    "asks its readers to prove that they are no program (a bot check)",
    longest=1500,
)
_CONSENT = _interstitial(
    r"""
    before you continue
    (?:accept|allow|reject|enable|agree to) (?:all )?(?:the )?cookies
    ^accept all|^accept (?:&|and)
    cookies (?:are|must be|need to be) (?:disabled|enabled|required|turned|blocked)
    we value your privacy
    your privacy choices
    manage (?:my |your )?(?:cookies|preferences|consent|choices)
    we (?:and our|use) (?:\d+ )?(?:partners|cookies)
    alle akzeptieren|tout accepter
    """,
    r"""
    cookie|privacy|consent|personal data|partners|personali[sz]ed|preferences
    datenschutz|accept|reject|agree|^continue
    """,
    "shows only a request to accept or enable cookies (a consent wall)",
    longest=2500,
)
_LOGIN = _interstitial(
    r"""
    ^(?:please )?(?:log|sign)[ -]?in(?: (?:to\b|[|\u2013\u2014-]).*)?$
    (?:log|sign)[ -]?in to (?:continue|view|read|see|your|access)
    please (?:log|sign)[ -]?in
    (?:logged|signed) in to (?:continue|view|read|see|access)
    you (?:must|need to|have to) (?:be )?(?:logged|signed|log|sign)[ -]?in
    login required
    """,
    r"""
    log ?in|sign ?in|sign ?up|password|account|e-?mail|user ?name|register
    remember me|continue with|terms of
    """,
    "shows only a form to log in",
    longest=800,
)
_SCRIPTS = _interstitial(
    r"""
    (?:enable|activate|turn on|allow|requires?|needs?|without|support) (?:javascript|js\b)
    javascript (?:is|must be|to be|seems to be|appears to be) (?:\w+ )?(?:disabled|required|enabled)
    javascript (?:is|has been) (?:turned|blocked|off|needed)
    """,
    r"javascript|your browser|loading|reload|refresh",
    "is built by JavaScript in the browser, which planet-mcp does not run",
    longest=800,
)
_MISSING = _interstitial(
    r"""
    ^(?:error )?404\b
    \b404 (?:error|not found|-)
    page (?:can['\u2019]?t be|cannot be|could not be|was not|is not|not) (?:found|available)
    page (?:wasn|isn)['\u2019]t (?:found|available)
    ^not found$
    (?:page|post|article|content) (?:doesn['\u2019]t exist|does not exist|no longer exists)
    (?:page|post|article|content) (?:is no longer available|has been (?:removed|deleted))
    seite (?:wurde )?nicht gefunden
    page (?:introuvable|non trouv)
    """,
    r"404|not found|sorry|oops|home ?page|looking for|exist|moved|removed|broken|deleted",
    "says that there is no such page (404)",
    longest=1200,
)
_PAID = _interstitial(
    r"""
    subscribe(?: now| today)? to (?:continue|keep|read|unlock)
    (?:is|are) (?:only )?(?:for|available to) (?:our )?(?:\w+ )?(?:subscribers|members)\b
    already a (?:paid )?(?:subscriber|member)\?
    to (?:read|access|unlock) the (?:full|rest|whole|entire)
    to (?:read|access|unlock) this (?:full )?(?:article|story|post)
    to continue reading\b
    ^(?:for )?(?:subscribers?|members?)[ -]only
    become a (?:paid )?(?:member|subscriber) to
    create (?:a|your) (?:free )?account to (?:read|continue)
    you['\u2019]ve (?:reached|used) (?:your|all)
    start your (?:free )?trial to
    """,
    r"subscri|member|free trial|account|log ?in|sign ?in|cancel any|per (?:month|week|year)|unlock",
    "shows only its beginning to readers without a subscription (a paywall)",
    longest=2000,
    left=1200,
)
_INTERSTITIALS = (_BOTS, _MISSING, _CONSENT, _LOGIN, _PAID, _SCRIPTS)
_ADVICE = (
    "There is no article to read here. The entry's own text is all there is; the user can open the "
    "page in a browser."
)
_FEWEST_CHARACTERS = 50
_LONGEST_LINE = 250
_LONGEST_HINT = 2000
_SHORT_PARAGRAPHS = 120


@dataclass(frozen=True, slots=True)
class Hints:
    """What a page says outside of its article: title and headings, words for want of scripts.

    `has_paragraphs` is whether much text stands in paragraphs, `calls_itself_article` whether it
    has an `<article>`.
    """

    headings: tuple[str, ...]
    without_scripts: str
    has_paragraphs: bool
    calls_itself_article: bool
    scripts: bool

    @classmethod
    def of(cls, page: _Element) -> "Hints":
        """Look at a page before anything is taken out of it."""
        named = [text_of(e) for e in (*page.iter("title"), *page.iter("h1"))][:5]
        noscript = " ".join(text_of(element) for element in page.iter("noscript"))
        return cls(
            headings=tuple(name[:200] for name in named),
            without_scripts=noscript[:_LONGEST_HINT],
            has_paragraphs=_holds_paragraphs(page),
            calls_itself_article=next(page.iter("article"), None) is not None,
            scripts=next(page.iter("script"), None) is not None,
        )


def refuse_interstitials(url: str, content: Content, hints: Hints) -> None:
    """Raise for a page that holds no article, and say what is there instead.

    Raises:
        DocumentError: It holds none.
    """
    for kind in _INTERSTITIALS:
        if len(content.text) <= kind.longest and _is(kind, content.text.split("\n"), hints):
            raise DocumentError(f"{url} {kind.what}. {_ADVICE}")
    if _is_shell(content, hints):
        raise DocumentError(f"{url} {_SCRIPTS.what}. {_ADVICE}")
    if len(content.text) < _FEWEST_CHARACTERS:
        _refuse_empty(url, hints)


def _is(kind: _Interstitial, lines: list[str], hints: Hints) -> bool:
    named = any(map(kind.phrases.search, hints.headings))
    # In the text alone, "page not found" may be what an article is about.
    if not named and (kind is _MISSING or not any(_announces(kind, line) for line in lines)):
        return False
    left = _other_text(kind, lines)
    if kind is _PAID:
        return left <= kind.left and _other_text(kind, _after_offer(lines)) <= _SHORT_PARAGRAPHS
    return left <= (0 if hints.calls_itself_article and not named else kind.left)


def _other_text(kind: _Interstitial, lines: list[str]) -> int:
    return sum(len(line) for line in lines if not _is_about(kind, line))


def _after_offer(lines: list[str]) -> list[str]:
    """Return the lines from the first offer to subscribe on: few, where an article breaks off."""
    found = (index for index, line in enumerate(lines) if _announces(_PAID, line))
    return lines[next(found, len(lines)) :]


def _announces(kind: _Interstitial, line: str) -> bool:
    return len(line) <= _LONGEST_LINE and bool(kind.phrases.search(line))


def _is_about(kind: _Interstitial, line: str) -> bool:
    short = len(line) <= _LONGEST_LINE
    return short and bool(kind.phrases.search(line) or kind.topics.search(line))


def _is_shell(content: Content, hints: Hints) -> bool:
    """Return whether a page is a frame that scripts fill, as its `<noscript>` says."""
    is_long = len(content.text) > 3 * _SHORT_PARAGRAPHS
    if is_long or not _SCRIPTS.phrases.search(hints.without_scripts):
        return False
    return not (hints.has_paragraphs or hints.calls_itself_article)


def _refuse_empty(url: str, hints: Hints) -> NoReturn:
    likely = "it may be built by scripts, or" if hints.scripts else "it may"
    raise DocumentError(
        f"{url} holds no article text: {likely} be a list of links. The entry's own text is all "
        "there is to read."
    )


def _holds_paragraphs(page: _Element) -> bool:
    length = 0
    for paragraph in page.iter("p", "li"):
        length += 0 if _in_noscript(paragraph) else len(text_of(paragraph))
        if length >= _SHORT_PARAGRAPHS:
            return True
    return False


def _in_noscript(element: _Element) -> bool:
    return next(element.iterancestors("noscript"), None) is not None
