"""A step of the conversion that fails costs the detail that it fails on, and is counted."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from lxml.etree import _Element

from planet_mcp.documents.extract.article import page_article, parse_page
from planet_mcp.documents.extract.selection import Selection
from planet_mcp.text.from_html import STEPS, Step, Steps, convert_counting

URL = "https://example.org/posts/ice"
PROSE = (
    "The keeper of the lighthouse wrote down the weather every morning for forty years, and "
    "nobody read his notebooks until a student found them in a shed last spring."
)
# One of each detail; each has a word of its own.
DETAILS = """
<h2><button>Amber</button></h2>
<p>So <math><mi>x</mi></math> and \\(a_1\\) it <code>basalt</code> is
<sup><a href="#fn1">1</a></sup>.</p>
<pre><code>cobalt = 1
  deep()</code></pre>
<figure><img src="/i.png" alt="Diorite"><figcaption>Ebony <b>now</b></figcaption></figure>
<p><abbr title="Frosty Old Gravel">FOG</abbr> or <ruby>石<rt>いし</rt></ruby>, 2<sup>n-1</sup>.</p>
<ol start="4"><li>granite</li></ol><ul><li><label><input type="checkbox"> halite</label></li></ul>
<table><tr><th>iron</th></tr><tr><td colspan="1"><ul><li>jade</li></ul></td></tr></table>
<blockquote cite="https://example.org/q"><p>kaolin</p></blockquote>
<div class="admonition"><p class="admonition-title">limestone</p></div>
<dl><dt>marble</dt><dd>nickel</dd></dl><dd>obsidian</dd>
<p><a href="/o">onyx</a> <b>pyrite.</b> done</p><iframe src="https://video.example/1"></iframe>
<script src="https://gist.github.com/ann/99ff.js"></script><embed src="/x.pdf">
<noscript><img src="/n.png" alt="quartz"></noscript><form><input name="q"><button>Go</button></form>
<div class="embed" data-attrs='{"url": "/e"}'></div>
<div class="latex-rendered" data-attrs='{"persistentExpression": "y^2"}'></div>
<audio src="/fog.mp3"></audio>
<iframe srcdoc="<p>wolfram</p>"></iframe>
<b style="font-weight:normal"><p>yttrium</p></b>
<ul><li><div class="checkbox checkbox-on"></div>zinc</li></ul>
<amp-img src="/u.png" alt="umber"></amp-img>
<div style="white-space: pre-wrap">velvet
wool</div><p class="yarpp">talc</p>
<div role="tablist"><button role="tab" aria-controls="t1">Go</button></div>
<div role="tabpanel" id="t1">uranium</div>
<p><font face="Courier">umber<br>&nbsp; tan</font></p>
<details><summary><h4>umbra</h4></summary>verdigris</details>
<p>tide<span class="sidenote">tin</span></p>
<p style="display:none">Unseen words.</p><div><textarea readonly>ruby
two</textarea></div>
<section class="footnotes"><ol><li id="fn1"><p>slate</p></li></ol></section>
"""
NESTED = "<ul><li>" * 14 + "talc", "topaz", "velvet" + "</li></ul>" * 14
WORDS = (
    *("Amber", "basalt", "cobalt = 1\n  deep()", "Ebony", "FOG", "石", "granite", "halite", "iron"),
    *(
        "jade",
        "kaolin",
        "limestone",
        "marble",
        "nickel",
        "obsidian",
        "onyx",
        "pyrite",
        "slate",
        "topaz",
    ),
    *("umbra", "uranium", "verdigris"),
)
NAMES = [(group, step.name) for group in STEPS._fields[:3] for step in getattr(STEPS, group)]


def failing(group: str, name: str) -> Steps:
    """Return the steps, one of which fails at each of its details."""

    def fail(*_: object) -> None:
        raise ValueError("a detail that nobody has thought of")

    def broken(steps: Sequence[Step], of: str) -> list[Step]:
        here = of == group
        return [replace(s, adapt=fail) if here and s.name == name else s for s in steps]

    clearing = broken(STEPS.clearing, "clearing")
    stashing = broken(STEPS.stashing, "stashing")
    return Steps(clearing, stashing, broken(STEPS.adapting, "adapting"))


@pytest.mark.parametrize(("group", "name"), NAMES)
def test_a_fault_in_a_step_costs_one_detail_of_an_entry(group: str, name: str) -> None:
    html = f"<p>{PROSE}</p>{DETAILS}{NESTED}<p>{PROSE}</p>"
    content, _ = convert_counting(html, base_url=URL, steps=failing(group, name))
    assert content.flaws
    assert content.markdown.count(PROSE) == 2
    check(content.markdown)


@pytest.mark.parametrize(("group", "name"), NAMES)
def test_a_fault_in_a_step_costs_one_detail_of_a_page(group: str, name: str) -> None:
    body = f"<h1>Ice</h1><p>{PROSE}</p><p>{PROSE[40:]}</p>{DETAILS}{NESTED}<p>{PROSE[80:]}</p>"
    page = f"<html><body><article>{body}</article></body></html>"
    content = page_article(parse_page(page), URL, steps=failing(group, name)).content
    assert content.flaws
    check(content.markdown)


def check(markdown: str) -> None:
    """See that all words are there, and nothing else that the document would load or hide."""
    lost = [word for word in WORDS if word not in markdown]
    assert not lost
    assert "Unseen" not in markdown
    assert not re.search(r"!\[|<[a-z]", markdown)


def test_a_fault_in_the_writer_of_markdown_leaves_the_words() -> None:
    def fail(_: str) -> str:
        raise ValueError("a text that nobody has thought of")

    html = f"<p>{PROSE}</p><p>A * star and <code>a`b</code></p>"
    content, _ = convert_counting(html, steps=STEPS._replace(write=fail))
    assert content.markdown == f"{PROSE}\n\nA \\* star and ``a`b``"
    assert content.flaws == 1


class _Unnumbered(Selection):
    """Fails before anything is chosen."""

    def __init__(self, page: _Element) -> None:
        raise ValueError(page.tag)


class _Uncut(Selection):
    """Fails when a part of the page was taken away."""

    def cut(self, found: _Element | None, *, fewest: int) -> _Element | None:
        article = super().cut(found, fewest=fewest)
        raise ValueError(article)


@pytest.mark.parametrize("select", [_Unnumbered, _Uncut])
def test_a_fault_in_the_choice_of_an_article_leaves_what_was_found(select: type[Selection]) -> None:
    body = f"<h1>Ice</h1><p>{PROSE}</p><p>{PROSE[40:]}</p><pre>cobalt()</pre><p>{PROSE[80:]}</p>"
    page = f"<html><body><nav><a href='/'>Home</a></nav><article>{body}</article></body></html>"
    content = page_article(parse_page(page), URL, select=select).content
    assert content.flaws == 1
    assert [PROSE in content.markdown, "cobalt()" in content.markdown] == [True, True]
    assert "Home" not in content.markdown
    assert not any("\ue000" <= sign <= "\uf8ff" for sign in content.markdown)


def everything(group: str) -> list[Step]:
    """Return the steps of a group so that each asks every document."""
    return [replace(step, having=frozenset()) for step in getattr(STEPS, group)]


@pytest.mark.parametrize("html", [*DETAILS.strip().split("\n"), f"{DETAILS}{NESTED}"])
def test_a_step_is_passed_over_only_where_it_has_nothing_to_do(html: str) -> None:
    all_steps = Steps(everything("clearing"), everything("stashing"), everything("adapting"))
    assert convert_counting(html, base_url=URL) == convert_counting(
        html, base_url=URL, steps=all_steps
    )


def test_nothing_is_counted_where_nothing_fails() -> None:
    assert convert_counting(f"{DETAILS}{NESTED}", base_url=URL)[0].flaws == 0
