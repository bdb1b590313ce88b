"""Measures article extraction: words found, code blocks kept, time a page.

`python -m benchmarks.extraction --pages FOLDER --pairs FOLDER`. Pages: HTML files and a
`truth.jsonl` with each file's url, type and main content; default trafilatura reads the same pages
in the same run. Pairs: `fixtures/NAME.html` beside `expected/NAME.md`. No network.
"""

import argparse
import json
import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles

import trafilatura

from planet_mcp.documents.extract import extract_article
from planet_mcp.errors import DocumentError
from planet_mcp.text.from_html import convert

SHAPES = Path(__file__).parent.parent / "tests" / "data" / "code"
EXPECTED = "<!-- expected -->\n"
URL = "https://example.org/posts/page"
_WORD = re.compile(r"\w+")
_FENCE = re.compile(r"([ >]*(?:(?:[-*+]|\d{1,9}[.)]) +)*)(`{3,}|~{3,})([^`\n]*)")
_PROSE = "<p>Some words of an article that stand around a listing, so that it is one.</p>" * 4
Convert = Callable[[str], str]


@dataclass(frozen=True)
class Page:
    """What two readers made of one page: their word F1, and the seconds of CPU that each took."""

    kind: str
    file: str
    ours: float
    theirs: float
    seconds: float
    their_seconds: float


@dataclass
class Blocks:
    """How many code blocks came out exactly, and how many of these with their language.

    `alike` also counts those that differ only where the converter that wrote the expectations
    changes code: tabs become four spaces, blank lines are folded, backticks get a backslash.
    """

    all: int = 0
    exact: int = 0
    alike: int = 0
    labelled: int = 0

    def count(self, expected: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> int:
        """Add one document; return how many of its blocks are not exact."""
        texts = ([text for text, _ in expected], [text for text, _ in found])
        exact = Counter(texts[0]) & Counter(texts[1])
        alike = Counter(map(_folded, texts[0])) & Counter(map(_folded, texts[1]))
        self.all += len(expected)
        self.exact += exact.total()
        self.alike += alike.total()
        self.labelled += (Counter(expected) & Counter(found)).total()
        return len(expected) - exact.total()

    def __str__(self) -> str:
        return (
            f"{self.exact} of {self.all} exact ({self.exact / max(1, self.all):.1%}), "
            f"{self.labelled} of these with the same language; {self.alike / max(1, self.all):.1%} "
            "but for tabs, blank lines and escapes that the expectation changed"
        )


def _folded(code: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", code.replace("\t", "    ").replace("\\`", "`"))


def main() -> None:
    """Measure what was asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pages", type=Path, help="a folder of pages with truth.jsonl")
    options.add_argument("--pairs", type=Path, help="a folder with fixtures/ and expected/")
    options.add_argument("--verbose", action="store_true", help="name each page and block missed")
    asked = options.parse_args()
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    if asked.pages:
        report_pages(list(read_pages(asked.pages)), verbose=asked.verbose)
    if asked.pairs:
        report_blocks("pairs", list(pairs(asked.pairs)), verbose=asked.verbose)
    report_blocks("own shapes", list(shapes(SHAPES)), verbose=asked.verbose)


def read_pages(folder: Path) -> Iterator[Page]:
    """Read every page of a folder with both readers."""
    extract_article(f"<article>{_PROSE}</article>".encode(), url=URL)  # the first one is slower
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        body = (folder / truth["file"]).read_bytes()
        started = time.process_time()
        ours = _article_text(body, truth["url"])
        between = time.process_time()
        theirs = trafilatura.extract(body) or ""
        seconds = (between - started, time.process_time() - between)
        main_content = truth["main_content"]
        scores = (word_f1(ours, main_content), word_f1(theirs, main_content))
        yield Page(truth["type"], truth["file"], *scores, *seconds)


def _article_text(body: bytes, url: str) -> str:
    try:
        return extract_article(body, url=url, content_type="text/html").content.text
    except DocumentError as error:
        print(f"REFUSED {url}: {error}")
        return ""


def word_f1(found: str, expected: str) -> float:
    """Compare two texts as bags of words."""
    ours, theirs = (Counter(_WORD.findall(text.lower())) for text in (found, expected))
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def report_pages(pages: Sequence[Page], *, verbose: bool) -> None:
    """Print the scores by type of page, and the times."""
    kinds = defaultdict(list)
    for page in pages:
        kinds[page.kind].append(page)
        if verbose and page.ours < page.theirs - 0.03:
            print(f"{page.kind:14} {page.file}  {page.ours:.3f}  trafilatura {page.theirs:.3f}")
    for kind, group in [("all", list(pages)), *sorted(kinds.items())]:
        ours, theirs = (mean(getattr(p, name) for p in group) for name in ("ours", "theirs"))
        print(f"word F1  {kind:14} {len(group):4} pages  {ours:.4f}  trafilatura {theirs:.4f}")
    for name in ("seconds", "their_seconds"):
        steps = quantiles((getattr(page, name) * 1000 for page in pages), n=20)
        print(f"CPU ms a page  {name:14} p50 {steps[9]:.0f}  p95 {steps[18]:.0f}")
    ratio = sum(page.seconds for page in pages) / sum(page.their_seconds for page in pages)
    print(f"CPU of all pages  {ratio:.2f} x trafilatura")


def pairs(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Read name, HTML and expected Markdown of each fixture."""
    for path in sorted((folder / "fixtures").glob("*.html")):
        expected = folder / "expected" / f"{path.stem}.md"
        # What comes first is metadata, in a block of its own.
        markdown = expected.read_text("utf-8").partition("\n```\n")[2]
        yield path.stem, path.read_text("utf-8"), markdown


def shapes(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Read name, HTML and expected Markdown of each shape of our own."""
    for path in sorted(folder.glob("*.html")):
        html, _, markdown = path.read_text("utf-8").partition(EXPECTED)
        yield path.stem, f"<article><h1>A page</h1>{_PROSE}{html}{_PROSE}</article>", markdown


def report_blocks(name: str, documents: Sequence[tuple[str, str, str]], *, verbose: bool) -> None:
    """Print the share of exact code blocks, as an article and as the content of a feed."""
    for way, reader in (("page", _as_page), ("feed", _as_feed)):
        blocks = Blocks()
        for file, html, markdown in documents:
            expected, found = list(listings(markdown)), list(listings(reader(html)))
            missed = blocks.count(expected, found)
            if verbose and (missed or Counter(expected) - Counter(found)):
                print(f"{name} {way} {file}: {missed} of {len(expected)} missed")
        print(f"code blocks  {name} as {way}: {blocks}")


def _as_page(html: str) -> str:
    try:
        return extract_article(html.encode(), url=URL, content_type="text/html").content.markdown
    except DocumentError:
        return ""


def _as_feed(html: str) -> str:
    return convert(html, base_url=URL).markdown


def listings(markdown: str) -> Iterator[tuple[str, str]]:
    """Find the fenced code blocks of a Markdown document: text and language of each."""
    lines = iter(markdown.split("\n"))
    for line in lines:
        if opening := _FENCE.fullmatch(line):
            yield "\n".join(_inside(lines, opening)), opening[3].strip()


def _inside(lines: Iterator[str], opening: re.Match[str]) -> Iterator[str]:
    indent = re.sub(r"[^>\s]", " ", opening[1])
    for line in lines:
        content = line.removeprefix(indent) if line.startswith(indent) else _bare(line, indent)
        if content.strip() == opening[2]:
            return
        yield content


def _bare(line: str, indent: str) -> str:
    return "" if line.strip() == indent.strip() else line


if __name__ == "__main__":
    main()
