"""Code blocks, put aside while the article of a page is looked for.

The search (trafilatura) looks at text and would tear code blocks apart. So each becomes a paragraph
of words for it, and code again afterwards.
"""

import re

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html import CodeBlock, Stash, all_text

_HEAVIEST = 20_000


class CodeStash:
    """Keeps the code blocks of a page while its boilerplate is taken out.

    In place of each is one paragraph of its own text, between two words that mark it: without
    markup that the search stumbles over, but as long as it was, since of a man page there is
    nothing else.
    """

    def __init__(self, page: _Element) -> None:
        text = all_text(page)
        self._stem = "codeblock"
        while self._stem in text:
            self._stem += "z"
        self._blocks: list[CodeBlock] = []
        self._words = re.compile(rf"{self._stem}(\d+)a(?:.*?{self._stem}\1b|.*$)", re.DOTALL)

    def put(self, block: CodeBlock) -> str:
        """Put a code block aside and return the text that stands for it."""
        number = len(self._blocks)
        self._blocks.append(block)
        weight = " ".join(block.text[:_HEAVIEST].split())
        return f"{self._stem}{number}a {weight} {self._stem}{number}b"

    def exchange(self, tree: _Element, stash: Stash) -> None:
        """Exchange the paragraphs of code in a tree for the placeholders of the conversion."""
        for element in tree.iter(etree.Element):
            element.text = self._replaced(element.text, stash)
            element.tail = self._replaced(element.tail, stash)

    def _replaced(self, text: str | None, stash: Stash) -> str | None:
        if not text or self._stem not in text:
            return text
        return self._words.sub(lambda word: stash.block(self._blocks[int(word[1])]), text)

    def free_figures(self, page: _Element) -> None:
        """Make ordinary parts of figures with code or quotes: the search leaves figures out."""
        for figure in list(page.iter("figure")):
            quotes = next(figure.iterdescendants("blockquote"), None) is not None
            if quotes or any(self._stem in text for text in figure.itertext()):
                figure.tag = "div"
