"""What readers see in an article has a form in Markdown, and one form, from feeds as from pages."""

import pytest

from planet_mcp.documents.extract import extract_article
from planet_mcp.text.from_html import convert

URL = "https://example.org/posts/harbour"
PROSE = (
    "Once in a while a zebra comes to the harbour, and then all of the town talk about it for a "
    "week or two, because nobody has ever found out where it sleeps, or what it came here for."
)

# What an author wrote, and what both ways make of it.
STRUCTURES = {
    "caption with emphasis": (
        (
            "<figure><img src='/a.png' alt='A mast'><figcaption>Fig 2: <b>the</b> mast</figcaption>"
            "</figure>"
        ),
        "[image: A mast](https://example.org/a.png)\n\nFig 2: **the** mast",
    ),
    "caption with a link to the source": (
        (
            "<figure><img src='/a.png' alt='A mast'><figcaption><span>Mast</span>"
            "<a href='/m'>more</a></figcaption></figure>"
        ),
        "[image: A mast](https://example.org/a.png)\n\n*Mast [more](https://example.org/m)*",
    ),
    "caption alone": (
        "<figure><a href='/big'><img src='/a.png'></a><figcaption>Low tide</figcaption></figure>",
        "[image](https://example.org/big)\n\n*Low tide*",
    ),
    "caption of a table": (
        (
            "<table><caption>Tides</caption><tr><th>h</th><th>m</th></tr><tr><td>1</td><td>2</td></tr>"
            "</table>"
        ),
        "Tides\n\n| h | m |\n| --- | --- |\n| 1 | 2 |",
    ),
    "paragraphs within emphasis": (
        "<b><p>The <i>first</i></p><p>Second</p></b><p>Third</p>",
        "**The *first***\n\n**Second**\n\nThird",
    ),
    "emphasis that a style takes back": (
        "<b style='font-weight:normal' id='pasted'><p>Pasted</p><p>again</p></b>",
        "Pasted\n\nagain",
    ),
    "a document within a frame": (
        "<iframe srcdoc='&lt;p&gt;Framed &lt;b&gt;words&lt;/b&gt;&lt;/p&gt;'></iframe>",
        "Framed **words**",
    ),
    "a frame with an address of its own": (
        "<iframe src='/f' srcdoc='&lt;p&gt;Instead&lt;/p&gt;'></iframe>",
        "[embedded page](https://example.org/f)",
    ),
    "drawn boxes before tasks": (
        (
            "<ul><li><div class='checkbox checkbox-on'></div> <span>caulk</span></li>"
            "<li><div class='checkbox checkbox-off'></div> <span>paint</span></li></ul>"
        ),
        "- [x] caulk\n- [ ] paint",
    ),
    "list in a cell": (
        (
            "<table><tr><th>Ship</th><th>Cargo</th></tr><tr><td>Ann</td><td><ol><li>tea</li><li>rum"
            "</li></ol></td></tr></table>"
        ),
        "| Ann | 1. tea 2. rum |",
    ),
    "aligned columns": (
        (
            "<table><tr><th align=left>a</th><th>b</th><th class=has-text-align-right>c</th></tr>"
            "<tr><td>1</td><td style='text-align: center'>2</td><td>3</td></tr></table>"
        ),
        "| a | b | c |\n| :-- | :-: | --: |\n| 1 | 2 | 3 |",
    ),
    "columns of which one cell is aligned otherwise": (
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td align=left>1</td><td>2</td></tr>"
            "<tr><td align=right>3</td><td>4</td></tr></table>"
        ),
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |",
    ),
    "footnote of several blocks": (
        (
            "<p>It does<sup><a href='#fn1'>1</a></sup>.</p><section class=footnotes><ol><li id=fn1>"
            "<p>One.</p><p>Two.</p><pre>x\n\ny</pre><ul><li>z <a href='#r'>↩</a></li></ul></li>"
            "</ol></section>"
        ),
        "It does[^1].\n\n[^1]: One.\n\n    Two.\n\n    ```\n    x\n\n    y\n    ```\n\n    - z",
    ),
    "footnote of Asciidoctor": (
        (
            "<p>It<sup class=footnote>[<a class=footnote href='#_footnotedef_1'>1</a>]</sup>.</p>"
            "<div class=footnote id=_footnotedef_1><a href='#_footnoteref_1'>1</a>. Eats.</div>"
        ),
        "It[^1].\n\n[^1]: Eats.",
    ),
    "footnote of a wiki": (
        (
            "<p>It<sup><a href='#cite_note-1'>[1]</a></sup>.</p><ol><li id=cite_note-1><span><b>"
            "<a href='#cite_ref-1'>^</a></b></span> <span>Eats.</span></li></ol>"
        ),
        "It[^1].\n\n[^1]: Eats.",
    ),
    "footnote of Word": (
        (
            "<p>It<a href='#_ftn1' name='_ftnref1'><sup>[1]</sup></a>.</p>"
            "<p><a href='#_ftnref1' name='_ftn1'>[1]</a> Eats, see <a href='#_ftn2'>2</a>.</p>"
        ),
        "It[^1].\n\n[^1]: Eats, see [2](https://example.org/posts/harbour#_ftn2).",
    ),
    "footnote of Word that is not raised": (
        (
            "<p>It<a href='#_ftn1' name='_ftnref1'><i>[1]</i></a>, <a href='#n'>[2]</a>.</p><div>"
            "<p><a href='https://example.org/posts/harbour#_ftnref1' name='_ftn1'>[1]</a> Eats.</p>"
            "</div>"
        ),
        "It[^1], [\\[2\\]](https://example.org/posts/harbour#n).\n\n[^1]: Eats.",
    ),
    "footnote of Google Docs": (
        (
            "<p>It<sup><a href='#ftnt1' id='ftnt_ref1'>[1]</a></sup>.</p>"
            "<div><p><a href='#ftnt_ref1' id='ftnt1'>[1]</a><span>&nbsp;Eats.</span></p></div>"
        ),
        "It[^1].\n\n[^1]: Eats.",
    ),
    "footnote that docutils drew as a table": (
        (
            "<p>It <a class=footnote-reference href='#id2' id=id1>[1]</a>.</p>"
            "<table class='docutils footnote' id=id2><col class=label><col><tbody><tr>"
            "<td class=label><a class=fn-backref href='#id1'>[1]</a></td><td>Eats.</td></tr>"
            "</tbody></table>"
        ),
        "It [^1].\n\n[^1]: Eats.",
    ),
    "heading within the title of a fold": (
        "<details><summary><h3>Does it <i>eat</i>?</h3></summary><p>Kelp.</p></details>",
        "### Does it *eat*?\n\nKelp.",
    ),
    "anchor with a mark that nobody sees": (
        "<h3>Stripes<a href='#s' class=link>\u200b</a></h3><p>Black.</p>",
        "### Stripes\n\nBlack.",
    ),
    "links within code": (
        "<p>See <code><a href='/a'>List</a>[<a href='/b'>int</a>]</code> here.</p>",
        "See [`List`](https://example.org/a)`[`[`int`](https://example.org/b)`]` here.",
    ),
    "link around all of a code": (
        "<p>See <code><a href='/a'><b>List</b>[int]</a></code> here.</p>",
        "See [`List[int]`](https://example.org/a) here.",
    ),
    "mark of its own place within code": (
        "<p>See <code>List<a href='#list' title='here'>\u00b6</a></code> here.</p>",
        "See `List` here.",
    ),
    "list between the items of a list": (
        "<ul><li>Ink</li><ol><li>black</li><li>blue</li></ol><li>Milk</li></ul>",
        "- Ink\n  1. black\n  2. blue\n- Milk",
    ),
    "list before the items of a list": (
        "<ul><ul><li>Ink</li></ul><li>Milk</li></ul>",
        "- Ink\n- Milk",
    ),
    "lines within a piece of code": (
        "<p>See <code>a<br>b</code>, <tt>c<br>\nd</tt> and <code>e<wbr>f</code> here.</p>",
        "See `a b`, `c d` and `ef` here.",
    ),
    "list in typewriter letters": (
        "<ul style='font-family:monospace'><li>Ink<br>&nbsp; black</li><li>Milk</li></ul>",
        "- Ink  \n  black\n- Milk",
    ),
    "names of tabs": (
        "<div><label for=a>Black</label><label for=b>White</label></div><p>Stripes.</p>",
        "Black White\n\nStripes.",
    ),
    "tabs": (
        (
            "<div><div role=tablist><button role=tab aria-controls=t1>Black</button>"
            "<button role=tab aria-controls=t2>White</button></div><div role=tabpanel id=t1>"
            "<p>Ink.</p></div><div role=tabpanel id=t2><p>Milk.</p></div></div>"
        ),
        "**Black**\n\nInk.\n\n**White**\n\nMilk.",
    ),
    "tabs in the order of their panels": (
        (
            "<div><ul role=tablist><li role=tab>Black</li><li role=tab>Python</li></ul><div>"
            "<div role=tabpanel><p>Ink.</p></div><div role=tabpanel><pre>x = 1</pre></div></div>"
            "</div>"
        ),
        "**Black**\n\nInk.\n\n```python\nx = 1\n```",
    ),
    "tabs without panels": (
        "<ul><li role=tab>Black</li><li role=tab>White</li></ul><p>Ink.</p>",
        "- Black\n- White\n\nInk.",
    ),
    "fold that a button opens": (
        "<button aria-controls=f1>Does it eat?</button><div id=f1><p>Kelp.</p></div>",
        "**Does it eat?**\n\nKelp.",
    ),
    "formula that Sphinx drew": (
        "<div class=math><p><img src='/m.png' alt='\\frac{a}{b}'></p></div>",
        "$$\\frac{a}{b}$$",
    ),
    "admonition with an icon": (
        (
            "<div class=admonitionblock><table><tr><td class=icon><div class=title>Note</div></td>"
            "<td class=content>Mind the gap.</td></tr></table></div>"
        ),
        "**Note**\n\nMind the gap.",
    ),
    "admonition with a drawn icon": (
        (
            "<div class=theme-admonition><div class=admonitionHeading_x1><i><svg></svg></i>tip"
            "</div><div><p>Mind the gap.</p></div></div>"
        ),
        "**tip**\n\nMind the gap.",
    ),
    "embedded post": (
        """<div class=post-embed data-attrs='{"title":"Old","canonical_url":"/p/o"}'></div>""",
        "[embedded page: Old](https://example.org/p/o)",
    ),
    "embedded pictures": (
        (
            """<div class=image-gallery-embed data-attrs='{"gallery":{"images":[{"src":"/1.png"},"""
            """{"src":"/2.png"}],"caption":"Two"}}'></div>"""
        ),
        "[image](https://example.org/1.png)[image](https://example.org/2.png)\n\nTwo",
    ),
    "embedded video": (
        """<div class=youtube-wrap data-attrs='{"videoId":"Ab-9"}'></div>""",
        "[video](https://www.youtube.com/watch?v=Ab-9)",
    ),
    "player of a component": (
        "<lite-youtube videoid=Ab-9 playlabel='High tide'></lite-youtube>",
        "[video: High tide](https://www.youtube.com/watch?v=Ab-9)",
    ),
    "picture of a component": (
        "<amp-img src='/a.png' alt=Mast width=9 height=9></amp-img>",
        "[image: Mast](https://example.org/a.png)",
    ),
    "lines that a style keeps": (
        "<div style='white-space: pre-wrap'>Roses\n are <b>red\nnow</b>\n</div>",
        "Roses  \nare **red  \nnow**",
    ),
    "notes that count from one again": (
        (
            "<p>It<sup><a href='#fna1'>1</a></sup>.</p><ol><li id=fna1>Eats. <a href='#a'>1</a>"
            "</li></ol><p>Or<sup><a href='#fnb1'>1</a></sup>.</p><ol><li id=fnb1>Sleeps.</li></ol>"
        ),
        "It[^1].\n\n[^1]: Eats.\n\nOr[^1-2].\n\n[^1-2]: Sleeps.",
    ),
    "paragraphs made of breaks": (
        "<div>One.<br>\n<br>Two.<br>Three.<br><br><br></div>",
        "One.\n\nTwo.  \nThree.",
    ),
    "signature": (
        (
            "<dl class='py function'><dt class='sig sig-object' id=f><em><b class=pre>async</b>"
            " </em><b class=descname>f</b><b class=sig-paren>(</b><em>*</em><em>n</em>, "
            "<a href='#int'>int</a><span class=sig-paren>)</span><a href='/src#f'><span "
            "class=viewcode-link>[source]</span></a><a class=headerlink href='#f'>¶</a></dt>"
            "<dd><p>Swims.</p></dd></dl>"
        ),
        "**`async f(*n, int)` [\\[source\\]](https://example.org/src#f)**\n\n- Swims.",
    ),
    "signature of several lines": (
        (
            "<dl><dt class='sig sig-object'><b class=descname>f</b><b class=sig-paren>(</b>"
            "<dl><dd><em>x</em>,</dd><dd><em>y</em>,</dd></dl><b class=sig-paren>)</b></dt>"
            "<dd>Swims.</dd></dl>"
        ),
        "**`f( x, y, )`**\n\n- Swims.",
    ),
    "listing in a table of one column": (
        "<table><tr><th>Log</th></tr><tr><td>Of May:<pre>a\nb</pre></td></tr></table>",
        "Log\n\nOf May:\n\n```\na\nb\n```",
    ),
    "link to a file": (
        "<div class=file><a href='/tides.pdf'>All tides</a></div>",
        "[All tides](https://example.org/tides.pdf)",
    ),
    "card": (
        (
            "<a href='/tides'><div><div class=t>Tide tables</div><div>All of them.</div></div>"
            "<div><img src='/t.png' alt='Sea'></div></a>"
        ),
        (
            "[Tide tables](https://example.org/tides)\n\nAll of them.\n\n"
            "[image: Sea](https://example.org/t.png)"
        ),
    ),
    "card with a heading": (
        "<a href='/t'><p>New</p><h3>Tides</h3></a>",
        "New\n\n### [Tides](https://example.org/t)",
    ),
    "link with words around a block": (
        "<p>See <a href='/t'>the <b>tides</b> of</a> May.</p>",
        "See [the **tides** of](https://example.org/t) May.",
    ),
    "picture within a link": (
        "<p><a href='/t'><img src='/a.png'>More</a></p>",
        "[image More](https://example.org/t)",
    ),
    "controls of a player": (
        (
            "<div><audio src='/fog.ogg'></audio><div>Fog 12</div><div class=player><span "
            "class=current-time>0:00</span><div class=time>/<b>12</b></div></div></div>"
        ),
        "[audio](https://example.org/fog.ogg)\n\nFog 12",
    ),
    "facts of an enlarged picture": (
        (
            "<a class=lightbox href='/o.png' title=ice><img src='/s.png' alt=ice><div class=meta>"
            "<span>ice</span><span>1920x1080 301 KB</span></div></a>"
        ),
        "[image: ice](https://example.org/o.png)",
    ),
    "frame without an address": (
        "<figure><iframe src='' width=0 height=0><a href='/m/1'>x</a></iframe></figure>",
        "[embedded page](https://example.org/m/1)",
    ),
    "frame that grows": (
        "<iframe src='/f' width='100%' height=0></iframe>",
        "[embedded page](https://example.org/f)",
    ),
    "picture of a line's height": (
        "<p><img src='/a.png' width=2000 height=1 alt=Buoy><img src='/b.gif' width=9 height=1></p>",
        "[image: Buoy](https://example.org/a.png)",
    ),
    "video": (
        "<video controls poster='/p.jpg' title='High tide'><source src='/v.webm'>No video?</video>",
        "[video: High tide](https://example.org/v.webm)",
    ),
    "audio": (
        "<p>Hear: <audio src='/fog.ogg'></audio></p>",
        "[audio](https://example.org/fog.ogg)",
    ),
    "player": (
        "<iframe src='https://player.vimeo.com/video/9'></iframe>",
        "[video](https://player.vimeo.com/video/9)",
    ),
    "gist": (
        "<script src='https://gist.github.com/ann/99ff.js?file=a.py'></script>",
        "[gist](https://gist.github.com/ann/99ff)",
    ),
    "recording": (
        "<script async id='asciicast-7' src='https://asciinema.org/a/7.js'></script>",
        "[recording](https://asciinema.org/a/7)",
    ),
    "plug-in": (
        "<object data='/chart.pdf' type='application/pdf'></object>",
        "[embedded document](https://example.org/chart.pdf)",
    ),
    "tasks": (
        (
            "<ul><li><label><input type=checkbox checked> Paint</label></li>"
            "<li><p><input type=checkbox> Sail</p></li></ul>"
        ),
        "- [x] Paint\n- [ ] Sail",
    ),
    "admonition": (
        "<div class='admonition tip'><p class='admonition-title'>Tip</p><p>Mind the gap.</p></div>",
        "**Tip**\n\nMind the gap.",
    ),
    "aside": ("<aside><p>Seen from the pier at noon.</p></aside>", "Seen from the pier at noon."),
    "ruby": (
        "<p><ruby>港<rp>(</rp><rt>みなと</rt><rp>)</rp>町<rt>まち</rt></ruby>です。</p>",
        "港(みなと)町(まち)です。",
    ),
    "rule": ("<p>Before it.</p><hr><p>Behind it.</p>", "Before it.\n\n---\n\nBehind it."),
    "nested quotes": (
        (
            "<blockquote cite='https://books.example/1'><p>Out.</p><blockquote><p>In.</p></blockquote>"
            "</blockquote>"
        ),
        "> Out.\n>\n> > In.\n>\n> [source](https://books.example/1)",
    ),
    "list that begins later": ("<ol start=7><li>g</li><li>h</li></ol>", "7. g\n8. h"),
    "list that counts down": (
        "<ol reversed start=9><li><p>i</p></li><li>h</li></ol>",
        "9. i\n\n8) h",
    ),
    "list with a gap": (
        "<ol><li>a</li><li value=4>d</li><li><p>e</p></li></ol>",
        "1. a\n\n4) d\n\n5) e",
    ),
    "list by letters": (
        "<ol type=a start=26><li>z</li><li>aa<ol type=I><li>b</li></ol></li></ol>",
        "- z. z\n- aa. aa\n  - I. b",
    ),
    "list by a style": (
        "<ol style='list-style-type: lower-roman' start=3><li>c</li><li>d</li></ol>",
        "- iii. c\n- iv. d",
    ),
    "list below zero": ("<ol start=-1><li>a</li><li>b</li></ol>", "- -1. a\n- 0\\. b"),
    "list as usual": ("<ol type=1><li>a</li><li value=2>b</li></ol>", "1. a\n2. b"),
    "quotation in a sentence": ("<p>They <q>swim</q> well.</p>", 'They "swim" well.'),
    "emoji": (
        "<p>Fine <img class='twemoji' alt='⚓' src='/e.png'> day.</p>",
        "Fine ⚓ day.",
    ),
    "picture in a sentence": (
        "<p>Fly <img src='/f.png' alt='flag'> high.</p>",
        "Fly [image: flag](https://example.org/f.png) high.",
    ),
    "keys": ("<p>Hit <kbd><kbd>Alt</kbd>+<kbd>F4</kbd></kbd> now.</p>", "Hit `Alt+F4` now."),
    "exponents": (
        "<p>So 2<sup>n-1</sup>, x<sup>\u22122k</sup>, <i>e</i><sup>-x/2</sup>, 10<sup>6</sup>.</p>",
        "So 2^(n-1), x^(\u22122k), *e*^(-x/2), 10^6.",
    ),
    "no exponents": (
        "<p>The 1<sup>st</sup> of Zebra<sup>TM</sup>, H<sub>2</sub>O.</p>",
        "The 1st of ZebraTM, H2O.",
    ),
    "base of a number": ("<p>It is 101<sub>2</sub>.</p>", "It is 101_2."),
    "definitions": (
        "<dl><dt>Bow</dt><dd>Front.</dd><dd>Knot.</dd><dt>Stern</dt><dd><p>Rear.</p></dd></dl>",
        "**Bow**\n\n- Front.\n- Knot.\n\n**Stern**\n\n- Rear.",
    ),
    "details": (
        "<details><summary>Log of the day</summary><p>Nothing much.</p></details>",
        "**Log of the day**\n\nNothing much.",
    ),
    "heading in a button": (
        "<h3><button aria-expanded=true>Can it swim?</button></h3><p>It can.</p>",
        "### Can it swim?\n\nIt can.",
    ),
    "bare list": (
        "<ul><li>It has stripes.</li><li>It eats.</li></ul>",
        "- It has stripes.\n- It eats.",
    ),
    "title of a picture": (
        "<p><img src='/c.png' alt='Panel' title='The joke is here.'></p>",
        "[image: Panel \u2013 The joke is here.](https://example.org/c.png)",
    ),
    "title that says the same": (
        "<p><img src='/c.png' alt='A zebra.' title='a zebra'></p>",
        "[image: A zebra.](https://example.org/c.png)",
    ),
    "notes beside the text": (
        (
            "<p>Tides<label for=s1 class='margin-toggle sidenote-number'></label><input "
            "type=checkbox id=s1><span class=sidenote>The moon pulls.</span> rule<sup "
            "class=modern-footnotes-footnote><a href='javascript:void(0)'>1</a></sup><span "
            "class=modern-footnotes-footnote__note>Mostly.</span> here.</p>"
        ),
        "Tides (The moon pulls.) rule (Mostly.) here.",
    ),
    "a note of LaTeXML": (
        (
            "<p>It is.<span class='ltx_note ltx_role_footnote'><sup class=ltx_note_mark>1</sup>"
            "<span class=ltx_note_outer><span class=ltx_note_content><sup class=ltx_note_mark>1"
            "</sup><span class='ltx_tag ltx_tag_note'>1</span>Not quite.</span></span></span></p>"
        ),
        "It is. (Not quite.)",
    ),
    "a name that is set beside the text": (
        "<p>The <span class=sidenotes>margin</span> is wide.</p>",
        "The margin is wide.",
    ),
    "a numbered formula": (
        (
            "<table class='ltx_equation ltx_eqn_table'><tr><td></td><td><math alttext='E=mc^{2}' "
            "display=block></math></td><td><span>(1)</span></td></tr></table>"
        ),
        "$$E=mc^{2}$$\n\n(1)",
    ),
    "an admonition beside its sign": (
        (
            "<div class=note><table><tr><td rowspan=2><img alt='[Note]' src='/n.png'></td>"
            "<th>Note</th></tr><tr><td><p>Mind the mast.</p></td></tr></table></div>"
        ),
        "[image: \\[Note\\]](https://example.org/n.png)\n\nNote\n\nMind the mast.",
    ),
    "a cell beside two rows": (
        (
            "<table><tr><th>Ship</th><th>h</th></tr><tr><td rowspan=2>Ann</td><td>1</td></tr>"
            "<tr><td>2</td></tr></table>"
        ),
        "| Ship | h |\n| --- | --- |\n| Ann | 1 |\n|  | 2 |",
    ),
    "footnotes of Org": (
        (
            "<p>So it is.<sup><a id='fnr.1' class=footref href='#fn.1' role=doc-backlink>1</a>"
            "</sup></p><div class=footdef><sup><a id='fn.1' class=footnum href='#fnr.1' "
            "role=doc-backlink>1</a></sup> <div class=footpara><p class=footpara>In the log.</p>"
            "</div></div>"
        ),
        "So it is.[^1]\n\n[^1]: In the log.",
    ),
    "a formula before its source": (
        (
            "<p>So <span class=MathJax_Preview></span><span class=MathJax><nobr aria-hidden=true>"
            "y=3</nobr><math><mi>y</mi><mo>=</mo><mn>3</mn></math></span>"
            "<script type='math/tex'>y=3</script> it is.</p>"
        ),
        "So $y=3$ it is.",
    ),
    "a formula that is only drawn": (
        (
            "<p>So <span class=katex><span class=katex-html aria-hidden=true><span>a</span><span>="
            "</span><span>5</span></span></span> it is.</p>"
        ),
        "So a=5 it is.",
    ),
    "a card": (
        (
            "<figure><a href='https://b.example/t' class='bookmark source'><div><div class="
            "bookmark-title>Tides</div><div>All of them.</div></div></a></figure>"
        ),
        "[Tides](https://b.example/t)\n\nAll of them.",
    ),
    "a post of another site": (
        (
            "<blockquote class=instagram-media><a href='https://i.example/p/1'>View this post</a>"
            "<p><a href='https://i.example/p/1'>A post shared by Ola</a></p></blockquote>"
        ),
        (
            "> [View this post](https://i.example/p/1)\n>\n"
            "> [A post shared by Ola](https://i.example/p/1)"
        ),
    ),
    "a player that a script makes": (
        (
            "<div class=player data-id=z></div><noscript><iframe src='https://www.youtube.com/embed/z'>"
            "</iframe></noscript>"
        ),
        "[video](https://www.youtube.com/embed/z)",
    ),
    "a player beside the one for browsers without scripts": (
        (
            "<div><iframe data-src='https://www.youtube.com/embed/z'></iframe><noscript><iframe "
            "src='https://www.youtube.com/embed/z'></iframe></noscript></div>"
        ),
        "[video](https://www.youtube.com/embed/z)",
    ),
    "pictures that a script loads": (
        (
            "<p><img alt=Pier nitro-lazy-src='/p.jpg' src='data:image/svg+xml;base64,PHN2'></p>"
            "<p><img style='opacity:0' data-src='/q.jpg' alt=Quay></p>"
        ),
        ("[image: Pier](https://example.org/p.jpg)\n\n[image: Quay](https://example.org/q.jpg)"),
    ),
    "parts of Elementor": (
        (
            "<div class='elementor-element elementor-widget elementor-widget-heading'><h2>Tar</h2>"
            "</div><div class='elementor-widget elementor-widget-text-editor'><p>It is hot.</p>"
            "</div>"
            "<div class='elementor-toggle-item'><div class=elementor-tab-title role=button "
            "aria-controls=e1><a>Why?</a></div><div id=e1><p>It has to be.</p></div></div>"
        ),
        "## Tar\n\nIt is hot.\n\nWhy?\n\nIt has to be.",
    ),
    "a slide's part": (
        "<div class=fragment><div class=lead>One of two.</div></div>",
        "One of two.",
    ),
    "a footnote of WriteFreely": (
        (
            "<p>It is<sup class=footnote-ref id='fnref:1'><a href='#fn:1'>1</a></sup>.</p>"
            "<div class=footnotes><ol><li id='fn:1'>Or so. <a class=footnote-return "
            "href='#fnref:1'><sup>[return]</sup></a></li></ol></div>"
        ),
        "It is[^1].\n\n[^1]: Or so.",
    ),
    "what a post replies to": (
        (
            "<div class='u-in-reply-to h-cite'><a class=u-url href='https://o.example/1'>"
            "In reply to Ola</a></div><p>I agree.</p>"
        ),
        "[In reply to Ola](https://o.example/1)\n\nI agree.",
    ),
    "the way to edit a section": (
        ("<h2>See<span class=mw-editsection>[<a href='/e'>edit</a>]</span></h2><p>More.</p>"),
        "## See\n\nMore.",
    ),
    "abbreviation": (
        "<p>By <abbr title='Automatic Identification System'>AIS</abbr> at night.</p>",
        "By AIS (Automatic Identification System) at night.",
    ),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_feed_keeps_what_a_reader_sees(name: str) -> None:
    html, expected = STRUCTURES[name]
    markdown = convert(f"<p>{PROSE}</p>{html}<p>{PROSE}</p>", base_url=URL).markdown
    assert markdown == f"{PROSE}\n\n{_with_words(name, expected)}\n\n{PROSE}"


