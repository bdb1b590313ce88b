"""Holds what becomes of HTML against its source: the words outside code, and the code.

`python -m benchmarks.fidelity --feeds FOLDER --corpus FILE`. The entries of captured feeds as
feedparser reads them, and the documents of a corpus (JSON lines with `html`), are converted, and
compared with a reader of its own: lxml's text, with a break at each block. No network.
"""

import argparse
import bisect
import gzip
import json
import re
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import accumulate
from pathlib import Path

import feedparser
import lxml.html
from lxml.etree import _Element
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from planet_mcp.text.from_html import convert

_URL = "https://example.org/posts/page"
_WORD = re.compile(r"\w+")
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden|font-size:\s*0", re.IGNORECASE)
_UNSEEN = frozenset("script style template noscript svg head title textarea select rp".split())
_IN_LINE = frozenset(
    """
    a abbr acronym b bdi bdo big button cite code data del dfn em font i img ins kbd label mark math
    nobr output q rt ruby s samp small span strike strong sub sup time tt u var wbr
    """.split()
)
_ORIGIN = re.compile(
    r"appeared first on|originally published in|erschien zuerst auf|proviene da|essere il primo"
)
# What a word that is not in the Markdown stood in; the first that fits counts.
_PLACES: tuple[tuple[str, Callable[[_Element], object]], ...] = (
    ("line of origin", lambda e: e.tag == "p" and _ORIGIN.search(e.text_content())),
    ("hidden", lambda e: e.get("hidden") is not None or _HIDDEN.search(e.get("style") or "")),
    ("for screen readers", lambda e: re.search("sr-only|hidden|screen", e.get("class") or "")),
    ("button, form", lambda e: e.tag in ("button", "form", "label", "select")),
    ("formula", lambda e: e.tag == "math" or "math" in (e.get("class") or "").lower()),
    ("player's fallback", lambda e: e.tag in ("video", "audio", "iframe", "object", "canvas")),
    ("anchor, footnote", lambda e: e.tag == "a" and "#" in (e.get("href") or "")),
    ("around a listing", lambda e: re.search("highlight|code|lang", e.get("class") or "")),
    ("table", lambda e: e.tag == "table"),
    ("link", lambda e: e.tag == "a"),
    ("hidden by ARIA", lambda e: e.get("aria-hidden") == "true"),
)
# What nobody sees (soft hyphens, marks of direction), and is left out of all texts.
_FORMAT = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|&shy;|&#173;|&#8203;"
)
_PRIVATE = re.compile("[\ue000-\uf8ff]")
# What an image becomes, which has no words of its own in the source.
_IMAGE = re.compile(r"image(?:: .*)?", re.DOTALL)
_LONGEST_SAMPLE = 60
_MOST_WORDS = 20_000


@dataclass
class Kinds:
    """How often each kind of difference was seen, in how many documents, and where first."""

    words: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, found: Iterable[tuple[str, str]]) -> None:
        """Add the differences of one document: a kind and a sample each."""
        seen = set()
        for kind, sample in found:
            self.words[kind] += 1
            if kind not in seen:
                self.documents[kind] += 1
                self.samples[kind].append(f"{name}: {sample[:_LONGEST_SAMPLE]!r}")
            seen.add(kind)


def read_source(html: str) -> tuple[list[tuple[str, _Element]], list[str]]:
    """Read the words outside code, each with its element, and the listings of a document."""
    root = lxml.html.document_fromstring(f"<body>{_FORMAT.sub('', html)}</body>")
    pieces: list[tuple[str, _Element]] = []
    listings: list[str] = []
    _walk(root, pieces, listings)
    pieces = [(unicodedata.normalize("NFC", text), element) for text, element in pieces]
    starts = list(accumulate((len(text) for text, _ in pieces), initial=0))
    text = "".join(text for text, _ in pieces)
    found = _WORD.finditer(text)
    words = [(w[0], pieces[bisect.bisect_right(starts, w.start()) - 1][1]) for w in found]
    return words, listings


def _walk(element: _Element, pieces: list[tuple[str, _Element]], listings: list[str]) -> None:
    if element.tag == "pre":
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        listings.append(element.text_content().replace("\r", "").strip("\n"))
    elif isinstance(element.tag, str) and element.tag not in _UNSEEN:
        edge = "" if element.tag in _IN_LINE else "\n"
        pieces.append((edge + (element.text or ""), element))
        for child in element:
            _walk(child, pieces, listings)
            around = child if child.tag == "br" else element
            pieces.append((child.tail or "", around))
        pieces.append((edge, element))
        return
    pieces.append(("\n" if element.tag == "pre" else "", element))


def read_markdown(markdown: str) -> tuple[list[str], list[str]]:
    """Read the words outside code, and the listings of a Markdown document."""
    texts: list[str] = []
    listings: list[str] = []
    for token in _MARKDOWN.parse(markdown):
        if token.type in ("fence", "code_block"):
            listings.append(token.content.removesuffix("\n"))
        for child in token.children or ():
            label = f"{child.meta['label']} " if child.type == "footnote_ref" else ""
            text = "\n" if _IMAGE.fullmatch(child.content) else child.content
            texts.append(label or text or ("\n" if child.type.endswith("break") else ""))
        texts.append("\n")
    return _WORD.findall("".join(texts)), listings


