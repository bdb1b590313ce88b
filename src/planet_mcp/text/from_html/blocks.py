"""Code, formulas, tables and footnotes: made ready in the tree for the conversion."""

import re
from collections.abc import Callable

from lxml import etree
from lxml.etree import _Element, _ElementUnicodeResult

from planet_mcp.text.characters import clean_code, clean_text
from planet_mcp.text.from_html.code import (
    KNOWN_LANGUAGES,
    CodeBlock,
    code_block,
    is_code_table,
    is_gutter_class,
    is_numbers,
    joined_block,
)
from planet_mcp.text.from_html.placeholders import BLOCK, Shelf
from planet_mcp.text.from_html.tree import drop, is_blank, remove_dropped, text_of

_LISTINGS = ("pre", "table", "xmp", "listing", "plaintext", "code", "div")
_CODE_BLOCKS = etree.XPath(
    "//*[self::pre or self::table or self::xmp or self::listing or self::plaintext"
    " or self::code[contains(@style, 'white-space') or contains(@class, 'block') or br]"
    " or self::div[(@data-lang and contains(@class, 'code')) or"
    " contains(concat(' ', @class), ' syntaxhighlighter')][not(.//pre or .//table)]"
    " or self::div[contains(concat(' ', @class, ' '), ' CodeMirror-code ')]]"
)
_OUTPUT = re.compile(r"(?:^|[\s-])output(?:\s|$)")
_NO_BLOCK_INSIDE = ("code", "a", "b", "strong", "em", "i", "del", "s", "strike", "q", "figcaption")
_INLINE_CODE = ("code", "kbd", "samp", "tt")
_LABELS = ("div", "span", "figcaption", "header", "button", "clipboard-copy", "a", "p")
_LABEL_CLASS = re.compile(
    r"lang|label|title|header|copy|toolbar|name|tooltip|btn|button|prompt", re.IGNORECASE
)
_COPY = re.compile(
    r"[^\w$>]*|copied!?|copy(?: (?:code|to clipboard|snippet|text))?|expand|collapse"
    r"|view raw|raw|wrap|run(?: code)?|download|edit|show (?:more|less)"
    r"|(?:in|out)\s?\[[\d\s*]*\]:?",
    re.IGNORECASE,
)
_LONGEST_LABEL = 120
_WRAPPED = 4
_MOST_PARTS = 12
_TEX_SCRIPTS = etree.XPath("//script[starts-with(@type, 'math/tex')]")
_TEX_IMAGES = etree.XPath(
    "//img[string-length(@alt) > 0 and (contains(concat(' ', @class, ' '), ' latex ')"
    " or contains(concat(' ', @class, ' '), ' tex ') or contains(@class, 'math'))]"
)
_TYPED_TEX = etree.XPath("//text()[contains(., '\\(') or contains(., '\\[') or contains(., '$$')]")
_TEX = re.compile(r"\\\(([^\n$]{1,300}?)\\\)|\\\[([^$]{1,1000}?)\\\]|\$\$([^$]{1,1000})\$\$")
_NO_TEX = frozenset(("pre", "code", "script", "style", "textarea", "samp", "kbd", "tt"))
_SIGNS = {"msup": "^", "msub": "_", "mfrac": "/", "msqrt": "\u221a("}
_TEX_PREVIEWS = etree.XPath("//*[contains(@class, 'MathJax') and not(.//math) and not(.//script)]")
_LAYOUT_ROLES = frozenset(("presentation", "none"))
_ROW_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_MOST_SPANNED = 20
_TOO_NESTED = etree.XPath(
    "//*[self::ul or self::ol or self::blockquote or self::dl][ancestor::*[self::ul or self::ol"
    " or self::blockquote or self::dl][12]]"
)
_EXPONENT = re.compile(r"[-+\u2212]?\d{1,4}|[nkmxijt]")
_NOTE_NAME = re.compile(
    r"(?:^|[-_:#.])(?:fn|foot-?note|cite[-_]?note|ftn|note|endnote|sdfootnote)", re.IGNORECASE
)
_NOTE_LABEL = re.compile(r"\[?\s*([\w*†‡§-]{1,12})\s*\]?")
_NOTE_MARK = frozenset(("label", "fn-bracket"))
_BACK = re.compile(r"[\s↩︎⤴↑^⏎\ufe0e]*")