@pytest.mark.parametrize("around", ["<article>{}</article>", "{}"], ids=["article", "body"])
@pytest.mark.parametrize("name", STRUCTURES)
def test_a_page_keeps_what_a_reader_sees(name: str, around: str) -> None:
    html, expected = STRUCTURES[name]
    body = f"<h1>Harbour</h1><p>{PROSE}</p><p>{PROSE[80:]}</p>{html}<p>{PROSE[20:]}</p>"
    page = f"<html><body><nav><a href='/'>Home</a></nav>{around.format(body)}</body></html>"
    markdown = extract_article(page.encode(), url=URL).content.markdown
    assert f"\n\n{_with_words(name, expected)}\n\n" in markdown
    assert "Home" not in markdown


@pytest.mark.parametrize(
    "html",
    [
        "<button aria-controls=f1>Does it eat?</button><div id=f1 style='display:none'>BODY</div>",
        "<h3><button aria-controls=f1>Does it eat?</button></h3><div id=f1 hidden>BODY</div>",
        (
            "<ul><li role=tab>Does it eat?</li><li role=tab>No</li></ul>"
            "<div role=tabpanel hidden>BODY</div><div role=tabpanel><p>No.</p></div>"
        ),
    ],
)
def test_a_page_is_read_where_a_reader_opens_it_and_a_feed_where_it_is_open(html: str) -> None:
    article = f"<p>{PROSE}</p>{html.replace('BODY', f'<p>{PROSE[40:]}</p>')}<p>{PROSE[20:]}</p>"
    page = f"<html><body><article><h1>Harbour</h1>{article}</article></body></html>"
    markdown = extract_article(page.encode(), url=URL).content.markdown
    assert markdown.index("Does it eat?") < markdown.index(f"\n\n{PROSE[40:].strip()}\n\n")
    assert PROSE[40:].strip() not in convert(article).markdown.split("\n\n")


