"""Markdown to tokens: what our Markdown is made of, and nothing else."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Our converter nests lists and quotes up to twelve deep, of which a list takes two levels.
_DEEPEST = 30
_RULES = (
    *("table", "code", "fence", "blockquote", "hr", "list", "heading", "lheading", "paragraph"),
    *("newline", "escape", "backticks", "strikethrough", "emphasis", "link", "autolink", "entity"),
    *("text", "balance_pairs", "fragments_join", "text_join", "normalize", "block", "inline"),
)


def parse(markdown: str) -> list[Token]:
    """Parse Markdown, without HTML, images and definitions of references."""
    return _PARSER.parse(markdown)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "maxNesting": _DEEPEST}).enable(_RULES)
    # The writer judges every link.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


_PARSER = _parser()