def adopt_text_areas(root: _Element) -> None:
    """Turn the text areas that show code into listings, unless they only repeat one."""
    areas = [a for a in root.iter("textarea") if a.get("readonly") is not None and _is_lines(a)]
    if not areas:
        return
    page = "".join("".join(root.itertext()).split())
    for area in areas:
        if page.count("".join((area.text or "").split())) == 1:
            area.tag = "pre"


def _is_lines(area: _Element) -> bool:
    return "\n" in (area.text or "").strip()


def shelve_listings(root: _Element, put: Callable[[CodeBlock], str]) -> None:
    """Replace every code block by a paragraph with what `put` returns for it."""
    done: set[_Element] = set()
    for element in _CODE_BLOCKS(root):
        if element.tag == "code" and not _is_block(element):
            continue
        if element in done or (element.tag == "table" and not is_code_table(element)):
            continue
        done.update(element.iterdescendants(*_LISTINGS))
        fragments = _fragments(element)
        block = joined_block([element, *fragments]) if fragments else code_block(element)
        done.update(fragments)
        for fragment in fragments:
            drop(fragment)
        if block.text:
            block = _with_label(element, block)
            _replace(element, put(block))
        else:
            drop(element)
    remove_dropped(root)


def _fragments(element: _Element) -> list[_Element]:
    """Find what continues a block `<code>`: the next one, or the output of it."""
    found: list[_Element] = []
    last = element
    while element.tag == "code" and not (last.tail or "").strip():
        last = last.getnext()
        if last is None or not _continues(last):
            break
        found.append(last)
    return found


def _continues(element: _Element) -> bool:
    names = element.get("class") or ""
    if element.tag == "code":
        return "block" in names.split()
    return element.tag == "pre" and bool(_OUTPUT.search(names))


def _is_block(code: _Element) -> bool:
    """Tell whether a `<code>` stands for a block of its own without a `<pre>` around it."""
    lines = "".join(code.itertext()).strip().count("\n")
    if "block" in (code.get("class") or "").split():
        return True
    if "pre" in (code.get("style") or ""):
        return lines > 0
    parent = code.getparent()
    alone = parent is not None and len(parent) == 1 and not (parent.text or "").strip()
    return alone and not (code.tail or "").strip() and next(code.iter("br"), None) is not None


def _replace(element: _Element, token: str) -> None:
    # Some sites wrap the <pre> in a <code>; a link or an emphasis cannot hold a block.
    for around in element.iterancestors(*_NO_BLOCK_INSIDE):
        around.tag = "div"
    element.clear(keep_tail=True)
    element.tag = "p"
    element.text = token
    _unname_wrappers(element)


def _unname_wrappers(element: _Element) -> None:
    """Take the class from what wraps a listing only: it would pass for a toolbar or a widget."""
    for _ in range(_WRAPPED):
        parent = element.getparent()
        if parent is None or parent.tag not in ("div", "figure") or (parent.text or "").strip():
            return
        if _has_many(parent):
            return
        others = [child for child in parent if child is not element]
        if any((child.tail or "").strip() for child in parent) or not all(map(is_blank, others)):
            return
        parent.attrib.clear()
        element = parent


def _with_label(element: _Element, block: CodeBlock) -> CodeBlock:
    """Take the labels and buttons around a listing away; a label may name the language."""
    drawn = "".join(block.text.split())
    for neighbour in _neighbours(element):
        if _is_gutter_beside(neighbour) or _repeats(neighbour, drawn):
            drop(neighbour)
        elif _is_label(neighbour):
            block = _read_label(neighbour, block)
            if is_blank(neighbour):
                drop(neighbour)
    return block


def _is_gutter_beside(element: _Element) -> bool:
    return is_gutter_class(element) and is_numbers(element)