def test_a_tab_that_leads_to_a_heading_names_no_panel() -> None:
    html = "<ul><li><a data-toggle=tab href='#s'>Stripes</a></li></ul><h3 id=s>Stripes</h3>"
    assert convert(html, base_url=URL).markdown == f"- [Stripes]({URL}#s)\n\n### Stripes"


def test_an_admonition_at_the_end_of_a_page_keeps_its_links() -> None:
    note = "<div class='admonition seealso'><p class=admonition-title>See also</p><p>{}</p></div>"
    body = f"<p>{PROSE}</p><p>{PROSE[40:]}</p>{note.format('<a href=/k>Kelp</a>')}"
    page = f"<html><body><article><h1>Harbour</h1>{body}</article></body></html>"
    markdown = extract_article(page.encode(), url=URL).content.markdown
    assert markdown.endswith("**See also**\n\n[Kelp](https://example.org/k)")


def test_the_mark_of_a_heading_is_no_part_of_the_title() -> None:
    body = f"<h1>Harbour<a href='#h'>\u00b6</a></h1><p>{PROSE}</p><p>{PROSE[40:]}</p>"
    page = f"<html><body><article>{body}</article></body></html>"
    assert extract_article(page.encode(), url=URL).title == "Harbour"


def _with_words(name: str, expected: str) -> str:
    before = {"audio": "Hear: ", "list in a cell": "| Ship | Cargo |\n| --- | --- |\n"}
    return before.get(name, "") + expected


