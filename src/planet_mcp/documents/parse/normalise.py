"""From what a document says to what planet-mcp keeps (pure)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from html import unescape
from itertools import chain

from planet_mcp.documents.heads import without_head
from planet_mcp.documents.parse.build_dates import without_build_dates
from planet_mcp.documents.parse.enclosures import enclosures_of, names_a_recording
from planet_mcp.documents.parse.keys import digest, keys_of
from planet_mcp.documents.parse.raw import RawEntry, RawFeed
from planet_mcp.documents.parse.texts import (
    content_of,
    derived_title,
    is_teaser,
    title_of,
    with_captions,
    with_chapters,
)
from planet_mcp.models import ParsedEntry, ParsedFeed
from planet_mcp.text import signature
from planet_mcp.text.from_html import count_unseen, one_line
from planet_mcp.times import is_credible
from planet_mcp.urls import canonical, host_of, page_url

_DESCRIPTION = 500
_NAME = 100
_MOST = 20
_LONGEST_MARKUP = 20_000
_MANY_UNSEEN = 200

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_EMAIL = re.compile(
    r"(?<![@\w.+%-])(?:mailto:)?([\w.+%-]{1,64})@[\w-]{1,63}(?:\.[\w-]{1,63})*(?:\?\S*)?"
)
# An e-mail address as archives of mailing lists mask it, with the name behind it.
_MASKED_EMAIL = re.compile(r"[\w.+%-]{1,64} at [\w-]{1,63}(?:\.[\w-]{1,63})+ \(([^()]+)\)")
_SPELLED_EMAIL = re.compile(r"<[^<>@]{1,64} (?:at|\[at\]|\(at\)) [^<>]{1,99}>")
# Markup around a name, as a content management system draws its authors.
_DRAWN = re.compile(r"</?(?:a|b|div|em|i|p|span|strong)\b[^<>@]*>", re.IGNORECASE)
# What says that a name follows.
_BY = re.compile(r"(?:(?:posted|published|submitted|written) )?by:? (?=\S)", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]+)"')
_AROUND_NAME = " \t<>()[],;:-"
# Names of authors that name nobody.
_NOBODY = frozenset(
    {
        *("admin", "administrator", "anonymous", "blog", "contact", "editor", "feedback", "hello"),
        *("info", "mail", "no-reply", "nobody", "noreply", "none", "null", "support", "unknown"),
        *("user", "webmaster", "n/a", "root", "undefined", "wpadmin", "[email protected]"),
        *("administrador", "administrateur", "administratör", "amministratore", "beheerder"),
        *("админ", "администратор", "адміністратор", "管理员", "管理員", "管理人", "관리자"),
    }
)


def normalise(raw: RawFeed, *, url: str, now: datetime, problem: str | None = None) -> ParsedFeed:
    """Turn a raw feed into what is stored; every entry is kept, in the document's order."""
    site_url = _first_url([raw.link], url)
    own_addresses = frozenset(filter(None, (url, site_url, raw.link)))
    authors = _names(raw.authors)
    keys = keys_of(raw.entries, not_ids=own_addresses)
    entries = without_build_dates(_addressed(raw.entries, own_addresses))
    counted = [
        _normalised(entry, key=key, url=url, now=now, feed_authors=authors)
        for entry, key in zip(entries, keys, strict=True)
    ]
    problems = (
        problem,
        raw.problem,
        _left_out(sum(count for _, count in counted)),
        _flawed(sum(entry.content.flaws for entry, _ in counted)),
    )
    return ParsedFeed(
        title=one_line(raw.title[:_LONGEST_MARKUP]) or None,
        site_url=site_url,
        description=one_line(raw.description[:_LONGEST_MARKUP], limit=_DESCRIPTION) or None,
        language=_language(raw.language),
        entries=tuple(entry for entry, _ in counted),
        warning="; ".join(filter(None, problems)) or None,
        image_url=_first_url(raw.images, url),
        hub_url=_first_url([raw.hub], url),
        hints=raw.hints,
        truncated=raw.truncated,
        updated=raw.updated,
    )


def _addressed(
    entries: tuple[RawEntry, ...], own_addresses: frozenset[str]
) -> tuple[RawEntry, ...]:
    """Give entries the pages that their ids name, if all links lead to one address or the site."""
    links = {entry.link for entry in entries if entry.link}
    pages = [entry.permalink for entry in entries if entry.permalink]
    are_site = {canonical(link) for link in links} <= {canonical(each) for each in own_addresses}
    hosts = {host_of(page) for page in pages}
    are_one = len(links) == 1 < len(entries) and {host_of(link) for link in links} == hosts
    if not (are_site or are_one):
        return entries
    if len(set(pages)) < len(pages) or any(map(names_a_recording, pages)):
        return entries
    return tuple(replace(entry, link=entry.permalink or entry.link) for entry in entries)