def _repeats(element: _Element, drawn: str) -> bool:
    """Tell whether an element draws the listing a second time."""
    if not drawn or element.tag != "div":
        return False
    text = _text_up_to(element, 2 * len(drawn) + _LONGEST_LABEL)
    return text is not None and "".join(text.split()) == drawn


def _text_up_to(element: _Element, limit: int) -> str | None:
    """Join the text of an element unless it is longer; it may be a whole page."""
    pieces: list[str] = []
    length = 0
    for piece in element.itertext():
        length += len(piece)
        if length > limit:
            return None
        pieces.append(piece)
    return "".join(pieces)


def _is_label(element: _Element) -> bool:
    if element.tag in ("p", "a") and not _LABEL_CLASS.search(element.get("class") or ""):
        return False
    text = _text_up_to(element, 4 * _LONGEST_LABEL)
    return text is not None and BLOCK not in text and len(" ".join(text.split())) <= _LONGEST_LABEL


def _read_label(label: _Element, block: CodeBlock) -> CodeBlock:
    """Blank the words of buttons and the name of the language; other words stay."""
    for element in label.iter(etree.Element):
        for place in ("text", "tail"):
            word = (getattr(element, place) or "").strip()
            if place == "tail" and element is label:
                continue
            language = word.lower()
            if language in KNOWN_LANGUAGES and block.language in ("", language):
                block = CodeBlock(block.text, language)
            elif language != block.language and not _COPY.fullmatch(word):
                continue
            setattr(element, place, None)
    return block


def _neighbours(element: _Element) -> list[_Element]:
    found: list[_Element] = []
    for _ in range(_WRAPPED):
        parent = element.getparent()
        found += _labels_before(element)
        after = element.getnext()
        if after is not None and after.tag in _LABELS and not (element.tail or "").strip():
            found.append(after)
        if parent is None or parent.tag not in ("div", "figure") or (parent.text or "").strip():
            break
        if _has_many(parent) or any(e.tag not in _LABELS for e in parent if e is not element):
            break
        element = parent
    return found


def _has_many(parent: _Element) -> bool:
    # lxml counts all children for len().
    return bool(parent[_MOST_PARTS : _MOST_PARTS + 1])


def _labels_before(element: _Element) -> list[_Element]:
    """Find what stands right before an element; what is blank does not stand between."""
    before = element.getprevious()
    for _ in range(_MOST_PARTS):
        if before is None or before.tag not in _LABELS or (before.tail or "").strip():
            break
        if not is_blank(before):
            return [before]
        before = before.getprevious()
    return []


def shelve_inline_code(root: _Element, shelf: Shelf) -> None:
    """Replace every piece of inline code by its token."""
    for code in list(root.iter(*_INLINE_CODE)):
        text = "".join(code.itertext())
        if BLOCK in text or not text.strip():
            code.tag = "span"
            continue
        in_table = "|" in text and next(code.iterancestors("td", "th"), None) is not None
        token = shelf.code(_collapsed(text), in_table=in_table)
        link = (
            code[0]
            if len(code) == 1 and code[0].tag == "a" and len(text) == _length(code[0])
            else None
        )
        href = None if link is None else link.get("href")
        code.clear(keep_tail=True)
        code.tag = "span" if href is None else "a"
        if href is not None:
            code.set("href", href)
        code.text = token


def _length(element: _Element) -> int:
    return sum(len(piece) for piece in element.itertext())


def _collapsed(code: str) -> str:
    return re.sub(r"[ \t]*[\r\n]\s*", " ", code)


def shelve_formulas(root: _Element, shelf: Shelf) -> None:
    """Replace every formula by its TeX source, or what else can be read of it."""
    scripts = _TEX_SCRIPTS(root)
    for preview in _TEX_PREVIEWS(root) if scripts else ():
        drop(preview)
    for script in scripts:
        _put_formula(
            script, script.text or "", shelf, display="mode=display" in script.get("type", "")
        )
    for formula in list(root.iter("math")):
        tex = formula.get("alttext") or _annotation(formula)
        if tex:
            _put_formula(formula, tex, shelf, display=formula.get("display") == "block")
        else:
            _put_readable(formula)
    for image in _TEX_IMAGES(root):
        _put_formula(image, image.get("alt"), shelf, display=False)
    for text in _TYPED_TEX(root):
        _shelve_typed(text, shelf)


