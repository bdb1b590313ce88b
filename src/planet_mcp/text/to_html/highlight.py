"""Source code to HTML with classes, by the language that the author named."""

import re
from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

from planet_mcp.text.to_html.style import class_of

# The longest block that is coloured: of 100 with a language, 99 are shorter than 2,000 characters.
_MOST_CHARACTERS = 5_000
# Many lexers take quadratic time for lines or blank space that no author writes.
_ODD = re.compile(r"\s{200}|[^\n]{1000}")
# Languages that feeds write about, with lexers that are quick on any text: those of C#, Java,
# Groovy and HCL take seconds for some kilobytes, and that of HTTP runs any other one.
_LANGUAGES = frozenset(
    """
    bash sh shell zsh console shell-session powershell ps1 pwsh bat python py python3 py3
    python2 pycon pytb cython json json5 yaml yml toml ini xml html css scss
    sass less javascript js jsx typescript ts tsx vue c cpp c++
    kotlin scala swift objective-c go golang rust rs ruby rb erb perl php lua r julia sql
    mysql postgresql postgres plpgsql django jinja html+jinja html+django diff docker
    dockerfile make makefile cmake nginx graphql haskell hs elixir ex erlang clojure clj lisp
    common-lisp scheme racket emacs-lisp elisp ocaml fortran zig nim nix vim awk tex
    latex rst restructuredtext markdown md protobuf proto matlab dart asm nasm
    """.split()
)
_ALIASES = {
    "ipython": "python",
    "ipython3": "python",
    "jinja2": "jinja",
    "jsonc": "json",
    "patch": "diff",
    "svg": "xml",
}


def highlighted(code: str, language: str) -> str:
    """Return the HTML of code, without its `<pre>`; it is coloured if it is short and known."""
    language = language.lower()
    lexer = _lexer(_ALIASES.get(language, language))
    if lexer is None or len(code) > _MOST_CHARACTERS or _ODD.search(code):
        return escape(code, quote=False)
    return "".join(_spans(code, lexer))


def _lexer(language: str) -> Lexer | None:
    return _loaded(language) if language in _LANGUAGES else None


@cache
def _loaded(language: str) -> Lexer:
    # Without handlecodeblocks, code inside of Markdown would be read by lexers of any language.
    return get_lexer_by_name(language, stripnl=False, handlecodeblocks=False)


def _spans(code: str, lexer: Lexer) -> Iterator[str]:
    for name, tokens in groupby(lexer.get_tokens(code), key=lambda token: class_of(token[0])):
        text = escape("".join(value for _, value in tokens), quote=False)
        yield f'<span class="{name}">{text}</span>' if name else text