def _left_out(unseen: int) -> str | None:
    """Return the warning that a feed hides text; None for few characters, which tools leave."""
    if unseen < _MANY_UNSEEN:
        return None
    return f"{unseen:,} characters that a person would not see were left out of its entries"


def _flawed(flaws: int) -> str | None:
    if not flaws:
        return None
    details = f"{flaws} details (as an image, a table or a list)" if flaws > 1 else "a detail"
    return f"{details} could not be converted, and only the words are left of it"


def _first_url(references: Iterable[str], base: str) -> str | None:
    given = (_with_scheme(each, base) for each in references if each)
    return next(filter(None, (page_url(each, base) for each in given)), None)


def _with_scheme(reference: str, base: str) -> str:
    """Return a reference with the scheme that was left out before `www.` or the feed's own host."""
    host = reference.strip().partition("/")[0].lower()
    is_host = host.startswith("www.") or ("." in host and host_of(f"//{host}") == host_of(base))
    return f"https://{reference.strip()}" if is_host else reference


def _normalised(
    raw: RawEntry, *, key: str, url: str, now: datetime, feed_authors: tuple[str, ...]
) -> tuple[ParsedEntry, int]:
    link = _first_url([raw.link, raw.permalink], url)
    content, unseen = content_of(raw.texts, link=link, url=url)
    title, authors = title_of(raw.title), _names(raw.authors) or feed_authors
    content = without_head(content, title=title, authors=authors)
    content = with_chapters(with_captions(content, raw.described, url=url), raw.chapters, url=url)
    claims = [claim for claim in (raw.published, raw.updated) if claim]
    credible = [claim for claim in claims if is_credible(claim, now=now)]
    entry = ParsedEntry(
        key=key,
        url=link,
        title=title or derived_title(content, next(iter(credible), None), link),
        title_derived=not title,
        authors=authors,
        tags=_distinct(one_line(tag[:_LONGEST_MARKUP], limit=_NAME) for tag in raw.tags),
        published=next(iter(credible or claims), None),
        updated=raw.updated if raw.updated in credible else None,
        content=content,
        teaser=link is not None and is_teaser(content.text),
        fingerprint="",
        signature=signature(content.text),
        enclosures=enclosures_of(raw.enclosures, duration=raw.duration, url=url),
    )
    unseen += count_unseen(raw.title.value)
    return replace(entry, fingerprint=_fingerprint(entry)), unseen


def _language(raw: str) -> str | None:
    tag = raw.strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _names(people: Iterable[str]) -> tuple[str, ...]:
    each = chain.from_iterable(person.split(";") for person in map(_undrawn, people))
    return _distinct(map(_name, each))


def _undrawn(person: str) -> str:
    """Return a name without markup and a spelled address; entities in it end with a semicolon."""
    plain = unescape(person[:_LONGEST_MARKUP]) if "&" in person else person[:_LONGEST_MARKUP]
    return _SPELLED_EMAIL.sub("", _DRAWN.sub("", plain))


def _name(person: str) -> str:
    """Reduce `jo@example.org (Jo Doe)` and the like to a name; empty for role addresses."""
    line = one_line(person[:_LONGEST_MARKUP].replace("<", " ").replace(">", " "), limit=_NAME)
    masked = _MASKED_EMAIL.fullmatch(line)
    line = masked[1] if masked else line
    mailbox = _EMAIL.search(line)
    name = _EMAIL.sub(" ", line).strip(_AROUND_NAME) if mailbox else line
    if mailbox and not name:
        name = mailbox[1]
    if quoted := _QUOTED.fullmatch(name):
        name = quoted[1]
    name = " ".join(name[found.end() if (found := _BY.match(name)) else 0 :].split())
    return "" if name.lower() in _NOBODY else name


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in texts:
        if text:
            found.setdefault(text.casefold(), text)
    return tuple(found.values())[:_MOST]


def _fingerprint(entry: ParsedEntry) -> str:
    return digest(
        entry.title,
        entry.url or "",
        entry.content.markdown,
        digest(*entry.authors),
        digest(*entry.tags),
        entry.updated.isoformat() if entry.updated else "",
        *_files(entry),
    )


def _files(entry: ParsedEntry) -> Iterator[str]:
    # Without the query of the address, which counts listeners and may differ at every fetch.
    yield from (enclosure.url.partition("?")[0] for enclosure in entry.enclosures)