def _shelve_typed(text: _ElementUnicodeResult, shelf: Shelf) -> None:
    """Replace the TeX that an author typed between its usual signs, for a script to find."""
    element = text.getparent()
    if element is None or element.tag in _NO_TEX:
        return
    if next(element.iterancestors("pre", "code", "script", "style", "textarea"), None) is not None:
        return
    shelved = _TEX.sub(lambda tex: _typed_formula(tex, shelf), text)
    setattr(element, "tail" if text.is_tail else "text", shelved)


def _typed_formula(tex: re.Match[str], shelf: Shelf) -> str:
    code = " ".join(clean_code(tex[1] or tex[2] or tex[3]).split())
    fence = "$" if tex[1] else "$$"
    return shelf.inline(f"{fence}{_harmless(code)}{fence}", code)


def _annotation(formula: _Element) -> str:
    for annotation in formula.iter("annotation"):
        if "tex" in (annotation.get("encoding") or "").lower():
            return annotation.text or ""
    return ""


def _put_formula(element: _Element, tex: str, shelf: Shelf, *, display: bool) -> None:
    tex = " ".join(clean_code(tex).split())
    if tex.startswith("{\\displaystyle") and tex.endswith("}"):
        tex = tex[len("{\\displaystyle") : -1].strip()
    element.clear(keep_tail=True)
    element.tag = "span"
    if tex:
        fence = "$$" if display else "$"
        element.text = shelf.inline(f"{fence}{_harmless(tex)}{fence}", tex)


