"""Small feed documents and pages, made to order."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

# A round time: posts that share any other one have that of a build.
NOW = datetime.fromtimestamp(time.time() // 900 * 900, UTC)


@dataclass(frozen=True)
class Post:
    """One entry of a made-up feed; `age` is how long ago it was published."""

    title: str
    html: str = "<p>Some text.</p>"
    age: timedelta = timedelta(hours=1)
    link: str | None = None
    guid: str | None = None
    author: str = ""
    tags: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return the link, or one that is made of the title."""
        return self.link or f"https://blog.example.org/{self.title.lower().replace(' ', '-')}"

    @property
    def published(self) -> datetime:
        """Return when it was published."""
        return NOW - self.age


def whole(text: str) -> str:
    """Return HTML long enough to be a whole article that holds this text."""
    filler = "<p>" + "This paragraph is here to make the article a whole one. " * 12 + "</p>"
    return f"<p>{text}</p>{filler}<p>That is the end of it.</p>"


def rss(posts: Iterable[Post], *, title: str = "A Blog", image: str = "") -> str:
    """Write an RSS 2.0 document, which may have the address of an image of its own."""
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{escape(post.url)}</link>"
        f"<guid isPermaLink='false'>{escape(post.guid or post.url)}</guid>"
        f"<pubDate>{format_datetime(post.published)}</pubDate>"
        + (f"<author>{escape(post.author)}</author>" if post.author else "")
        + "".join(f"<category>{escape(tag)}</category>" for tag in post.tags)
        + f"<description>{escape(post.html)}</description></item>"
        for post in posts
    )
    face = f"<image><url>{escape(image)}</url></image>" if image else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{escape(title)}</title><link>https://blog.example.org/</link>"
        f"<description>About things</description>{face}{items}</channel></rss>"
    )


def atom(posts: Iterable[Post], *, title: str = "A Blog") -> str:
    """Write an Atom 1.0 document."""
    entries = "".join(
        f"<entry><title>{escape(post.title)}</title><link href='{escape(post.url)}'/>"
        f"<id>{escape(post.guid or post.url)}</id>"
        f"<published>{post.published.isoformat()}</published>"
        f"<updated>{post.published.isoformat()}</updated>"
        + (f"<author><name>{escape(post.author)}</name></author>" if post.author else "")
        + "".join(f"<category term='{escape(tag)}'/>" for tag in post.tags)
        + f"<content type='html'>{escape(post.html)}</content></entry>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(title)}</title><id>urn:blog</id><updated>{NOW.isoformat()}</updated>"
        f"{entries}</feed>"
    )


def rdf(posts: Iterable[Post], *, title: str = "A Blog") -> str:
    """Write an RSS 1.0 (RDF) document."""
    items = "".join(
        f"<item rdf:about='{escape(post.url)}'><title>{escape(post.title)}</title>"
        f"<link>{escape(post.url)}</link><dc:date>{post.published.isoformat()}</dc:date>"
        f"<description>{escape(post.html)}</description></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel rdf:about='https://blog.example.org/'><title>{escape(title)}</title>"
        f"<link>https://blog.example.org/</link></channel>{items}</rdf:RDF>"
    )


def json_feed(posts: Iterable[Post], *, title: str = "A Blog") -> str:
    """Write a JSON Feed 1.1 document."""
    items = [
        {
            "id": post.guid or post.url,
            "url": post.url,
            "title": post.title,
            "content_html": post.html,
            "date_published": post.published.isoformat(),
            "tags": list(post.tags),
        }
        for post in posts
    ]
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "home_page_url": "https://blog.example.org/",
            "items": items,
        }
    )


def page(body: str, *, title: str = "A page", head: str = "") -> str:
    """Write an HTML page."""
    return (
        f"<!doctype html><html lang='en'><head><title>{escape(title)}</title>{head}</head>"
        f"<body><article><h1>{escape(title)}</h1>{body}</article></body></html>"
    )
