"""Markdown to tokens: what our Markdown is made of, and nothing else."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

# Our converter nests lists and quotes up to twelve deep, of which a list takes two levels.
_DEEPEST = 30
_RULES = (
    *("table", "code", "fence", "blockquote", "hr", "list", "heading", "lheading", "paragraph"),
    *("newline", "escape", "backticks", "strikethrough", "emphasis", "link", "autolink", "entity"),
    *("text", "balance_pairs", "fragments_join", "text_join", "normalize", "block", "inline"),
)


# The characters at which a rule of a line may begin: fewer than markdown-it's, which are also for
# plugins.
_STARTS = re.compile(r"[\n$&*<\[\\\]_`~]")
# A formula as `from_html` writes it. What touches other words is one only if it is TeX for sure, as
# in `$n$th`: prices and variables of a shell (`$HOME/$PATH`) have dollar signs too.
_FORMULA = re.compile(
    r"(?<![$\\])(?:\$\$(?=\S)([^$\n]{1,2000})(?<=\S)\$\$(?!\$)|(?:"
    r"\$([A-Za-z]|(?=[^$\n]{0,200}[\\^])[^\s$][^$\n]{0,2000}(?<=\S))\$"
    r"|(?<!\w)\$([^\s$]|[^\s$][^$\n]{0,2000}[^\s$])\$(?!\w))(?!\$))"
)


def parse(markdown: str) -> list[Token]:
    """Parse Markdown, without HTML, images and definitions of references."""
    return _PARSER.parse(markdown)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "maxNesting": _DEEPEST}).enable(_RULES)
    parser.use(footnote_plugin, inline=False, move_to_end=False)
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.inline.terminator_re = _STARTS
    parser.core.ruler.at("inline", _inline)
    # `html` vets every link when it writes it.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


def _formula(state: StateInline, silent: bool) -> bool:
    """Keep a formula from being read as Markdown: its backslashes and underscores are TeX."""
    found = _FORMULA.match(state.src, state.pos) if state.src[state.pos] == "$" else None
    if found is None or found.end() > state.posMax:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = found[1] or found[2] or found[3]
        token.block = found[1] is not None
    state.pos = found.end()
    return True


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