@pytest.mark.parametrize(
    "lead", ["<p class=standfirst>", "<div class='post-correction correction'>"]
)
def test_a_lead_or_correction_beside_the_body_of_a_page_is_kept(lead: str) -> None:
    end = lead.partition(" ")[0].replace("<", "</") + ">"
    body = f"<h1>Harbour</h1>{lead}The zebra came on Monday, not on Sunday.{end}<div>{PROSE}</div>"
    paragraphs = f"<div class=body><p>{PROSE}</p><p>{PROSE[40:]}</p></div>"
    page = f"<html><body><article>{body}{paragraphs}</article></body></html>"
    content = extract_article(page.encode(), url=URL).content
    assert content.markdown.count("on Monday, not on Sunday") == 1


@pytest.mark.parametrize(
    "page",
    [
        "<main><div class=head><h1>Harbour</h1><p class=subtitle>NOTE</p></div>TEXT</main>",
        "<main><div><div><p class=editors-note>NOTE</p><a href='/'>Home</a></div></div>TEXT</main>",
        "<main>TEXT<footer><p>All rights</p><p class=correction>NOTE</p></footer></main>",
    ],
)
def test_a_lead_or_correction_in_what_else_is_left_out_is_kept_alone(page: str) -> None:
    text = f"<article><p>{PROSE}</p><p>{PROSE[40:]}</p></article>"
    html = page.replace("NOTE", "The zebra came on Monday.").replace("TEXT", text)
    markdown = extract_article(f"<body>{html}</body>".encode(), url=URL).content.markdown
    assert "The zebra came on Monday." in markdown
    assert "rights" not in markdown
    assert "Home" not in markdown


