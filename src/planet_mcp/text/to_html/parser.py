"""Markdown to tokens: what our Markdown is made of, and nothing else."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

# Our converter nests lists and quotes up to twelve deep, of which a list takes two levels.
_DEEPEST = 30
_RULES = (
    *("table", "code", "fence", "blockquote", "hr", "list", "heading", "lheading", "paragraph"),
    *("newline", "escape", "backticks", "strikethrough", "emphasis", "link", "autolink", "entity"),
    *("text", "balance_pairs", "fragments_join", "text_join", "normalize", "block", "inline"),
)


# Where a rule of a line may begin. markdown-it stops at more characters, for plugins.
_STARTS = re.compile(r"[\n&*<\[\\\]_`~]")


def parse(markdown: str) -> list[Token]:
    """Parse Markdown, without HTML, images and definitions of references."""
    return _PARSER.parse(markdown)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "maxNesting": _DEEPEST}).enable(_RULES)
    parser.inline.terminator_re = _STARTS
    parser.core.ruler.at("inline", _inline)
    # `html` vets every link when it writes it.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


def _inline(state: StateCore) -> None:
    """Parse the lines of each block; most have no markup at all, and stay as they are."""
    for token in state.tokens:
        if token.type == "inline":
            if _STARTS.search(token.content):
                token.children = []
                state.md.inline.parse(token.content, state.md, state.env, token.children)
            else:
                token.children = [Token("text", "", 0, content=token.content)]


_PARSER = _parser()
