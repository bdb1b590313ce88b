"""A feed that wants to be more than text, and one of the same shape that does not."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from planet_mcp.planet import open_planet
from planet_mcp.settings import load
from tests.support.documents import Post, rss
from tests.support.site import running_site

ENTRIES = 9
# In the text of each entry of either feed.
WORD = "sesame"
# Half as much again as is kept of a text.
HUGE_WORDS = 300_000
LONG_WORD = "W" * 5_000
# Overrides and isolates that are never closed.
BIDI = "\u202e\u2067\u202d"

SCRIPTS = """
<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">
<svg onload="window.hacked = 3"><script>window.hacked = 4</script></svg>
<iframe srcdoc="<script>parent.hacked = 5</script>"></iframe>
<object data="data:text/html,<script>window.hacked = 6</script>"></object>
<p onclick="window.hacked = 7" onmouseover="window.hacked = 8" tabindex=1 autofocus>Text</p>
<math><mtext><table><mglyph><style><img src=x onerror="window.hacked = 9"></style></table></math>
<noscript><p title="</noscript><img src=x onerror=window.hacked=10>"></noscript>
"""
LINKS = """
<p><a href="javascript:window.hacked = 11">one</a> <a href=" java&#10;script:window.hacked=12">two
</a> <a href="data:text/html,<script>window.hacked=13</script>">three</a>
<a href="vbscript:hacked">four</a> [five](javascript:window.hacked=14)
&lt;javascript:window.hacked=15&gt; [six]: javascript:window.hacked=16
<a href="https://strangers.example.org/&quot; onmouseover=&quot;window.hacked=17">seven</a>
![eight](https://strangers.example.org/pixel.png" onerror="window.hacked=18)</p>
<base href="https://strangers.example.org/"><meta http-equiv=refresh content="0;url=/away">
<form action="https://strangers.example.org/"><input name=password><button>Log in</button></form>
"""
STYLES = """
<style>body { display: none } article { width: 10px }</style>
<link rel=stylesheet href="https://strangers.example.org/style.css">
<div style="position: fixed; inset: 0; background: red; z-index: 999">over all</div>
<p class="day feed entry" id="main" style="width: 5000px; margin-left: -500px">Text</p>
<font size=99 color=white>Text</font><center>Text</center><marquee>Text</marquee>
"""
ENDINGS = """
<p>Text</p></details></div></article></section></main></body></html><h1>A heading of mine</h1>
&lt;/details&gt;&lt;/article&gt;&lt;/section&gt;&lt;/main&gt;
<pre><code>```
</code></pre></article></main>
</code></pre><p>~~~</p><p>```</p><p>&lt;/pre&gt;&lt;/div&gt;</p>
<details open><summary>More</summary>
<plaintext><textarea><title><xmp><!-- never closed
"""
MARKS = "</title></h4></article><script>window.hacked = 19</script><b onload=window.hacked=20>"


def hostile() -> list[Post]:
    """Return entries that try what feeds should not be able to do."""
    return _posts(
        ("Scripts", SCRIPTS),
        ("Links", LINKS),
        ("Styles", STYLES),
        ("Endings", ENDINGS),
        (f"Title {MARKS}", "<p>Text.</p>"),
        (LONG_WORD, f"<p>{LONG_WORD}</p><p><code>{LONG_WORD}</code></p><h2>{LONG_WORD}</h2>"),
        (f"Order {BIDI}abc", f"<p>{BIDI}abc</p><ul><li dir=rtl>{BIDI}abc</ul>"),
        ("Wide", f"<table><tr>{'<td>cell</td>' * 200}</table><pre>{'code ' * 500}</pre>"),
        ("Much", f"<p>{'much ' * HUGE_WORDS}</p>"),
        link="javascript:window.hacked = 21",
        author=f"Mallory {MARKS}{BIDI}",
    )


def harmless() -> list[Post]:
    """Return as many entries that are only text, without links too, and the last one as long."""
    plain = [(f"Entry {number}", "<p>Some text.</p>") for number in range(ENTRIES - 1)]
    much = ("Much", f"<p>{'text ' * HUGE_WORDS}</p>")
    return _posts(*plain, much, link="urn:none", author="Ada")


def _posts(*texts: tuple[str, str], link: str, author: str) -> list[Post]:
    assert len(texts) == ENTRIES
    return [
        Post(
            title=title,
            html=f"<p>{WORD}</p>{html}",
            age=timedelta(minutes=90 + number),
            link=f"{link}{number}",
            guid=str(number),
            author=author,
            tags=("tag",),
        )
        for number, (title, html) in enumerate(texts)
    ]


async def make(database: Path, posts: Sequence[Post], title: str) -> None:
    """Write a database with these posts in one feed, between those of two others."""
    feeds = {
        "First blog": [Post("Before", age=timedelta(hours=1))],
        title: posts,
        "Last blog": [Post("After", age=timedelta(hours=3))],
    }
    settings = load(database=database, feeds="none", allow_networks="127.0.0.0/8", host_delay=0)
    with running_site() as site:
        async with open_planet(settings) as planet:
            for number, (name, each) in enumerate(feeds.items()):
                await planet.add_feeds([site.add(f"/{number}", rss(each, title=name))])