def _harmless(tex: str) -> str:
    """Keep a host that knows no formulas from seeing markup in one."""
    # In TeX a backtick is nothing but an opening quote.
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", tex).replace("![", "! [").replace("`", "\u2018")


def _put_readable(formula: _Element) -> None:
    for note in list(formula.iter("annotation", "annotation-xml")):
        drop(note)
    for part in formula.iter(*_SIGNS):
        _write_out(part)
    text = "".join("".join(formula.itertext()).split())
    formula.clear(keep_tail=True)
    formula.tag = "span"
    formula.text = clean_text(text)


def _write_out(part: _Element) -> None:
    """Write the signs that MathML draws by position: powers, indices, fractions, roots."""
    sign = _SIGNS[part.tag]
    if part.tag == "msqrt":
        part.text, part.tail = sign, ")" + (part.tail or "")
        return
    for child in part:
        compound = len(text_of(child)) > 1
        child.text = ("(" if compound else "") + (child.text or "")
        child.tail = (")" if compound else "") + ("" if child.getnext() is None else sign)


def adapt_tables(root: _Element) -> None:
    """Unwrap the tables that only place blocks beside each other, bound the cells of others."""
    _limit_spans(root)
    for table in list(root.iter("table")):
        rows = _own_rows(table)
        if _is_layout(table, rows):
            _unwrap(table, rows)


def _own_rows(table: _Element) -> list[_Element]:
    rows = []
    for child in table:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in _ROW_GROUPS:
            rows.extend(child.iterchildren("tr"))
    return rows


def _is_layout(table: _Element, rows: list[_Element]) -> bool:
    if (table.get("role") or "").lower() in _LAYOUT_ROLES:
        return True
    if next(table.iterdescendants("table"), None) is not None:
        return True
    if all(sum(1 for _ in row.iterchildren("td", "th")) < 2 for row in rows):  # noqa: PLR2004
        return next(table.iter("th"), None) is None
    blocks = ("h1", "h2", "h3", "hr", "article", "section", "blockquote")
    if next(table.iterdescendants(*blocks), None) is not None:
        return True
    return any(BLOCK in text for text in table.itertext())


def _unwrap(table: _Element, rows: list[_Element]) -> None:
    for row in rows:
        for cell in row.iterchildren("td", "th"):
            cell.tag = "div"
        row.tag = "div"
    for part in table.iterchildren(*_ROW_GROUPS, "caption"):
        part.tag = "div"
    table.tag = "div"


def limit_nesting(root: _Element) -> None:
    """Flatten what is nested so deeply that each of its lines would begin with pages of spaces."""
    for element in _TOO_NESTED(root):
        for item in element.iterchildren("li", "dt", "dd"):
            item.tag = "div"
        element.tag = "div"


def _limit_spans(root: _Element) -> None:
    for cell in root.iter("td", "th"):
        for name in ("colspan", "rowspan"):
            value = cell.get(name)
            if value is not None and not (value.isascii() and value.isdecimal() and len(value) < 3):  # noqa: PLR2004
                cell.set(name, str(_MOST_SPANNED) if value.isdecimal() else "1")


def raise_exponents(root: _Element) -> None:
    """Mark exponents, so that 10 to the 6th does not read 106."""
    for raised in root.iter("sup"):
        before = raised.getprevious()
        base = (raised.getparent().text if before is None else before.tail) or ""
        text = raised.text or ""
        if len(raised) == 0 and base[-1:].isalnum() and _EXPONENT.fullmatch(text.strip()):
            raised.text = "^" + text.strip()


def link_footnotes(root: _Element, shelf: Shelf) -> None:
    """Turn footnotes and what refers to them into Markdown footnotes."""
    references = [link for link in root.iter("a") if _is_reference(link)]
    if not references:
        return
    notes = _notes(root)
    labels: dict[_Element, str] = {}
    for link in references:
        note = notes.get(link.get("href", "").rpartition("#")[2])
        match = _NOTE_LABEL.fullmatch(text_of(link))
        if note is not None and match and note is not link.getparent():
            label = labels.setdefault(note, match[1])
            _put_reference(link, f"[^{label}]", shelf)
    for note, label in labels.items():
        _put_note(note, label, shelf)


def _notes(root: _Element) -> dict[str, _Element]:
    notes = {e.get("id"): e for e in root.iter("li", "p", "div", "aside", "dd") if e.get("id")}
    for link in root.iter("a"):
        parent = link.getparent()
        if link.get("id") and parent is not None and _is_note_class(parent):
            notes[link.get("id")] = parent
    return notes


def _is_note_class(element: _Element) -> bool:
    return element.tag in ("div", "p", "li") and "footnote" in (element.get("class") or "").lower()


def _is_reference(link: _Element) -> bool:
    href = link.get("href") or ""
    if "#" not in href or len(href) > 2000:  # noqa: PLR2004
        return False
    marked = link.get("role") == "doc-noteref" or "footnote" in (link.get("class") or "").lower()
    parent = link.getparent()
    raised = (parent is not None and parent.tag == "sup") or link.find("sup") is not None
    names = link.get("class") or ""
    back = "backref" in names or "footnote-number" in names or link.get("role") == "doc-backlink"
    named = bool(_NOTE_NAME.search(href.rpartition("#")[2]))
    return not back and (marked or (raised and named) or (raised and href.startswith("#")))


def _put_reference(link: _Element, text: str, shelf: Shelf) -> None:
    link.clear(keep_tail=True)
    link.tag = "span"
    link.text = shelf.inline(text, "")


def _put_note(note: _Element, label: str, shelf: Shelf) -> None:
    for link in list(note.iter("a")):
        back = link.get("role") == "doc-backlink" or "back" in (link.get("class") or "")
        named = text_of(link) == label or _BACK.fullmatch(text_of(link))
        if back or ("#" in link.get("href", "") and named):
            drop(link)
    for mark in note.iter("span"):
        if not _NOTE_MARK.isdisjoint((mark.get("class") or "").split()):
            drop(mark)
    remove_dropped(note)
    first = note
    while not (first.text or "").strip() and len(first) and first[0].tag in ("p", "div", "span"):
        first = first[0]
    first.text = shelf.inline(f"[^{label}]: ", "") + (first.text or "").lstrip()
    note.attrib.clear()
    if note.tag in ("li", "dd", "aside"):
        note.tag = "div"
        parent = note.getparent()
        if parent is not None and all(child.tag == "div" for child in parent):
            parent.tag = "div"
