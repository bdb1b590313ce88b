"""Source code to HTML with classes, by the language that the author named."""

from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from planet_mcp.rendering.style import class_of

_MOST_CHARACTERS = 20_000
# What is written about; each lexer more is a module to load and patterns to trust.
_LANGUAGES = frozenset(
    """
    bash sh shell zsh console shell-session powershell ps1 pwsh bat cmd python py python3 py3
    python2 pycon pytb ipython cython json json5 jsonc yaml yml toml ini xml html svg css scss
    sass less javascript js jsx typescript ts tsx vue svelte c cpp c++ csharp cs c# fsharp f# java
    kotlin scala groovy swift objective-c go golang rust rs ruby rb erb perl php lua r julia sql
    mysql postgresql postgres plpgsql django jinja jinja2 html+jinja html+django diff patch docker
    dockerfile make makefile cmake nginx http graphql haskell hs elixir ex erlang clojure clj lisp
    common-lisp scheme racket emacs-lisp elisp ocaml fortran zig nim nix hcl terraform vim awk tex
    latex rst restructuredtext markdown md protobuf proto matlab dart wasm asm nasm
    """.split()
)


def highlighted(code: str, language: str) -> str:
    """Return the HTML of code, without its `<pre>`; it is coloured if it is short and known."""
    lexer = _lexer(language.lower()) if len(code) <= _MOST_CHARACTERS else None
    return "".join(_spans(code, lexer)) if lexer else escape(code, quote=False)


@cache
def _lexer_of(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


def _lexer(language: str) -> Lexer | None:
    return _lexer_of(language) if language in _LANGUAGES else None


def _spans(code: str, lexer: Lexer) -> Iterator[str]:
    for name, tokens in groupby(lexer.get_tokens(code), key=lambda token: class_of(token[0])):
        text = escape("".join(value for _, value in tokens), quote=False)
        yield f'<span class="{name}">{text}</span>' if name else text