def differences(html: str, markdown: str) -> Iterator[tuple[str, str]]:
    """Find what differs between a document and its Markdown: a kind and a sample each."""
    source, code = read_source(html)
    words, listings = read_markdown(markdown)
    yield from _code_differences(code, listings, words)
    ours = [word for word, _ in source]
    if ours == words:
        return
    if len(ours) > _MOST_WORDS:
        yield "too long to compare", ""
        return
    inside = Counter(word for listing in listings for word in _WORD.findall(listing))
    matcher = SequenceMatcher(None, ours, words, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            before = " ".join(ours[max(0, i - 2) : i])
            for name, sample in _changed(source[i:j], words[k:m], inside, html):
                yield name, f"{before} {sample}"


def _changed(
    lost: list[tuple[str, _Element]], added: list[str], inside: Counter[str], html: str
) -> Iterator[tuple[str, str]]:
    gone = " ".join(word for word, _ in lost)
    if gone.replace(" ", "") == "".join(added):
        yield "words divided otherwise", f"{gone} -> {' '.join(added)}"
    else:
        for word, element in lost:
            yield _lost(word, element, inside), gone
        for word in added:
            yield _added(word, html), " ".join(added)


def _lost(word: str, element: _Element, inside: Counter[str]) -> str:
    if inside[word]:
        inside[word] -= 1
        return "lost: into code"
    around = [element, *element.iterancestors()]
    for place, is_there in _PLACES:
        if any(is_there(e) for e in around):
            return f"lost: {place}"
    return f"lost: {'text' if word.isalpha() else 'number'}"


def _added(word: str, html: str) -> str:
    if word in ("image", "video", "audio", "source", "embedded", "page", "document", "gist"):
        return "added: what a link leads to"
    if re.search(rf"""(?:alt|title|aria-label)=["'][^"']*{re.escape(word)}""", html):
        return "added: alternative text, title"
    return "added: number" if word.isdecimal() else "added: other"


def _code_differences(
    source: list[str], found: list[str], words: list[str]
) -> Iterator[tuple[str, str]]:
    left = Counter(found)
    for code in source:
        if left[code]:
            left[code] -= 1
            continue
        bare = "".join(_PRIVATE.sub("", code).split())
        near = next((f for f in left if left[f] and "".join(f.split()) == bare), None)
        if not bare:
            continue
        if near is not None:
            left[near] -= 1
            kind = "code: blanks" if near.split() == code.split() else "code: lines joined or split"
            kind = "code: private characters" if _PRIVATE.search(code) else kind
        elif bare.isdecimal():
            kind = "code: line numbers left out"
        elif set(_WORD.findall(code)) <= set(words):
            kind = "code: written as text"
        else:
            kind = "code: other"
        yield kind, code


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return parser.use(footnote_plugin, inline=False, move_to_end=False)


_MARKDOWN = _markdown()


def entries(folder: Path) -> Iterator[tuple[str, str]]:
    """Read a name and the longest HTML of each entry of the feeds in a folder."""
    for path in sorted(folder.iterdir()):
        for number, entry in enumerate(feedparser.parse(path.read_bytes()).entries):
            texts = [*(c.value for c in entry.get("content", ())), entry.get("summary", "")]
            html = max(texts, key=len)
            if re.search(r"</(?:p|a|div|pre|li|b|i|em|span)>|<(?:p|br)\b", html):
                yield f"{path.name}#{number}", html


def documents(corpus: Path) -> Iterator[tuple[str, str]]:
    """Read a name and the HTML of each document of a corpus."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            if document["html"]:
                yield f"{document['source']}/{document['id']}", document["html"]


def report(name: str, read: Iterable[tuple[str, str]], *, every: int, samples: int) -> None:
    """Print what differs in a set of documents, by kind."""
    kinds, total, same = Kinds(), 0, 0
    for number, (document, html) in enumerate(read):
        if number % every:
            continue
        found = list(differences(html, convert(html, base_url=_URL).markdown))
        kinds.add(document, found)
        total, same = total + 1, same + (not found)
    print(f"{name}: {total} documents, {same} without any difference")
    for kind, count in sorted(kinds.words.items()):
        print(f"  {kind:34} {count:7} in {kinds.documents[kind]:5}")
        for sample in kinds.samples[kind][:samples]:
            print(f"      {sample}")


def main() -> None:
    """Compare what was asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=Path, help="a folder of feed documents")
    options.add_argument("--corpus", type=Path, help="a file of documents, JSON lines, gzip")
    options.add_argument("--every", type=int, default=1, help="take each n-th document alone")
    options.add_argument("--samples", type=int, default=0, help="name some of each kind")
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    if asked.feeds:
        report("feeds", entries(asked.feeds), every=asked.every, samples=asked.samples)
    if asked.corpus:
        report("corpus", documents(asked.corpus), every=asked.every, samples=asked.samples)


if __name__ == "__main__":
    main()
