"""All pages and feed documents of a planet by path, for a server and for static files alike.

Blocking; each page is a few short queries, which see one state of the store within its `view`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from planet_mcp.documents.syndication import (
    Channel,
    atom_feed,
    foafroll,
    json_feed,
    rss10_feed,
    rss20_feed,
)
from planet_mcp.site import outputs
from planet_mcp.site.connecting import connections
from planet_mcp.site.content import TEXT_CHARS
from planet_mcp.site.faces import Faces, face
from planet_mcp.site.feeds_list import feeds_view
from planet_mcp.site.figures import stats_view
from planet_mcp.site.paths import Links, links_of
from planet_mcp.site.pictures import PICTURE, faces_of, picture_key, picture_page, pictured
from planet_mcp.site.river import (
    day_view,
    feed_day_view,
    onward_path,
    river_view,
    since_view,
    titles_view,
)
from planet_mcp.site.search_page import choices_of, search_view
from planet_mcp.site.templating import ICON, Templates
from planet_mcp.site.topics import (
    PERIODS,
    SELECTED,
    SelectionView,
    TopicsView,
    most_used_tags,
    selection_view,
    topics_view,
)
from planet_mcp.site.values import Options, Page, PageRequest
from planet_mcp.site.views import entry_view, feed_view
from planet_mcp.store import Post, Store

ATOM = "application/atom+xml; charset=utf-8"
_FORMATS: dict[str, tuple[Callable[[Channel], bytes], str]] = {
    "atom.xml": (atom_feed, ATOM),
    "rss20.xml": (rss20_feed, "application/rss+xml; charset=utf-8"),
    "rss10.xml": (rss10_feed, "application/rss+xml; charset=utf-8"),
    "feed.json": (json_feed, "application/feed+json"),
}
# The pages and feed documents that every planet has; days, entries and feeds have theirs, too.
# OF_ENTRIES are made of nothing else, OF_FEEDS of what is followed, FIXED of what changes by the
# hour.
OF_ENTRIES = ("", "titles", *_FORMATS)
OF_FEEDS = ("opml.xml", "foafroll.xml")
FIXED = ("feeds", "stats", "about")
# After how many seconds the river reloads itself while feeds are read for the first time.
RELOAD_SECONDS = 20
DRAWN_WITH = ("style.css", "icon.svg")
# The pages that only a server has.
_SERVED = ("search", "since")
_NUMBER = "([1-9][0-9]{0,17})"

_Handler = Callable[[PageRequest, tuple[str, ...]], Page | None]


class Site:
    """The pages of one store."""

    def __init__(self, store: Store, options: Options, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._options = options
        self._clock = clock
        self._templates = Templates(options)
        self.faces = Faces(options.theme)
        self._choices_known: tuple[object, dict[str, tuple[str, ...]]] = (None, {})
        self._tags_known: tuple[object, frozenset[str]] = (None, frozenset())
        self._topics_known: dict[str, tuple[object, TopicsView]] = {}
        self._routes = [
            (re.compile(pattern), handler)
            for pattern, handler in self._handlers().items()
            if not (options.static and pattern.startswith(_SERVED))
        ]

    @property
    def look(self) -> str:
        """Return what differs with every change of how pages look, other than their content."""
        return self._templates.look

    def page(self, request: PageRequest) -> Page:
        """Return the page at a path; where there is none, the page of status 404."""
        for pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            found = handler(request, match.groups(default="")) if match else None
            if found:
                return found
        return self._html("missing", request, status=404)

    def _handlers(self) -> dict[str, _Handler]:
        return {
            "": self._river,
            "titles": self._titles,
            rf"since(?:/(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?:/{_NUMBER})?)?": self._since,
            rf"days/(\d{{4}}-\d\d-\d\d)(?:/{_NUMBER})?": self._day,
            rf"days/(\d{{4}}-\d\d-\d\d)/feeds/{_NUMBER}(?:/{_NUMBER})?": self._feed_day,
            f"entries/{_NUMBER}": self._entry,
            "topics|tags|groups": self._topics,
            r"topics/atom\.xml": self._topics_atom,
            rf"({'|'.join(SELECTED)})/(.+)/atom\.xml": self._selection_atom,
            f"({'|'.join(SELECTED)})/(.+)": self._selection,
            f"feeds(?:/list/{_NUMBER})?": self._feeds,
            f"feeds/{_NUMBER}(?:/{_NUMBER})?": self._feed,
            rf"feeds/{_NUMBER}/atom\.xml": self._feed_atom,
            "search": self._search,
            r"search/atom\.xml": self._search_atom,
            "stats": self._stats,
            "about": self._about,
            rf"({'|'.join(map(re.escape, _FORMATS))})": self._document,
            r"opml\.xml": self._opml,
            r"foafroll\.xml": self._foafroll,
            r"faces/([^/]+)": self._face,
            PICTURE: self._picture,
            r"style\.css": self._style,
            r"icon\.svg": self._icon,
        }

    def _links(self, request: PageRequest) -> Links:
        return links_of(request, static=self._options.static)

    def _html(self, template: str, request: PageRequest, **seen: Any) -> Page:
        links, static, now = self._links(request), self._options.static, self._clock()
        proxied = self._options.images == "proxy"
        own = faces_of(self._store, static=static, now=now) if proxied else {}
        faces = {**own, **self.faces.of_feeds(self._store)}
        seen |= {"face": partial(face, faces, links), "has_page": self._has_page}
        page = self._templates.page(template, request, links, **seen)
        if not proxied:
            return page
        html = pictured(page.body.decode(), self._store, links, now=now)
        return replace(page, body=html.encode())

    def _has_page(self, tag: str) -> bool:
        """Return whether there is a page of a tag: among files, only of the most used."""
        if not self._options.static:
            return True
        state = self._store.change_token()
        if self._tags_known[0] != state:
            tags = frozenset(name.casefold() for name, _ in most_used_tags(self._store))
            self._tags_known = state, tags
        return tag.casefold() in self._tags_known[1]

    # Pages

    def _river(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        page = self._html(
            "river",
            request,
            view=river_view(self._store, self._options),
            refreshing=request.refreshing,
            onward=onward_path(self._store),
        )
        unread = request.refreshing and self._store.feeds.summary().never_checked
        return replace(page, reload_seconds=RELOAD_SECONDS) if unread else page

    def _titles(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        return self._html("titles", request, view=titles_view(self._store))

    def _since(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        since = _moment(named[0]) if named[0] else self._clock() - timedelta(days=1)
        if since is None:
            return None
        view = since_view(self._store, since, int(named[1]) if named[1] else None)
        return self._html("since", request, view=view)

    def _day(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        written, page = named
        day = _day(written)
        view = day_view(self._store, day, int(page or 1), self._options) if day else None
        return self._html("day", request, view=view) if view else None

    def _feed_day(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        written, feed, page = named
        day = _day(written)
        if day is None:
            return None
        view = feed_day_view(self._store, int(feed), day, int(page or 1), options=self._options)
        return self._html("feed_day", request, view=view) if view else None

    def _entry(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        view = entry_view(self._store, int(named[0]), self._options)
        return self._html("entry", request, view=view) if view else None

    def _topics(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        view = self._talked_about(request.query.get("since", ""))
        return self._html("topics", request, view=view, periods=PERIODS)

    def _talked_about(self, since: str) -> TopicsView:
        """Return the topics, which are found anew with new entries, and every hour."""
        now, period = self._clock(), since if since in PERIODS else next(iter(PERIODS))
        state = (self._store.change_token(), now.replace(minute=0, second=0, microsecond=0))
        known = self._topics_known.get(period)
        if known is None or known[0] != state:
            known = state, topics_view(self._store, period, now=now)
            self._topics_known[period] = known
        return known[1]

    def _selection(self, request: PageRequest, named: tuple[str, ...]) -> Page:
        view = self._selected(request, named)
        return self._html("selection", request, view=view, status=200 if view.is_there else 404)

    def _selected(self, request: PageRequest, named: tuple[str, ...]) -> SelectionView:
        return selection_view(self._store, named, request.query, now=self._clock())

    def _feeds(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        view = feeds_view(self._store, request.query, int(named[0] or 1), now=self._clock())
        return self._html("feeds", request, view=view) if view else None

    def _feed(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        number, page = named
        view = feed_view(self._store, int(number), int(page or 1), now=self._clock())
        return self._html("feed", request, view=view) if view else None

    def _search(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        view = search_view(
            self._store, request.query, now=self._clock(), understood=request.understood
        )
        view = replace(view, choices=self._choices())
        return self._html("search", request, view=view, status=400 if view.problem else 200)

    def _choices(self) -> dict[str, tuple[str, ...]]:
        """Return what may be chosen in the form: found anew with new entries and changed feeds."""
        state = self._store.change_token()
        if self._choices_known[0] != state:
            self._choices_known = state, choices_of(self._store)
        return self._choices_known[1]

    def _stats(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        return self._html("stats", request, view=stats_view(self._store, now=self._clock()))

    def _about(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        endpoint = self._links(request).absolute("mcp")
        hosts = connections(endpoint, token=self._options.token)
        return self._html("about", request, summary=self._store.feeds.summary(), hosts=hosts)

    # Feed documents

    def _document(self, request: PageRequest, named: tuple[str, ...]) -> Page:
        write, content_type = _FORMATS[named[0]]
        links = self._links(request)
        posts = outputs.newest_posts(self._store)
        return _channel(
            # RSS names the feed in the title, as a Planet's does: readers show no other field.
            outputs.named_by_feed(posts) if named[0].startswith("rss") else posts,
            links,
            write,
            content_type,
            title=self._options.title,
            self_url=links.absolute(request.path),
            home_url=links.absolute(),
        )

    def _feed_atom(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        feed_id, links = int(named[0]), self._links(request)
        feed = self._store.feeds.get([feed_id], now=self._clock()).get(feed_id)
        if feed is None:
            return None
        return _channel(
            outputs.posts_of_feed(self._store, feed_id),
            links,
            atom_feed,
            ATOM,
            title=feed.title,
            self_url=links.absolute(request.path),
            home_url=links.absolute(f"feeds/{feed_id}"),
        )

    def _search_atom(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        # Newest first whatever was asked, or a feed reader would never see what is new.
        view = search_view(self._store, {**request.query, "sort": "newest"}, now=self._clock())
        if view.problem:
            return self._html("search", request, view=view, status=400)
        return self._atom_of(view.ids, request, view.query or "search", **view.feed_parameters)

    def _topics_atom(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        view = self._talked_about("")
        ids = dict.fromkeys(each.entry_id for topic in view.topics for each in topic.entries)
        return self._atom_of([*ids], request, "topics")

    def _selection_atom(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        view = self._selected(request, named)
        return self._atom_of(view.found.ids, request, view.name) if view.is_there else None

    def _atom_of(self, ids: Sequence[int], request: PageRequest, title: str, **asked: str) -> Page:
        """Make the feed of some entries, whose page is at the path before its own."""
        links, home = self._links(request), request.path.removesuffix("/atom.xml")
        return _channel(
            self._store.browsing.by_id(ids, chars=TEXT_CHARS),
            links,
            atom_feed,
            ATOM,
            title=f"{self._options.title}: {title}",
            self_url=links.absolute(request.path, **asked),
            home_url=links.absolute(home, **asked),
        )

    def _opml(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        body = outputs.opml_document(self._store, self._options, now=self._clock())
        return Page(body, "text/x-opml; charset=utf-8")

    def _foafroll(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        feeds = self._store.feeds.subscribed(now=self._clock())
        sources = [outputs.source_of(feed) for feed in feeds]
        body = foafroll(self._options.title, self._links(request).absolute(), sources)
        return Page(body, "application/rdf+xml; charset=utf-8")

    # What pages are drawn with

    def _style(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        return Page(self._templates.style, "text/css; charset=utf-8")

    def _face(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        return self.faces.page(named[0])

    def _picture(self, request: PageRequest, named: tuple[str, ...]) -> Page | None:
        shown = self._options.images == "proxy"
        return picture_page(self._store, picture_key(request.path)) if shown else None

    def _icon(self, request: PageRequest, _: tuple[str, ...]) -> Page:
        return Page(ICON.encode(), "image/svg+xml")


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _moment(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _channel(
    posts: Sequence[Post],
    links: Links,
    write: Callable[[Channel], bytes],
    content_type: str,
    **described: str,
) -> Page:
    body = write(outputs.channel_of(posts, links, **described))
    return Page(body, content_type, modified=outputs.changed_at(posts))
