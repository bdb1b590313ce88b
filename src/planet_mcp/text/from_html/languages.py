"""The language of a listing, by its attributes, its classes, or those of what it is wrapped in."""

import re

from lxml.etree import _Element

_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language-|lang-|lang:|highlight-source-|highlight-text-|brush:\s*"
    r"|sourceCode\s+|mw-highlight-lang-|code-lang-|EnlighterJSRAW\s+)([A-Za-z0-9_+#.-]{1,30})"
)
# These prefixes also begin other names: what follows has to be a known language.
_MAYBE_LANGUAGE = re.compile(
    r"(?:^|\s)(?:highlight-|hl-|src-|type-|code-|syntax-|enlighter-l-)([A-Za-z0-9_+#.-]{1,30})"
)
_LANGUAGE_ATTRIBUTES = (
    *("data-lang", "data-language", "data-enlighter-language", "data-canonical-lang"),
    *("data-tagsearch-lang", "data-code-lang", "language", "lang"),
)
# Confluence writes `brush: java; gutter: false` here.
_PARAMETERS = "data-syntaxhighlighter-params"
_NAME = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_NO_LANGUAGE = frozenset(
    """
    none text txt plain plaintext plain-text default nohighlight no-highlight notranslate raw
    source code undefined generic auto unknown wrapper-inner copy
    """.split()
)
KNOWN_LANGUAGES = frozenset(
    """
    actionscript ada apache applescript arduino asm assembly astro awk bash basic bat batch
    bicep c c# c++ clj clojure cmake cmd cobol coffeescript console cpp cs csharp css csv cuda
    cypher cython d dart delphi diff django docker dockerfile dotenv elisp elixir elm
    emacs-lisp erb erlang excel f# fish fortran fsharp gdscript gherkin git gleam glsl gn go
    golang gradle graphql groovy haml handlebars haskell hcl hlsl html http ini ipython
    ipython3 java javascript jinja jinja2 js json json5 jsonc jsonl jsx julia kotlin latex lean
    lean4 less lisp llvm log lua make makefile markdown mathematica matlab md mdx mermaid mojo
    mysql nasm nginx nim nix node objective-c objectivec ocaml octave odin pascal patch perl
    pgsql php plsql postgres postgresql powershell prolog proto protobuf ps1 puppet pwsh py py3
    pycon pyi pytb python python2 python3 r racket raku rb reason restructuredtext rs rst ruby
    rust sas sass scala scheme scss sh shell shell-session shellsession smalltalk solidity
    sparql sql stata svelte swift systemd systemverilog tcl terminal terraform tex toml ts tsx
    twig typescript typst vb vba vbnet vbscript verilog vhdl vim vue wasm wgsl xml yaml yml zig
    zsh
    """.split()
)
_LISTING = frozenset(
    """
    highlight hljs chroma code codehilite sourcecode listingblock
    """.split()
)
_LOOK_UP = 4


def language_of(element: _Element) -> str:
    """Find the language that a listing, or what it is wrapped in, was labelled with."""
    for candidate in (*element.iter("code"), element, *element.iterdescendants("pre")):
        if language := _declared(candidate) or _bare_class(candidate):
            return language
    wrappers = zip(range(_LOOK_UP), element.iterancestors(), strict=False)
    found = (_declared(wrapper) or _bare_class(wrapper) for _, wrapper in wrappers)
    return next((language for language in found if language in KNOWN_LANGUAGES), "")


def _declared(element: _Element) -> str:
    for name in _LANGUAGE_ATTRIBUTES:
        value = element.get(name)
        if value and (name != "lang" or element.tag in ("pre", "code")):
            return _accepted(value)
    names = f"{element.get('class', '')} {element.get(_PARAMETERS, '')}"
    found = filter(None, map(_accepted, _LANGUAGE.findall(names)))
    maybe = (name.lower() for name in _MAYBE_LANGUAGE.findall(names))
    return next(found, "") or next((name for name in maybe if name in KNOWN_LANGUAGES), "")


def _accepted(name: str) -> str:
    name = name.strip().rstrip(";").lower()
    return name if name not in _NO_LANGUAGE and _NAME.fullmatch(name) else ""


def _bare_class(element: _Element) -> str:
    names = (element.get("class") or "").lower().split()
    if element.tag not in ("pre", "code") and _LISTING.isdisjoint(names):
        return ""
    return next((name for name in names if name in KNOWN_LANGUAGES), "")
