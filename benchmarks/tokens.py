"""What ten tasks cost an agent: calls of tools, and characters of text and of structure.

`python -m benchmarks.tokens --feeds FOLDER [--python OTHER]` follows the feed documents of a folder
in ten groups, each first without its newest entry and then with it, and does the tasks with the
tools alone, as far as they go. OTHER is the Python of another version to measure.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from benchmarks.host import Host, hosting
from tests.support.site import Site, running_site

GROUPS = 10
_TYPES = {".json": "application/feed+json", ".atom": "application/atom+xml"}
_NEWEST = re.compile(rb"<(item|entry)\b.*?</\1>", re.DOTALL)


@dataclass
class Agent:
    """Who calls tools, and what that came to."""

    host: Host
    tools: Mapping[str, set[str]]
    calls: int = 0
    text: int = 0
    structure: int = 0

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool, and count what it answers."""
        result = self.host.call(tool, **arguments)
        texts = [block["text"] for block in result["content"]]
        assert not result.get("isError"), texts
        structure = result.get("structuredContent")
        compact = json.dumps(structure, ensure_ascii=False, separators=(",", ":"))
        self.calls += 1
        self.text += sum(map(len, texts))
        self.structure += len(compact) if structure else sum(map(len, texts))
        return structure or {}

    def to_the_end(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """Call a tool until its list has no more."""
        answers = [self.call(tool, **arguments)]
        while cursor := answers[-1].get("next_cursor"):
            answers.append(self.call(tool, **arguments, cursor=cursor))
        return answers

    def can(self, tool: str, argument: str = "") -> bool:
        """Return whether there is such a tool, with such an argument."""
        return argument in {*self.tools.get(tool, ()), *([""] if tool in self.tools else [])}


@dataclass
class World:
    """What the tasks are about: names that occur in the feeds."""

    site: Site
    month: str
    author: str
    tag: str
    blogs: list[str]
    group: str
    members: list[str]
    watermark: str
    fresh: str = field(default="")


def news_of_a_month(agent: Agent, world: World) -> None:
    """Tell the news of a month in one field."""
    last = f"{world.month}-28"
    period = {"since": f"{world.month}-01", "until": last}
    if agent.can("trending"):
        period = {"since": world.month, "until": world.month}
    agent.call("search_entries", query="data", **period, limit=20)


def everything_since(agent: Agent, world: World) -> None:
    """Tell everything since the last time."""
    if agent.can("catch_up"):
        agent.to_the_end("catch_up", detail="titles", max_chars=16_000)
    else:
        mark = {"watermark": world.watermark}
        agent.to_the_end("latest_entries", **mark, detail="titles", max_chars=16_000)


def three_blogs(agent: Agent, world: World) -> None:
    """Tell what three named blogs say about a subject."""
    if agent.can("search_entries", "group"):
        agent.call("search_entries", query="new", feed=world.blogs)
    else:
        for blog in world.blogs:
            agent.call("search_entries", query="new", feed=blog)


def quote_code(agent: Agent, world: World) -> None:
    """Quote the code of the post that explains something."""
    found = agent.call("search_entries", query="how to write a function", limit=5)
    agent.call("fetch_article", article=found["hits"][0]["entry_id"])


def dead_feeds(agent: Agent, world: World) -> None:
    """Tell which feeds are dead."""
    for status in ("gone", "failing", "dormant"):
        agent.to_the_end("list_feeds", status=status, limit=200)


def add_a_blog(agent: Agent, world: World) -> None:
    """Follow a blog."""
    agent.call("add_feeds", urls=[world.fresh])


def by_an_author(agent: Agent, world: World) -> None:
    """Tell all that one author wrote."""
    agent.to_the_end("search_entries", author=world.author, limit=50)


def by_tag(agent: Agent, world: World) -> None:
    """Tell what there is on a topic by its tag, of which the spelling is not known."""
    missed = agent.call("search_entries", tag=f"{world.tag}ss")
    near = re.findall(r'"([^"]+)" \(', missed.get("notice", ""))
    agent.call("search_entries", **({"tag": near[0]} if near else {"query": world.tag}))


def trends(agent: Agent, world: World) -> None:
    """Tell what the feeds talked about."""
    if agent.can("trending"):
        agent.call("trending", since="2y")
    else:
        agent.call("latest_entries", since="2y", detail="titles", max_chars=40_000)


def digest_of_a_group(agent: Agent, world: World) -> None:
    """Write a digest of one group of feeds."""
    if agent.can("latest_entries", "group"):
        agent.call("latest_entries", since="5y", group=world.group)
    else:
        for feed in world.members:
            agent.call("latest_entries", since="5y", feed=feed, max_chars=2_000)


TASKS: dict[str, Callable[[Agent, World], None]] = {
    "news of a month in one field": news_of_a_month,
    "everything since last time": everything_since,
    "three named blogs on a subject": three_blogs,
    "quote the code of a post": quote_code,
    "which feeds are dead": dead_feeds,
    "add this blog": add_a_blog,
    "all by one author": by_an_author,
    "one topic by tag": by_tag,
    "the trends": trends,
    "a digest of one group": digest_of_a_group,
}


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=Path, required=True)
    options.add_argument("--python", default=sys.executable)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_site() as site:
        settings = {
            "database": str(Path(folder) / "planet.sqlite"),
            "feeds": "none",
            "allow_networks": "127.0.0.0/8",
            "host_delay": "0",
            "host_concurrency": "4",
            "refresh": "off",
        }
        paths = sorted(chosen.feeds.iterdir())
        urls = [serve(site, path, trimmed=True) for path in paths]
        opml = Path(folder) / "feeds.opml"
        opml.write_text(grouped(urls), "utf-8")
        command(chosen.python, settings, "import", str(opml))
        command(chosen.python, settings, "refresh", "--all")
        with hosting("planet_mcp", python=chosen.python, **settings) as host:
            before = host.call("latest_entries", since="1d")["structuredContent"]
            tools = surface(host)
            if "catch_up" in tools:
                host.call("catch_up")
        for path in paths:
            serve(site, path, trimmed=False)
        command(chosen.python, settings, "refresh", "--all")
        with hosting("planet_mcp", python=chosen.python, **settings) as host:
            world = world_of(host, site, urls, before["watermark"])
            report(host, tools, world)