@pytest.mark.parametrize(
    "other",
    [
        "<div class='related-posts'><h3>Related</h3><p><a href='/1'>One more</a></p></div>",
        "<div class='share-buttons'><a href='/s'>Share</a> <a href='/t'>this</a></div>",
        "<form class=subscribe><p>Get the harbour news</p><input type=email></form>",
        "<figure class='author avatar'><img src='/me.jpg' alt='Me'></figure>",
        "<div class='elementor-widget elementor-widget-share-buttons'><p>Share it</p></div>",
        "<div class=teaser><h4><a href='/1'>One more</a></h4><p><a href='/1'>Read it</a></p></div>",
    ],
)
def test_what_stands_between_paragraphs_of_a_page_and_is_no_part_of_them_goes(other: str) -> None:
    body = f"<p>{PROSE}</p><p>{PROSE[80:]}</p>{other}<p>{PROSE[20:]}</p>"
    page = f"<html><body><article>{body}</article></body></html>"
    markdown = extract_article(page.encode(), url=URL).content.markdown
    assert markdown == f"{PROSE}\n\n{PROSE[80:].strip()}\n\n{PROSE[20:].strip()}"


def test_a_player_that_ends_an_article_is_kept() -> None:
    player = (
        "<div class=embed data-attrs='{&quot;url&quot;: &quot;https://k.example/p&quot;}'></div>"
    )
    body = f"<p>{PROSE}</p><p>{PROSE[40:]}</p>{player}"
    page = f"<html><body><article><h1>Harbour</h1><div>{body}</div></article></body></html>"
    markdown = extract_article(page.encode(), url=URL).content.markdown
    assert markdown.endswith("\n\n[embedded page](https://k.example/p)")


@pytest.mark.parametrize(
    ("menu", "expected"),
    [
        ("", "The zebra sleeps in a [shed](https://example.org/s) by night.\n\n`feed(1)`"),
        (
            "<nav><a href=/m>Tides of Monday</a></nav>",
            "The zebra sleeps in a [shed](https://example.org/s) by night.\n\n`feed(1)`",
        ),
        # What the search leaves out of a page, and no element does, may be much of it.
        (f"<aside>{PROSE}</aside>", "The zebra sleeps in a shed"),
    ],
)
def test_a_page_of_a_few_words_keeps_its_links_and_code(menu: str, expected: str) -> None:
    text = "<p>The zebra sleeps in a <a href='/s'>shed</a> by night.</p><p><code>feed(1)</code></p>"
    page = f"<html><body>{menu}<h1>Harbour</h1><div class=post>{text}</div></body></html>"
    assert expected in extract_article(page.encode(), url=URL).content.markdown