def serve(site: Site, path: Path, *, trimmed: bool) -> str:
    """Serve a feed document, perhaps without its first entry."""
    body = path.read_bytes()
    kind = _TYPES.get(path.suffix, "application/xml")
    return site.add(
        f"/{path.name}", _NEWEST.sub(b"", body, 1) if trimmed else body, content_type=kind
    )


def grouped(urls: list[str]) -> str:
    """Return feeds as OPML, in folders."""
    folders: dict[int, list[str]] = {}
    for number, url in enumerate(urls):
        folders.setdefault(number % GROUPS, []).append(f"<outline xmlUrl={quoteattr(url)}/>")
    outlines = [
        f'<outline text="Group {number}">{"".join(feeds)}</outline>'
        for number, feeds in folders.items()
    ]
    return f'<opml version="2.0"><body>{"".join(outlines)}</body></opml>'


def command(python: str, settings: Mapping[str, str], *words: str) -> None:
    """Run a command of the version that is measured."""
    env = {**os.environ, **{f"PLANET_MCP_{name.upper()}": v for name, v in settings.items()}}
    subprocess.run(
        [python, "-m", "planet_mcp", *words], env=env, check=True, stdout=subprocess.DEVNULL
    )


def surface(host: Host) -> dict[str, set[str]]:
    """Return the tools and their arguments."""
    tools = host.request("tools/list", {})["tools"]
    print(f"tools/list: {len(json.dumps(tools, ensure_ascii=False, separators=(',', ':'))):,}")
    return {tool["name"]: set(tool["inputSchema"]["properties"]) for tool in tools}


def world_of(host: Host, site: Site, urls: list[str], watermark: str) -> World:
    """Choose what the tasks are about: what is commonest."""
    hits: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(8):
        page = host.call("search_entries", sort="newest", limit=50, **cursor)["structuredContent"]
        hits += page["hits"]
        cursor = {"cursor": page["next_cursor"]}
    months = Counter(hit["published"][:7] for hit in hits if "published" in hit)
    authors = Counter(hit["author"] for hit in hits if "author" in hit and "," not in hit["author"])
    blogs = [urls[0], urls[30], urls[60]]
    fresh = site.add("/new", "<rss version='2.0'><channel><title>New</title></channel></rss>")
    members = urls[3::GROUPS]
    author = authors.most_common(1)[0][0]
    month = months.most_common(1)[0][0]
    return World(site, month, author, "python", blogs, "Group 3", members, watermark, fresh)


def report(host: Host, tools: Mapping[str, set[str]], world: World) -> None:
    """Do the tasks, and print a row for each."""
    print(f"month {world.month}, author {world.author}")
    print("| task | calls | text | structure |\n|---|---|---|---|")
    total = Agent(host, tools)
    for name, task in TASKS.items():
        agent = Agent(host, tools)
        task(agent, world)
        print(f"| {name} | {agent.calls} | {agent.text:,} | {agent.structure:,} |")
        total.calls += agent.calls
        total.text += agent.text
        total.structure += agent.structure
    ratio = total.structure / total.text
    print(f"| all | {total.calls} | {total.text:,} | {total.structure:,} ({ratio:.2f} x) |")


if __name__ == "__main__":
    main()
