"""Adding and removing feeds: what people name, and what becomes of it."""

import threading

import anyio
import pytest

from planet_mcp.errors import ArgumentError, OpmlError, PlanetIniError
from planet_mcp.planet import Planet
from planet_mcp.planet.outcomes import MAX_NOT_TAKEN
from planet_mcp.requests import FeedQuery, SearchRequest
from planet_mcp.urls import ServerAddress
from tests.conftest import planet_of
from tests.support.documents import Post, atom, page, rss
from tests.support.site import Page, Site

pytestmark = pytest.mark.anyio


def link(href: str, title: str = "Posts", kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


async def test_a_feed_is_subscribed_with_its_entries(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One"), Post("Two")], title="Ada's blog"))

    (added,) = (await planet.add_feeds([url])).result.results

    assert (added.outcome, added.title, added.feed_url, added.entries) == (
        "added",
        "Ada's blog",
        url,
        2,
    )


@pytest.mark.parametrize(
    "spelling", ["feed:{url}", "feed://{host}/feed", "<{url}>", "“{url}”", "URL: {url}"]
)
async def test_a_feed_is_added_however_its_address_is_written(
    planet: Planet, site: Site, spelling: str
) -> None:
    url = site.add("/feed", rss([Post("One")]))
    written = spelling.format(url=url, host=url.removeprefix("http://").removesuffix("/feed"))

    (added,) = (await planet.add_feeds([written])).result.results

    assert (added.url, added.outcome, added.feed_url) == (written, "added", url)


async def test_a_host_without_a_scheme_is_asked_by_https(planet: Planet) -> None:
    (added,) = (await planet.add_feeds(["127.0.0.1:1/feed"])).result.results

    assert added.outcome == "failed"
    assert "https://127.0.0.1:1/feed" in (added.problem or "")


async def test_a_host_without_a_scheme_is_asked_by_http_where_it_has_no_https(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("One")], title="Plain"))
    bare = url.removeprefix("http://")
    missing = f"{bare}/none"

    [added, failed, secure] = (
        await planet.add_feeds([bare, missing, f"https://{missing}"])
    ).result.results

    assert (added.outcome, added.feed_url) == ("added", url)
    assert "404" in (failed.problem or "")
    assert f"https://{missing} could not be reached" in (secure.problem or "")


async def test_what_is_not_fetched_in_time_is_followed_and_read_in_its_turn(
    planet: Planet, site: Site
) -> None:
    held = threading.Event()
    quick, slow = (
        site.add("/quick", rss([Post("One")])),
        site.add("/slow", rss([Post("Two")]), hold=held),
    )
    try:
        answer = await planet.add_feeds([quick, slow, "ftp://a.example/"], seconds=3)
    finally:
        held.set()
    refreshed = (await planet.refresh_feeds([slow])).result

    outcomes = [item.outcome for item in answer.result.results]
    assert outcomes[1:] == ["queued", "failed"]
    assert "in its turn" in answer.text
    assert (refreshed.ok, refreshed.new_entries) == (1, 1)


@pytest.mark.parametrize("group", [None, "News"])
async def test_all_that_is_left_at_the_end_of_the_time_is_stored_at_once(
    planet: Planet, site: Site, group: str | None
) -> None:
    def commits() -> int:
        """Return how often was written: the counter of the file (SQLite file format, 1.3.6)."""
        if isinstance(planet.store.path, ServerAddress):
            with planet.store.database.reading() as connection:
                return connection.state()
        with planet.store.path.open("rb") as file:
            return int.from_bytes(file.read(28)[24:])

    there = site.add("/there", rss([Post("One")]))
    await planet.add_feeds([there])
    urls = [f"{site.url}/{number}" for number in range(30)]
    before = commits()
    answer = await planet.add_feeds([*urls, urls[0], there, "ftp://a"], group=group, seconds=0)
    results = answer.result.results

    # One that is followed already goes into the group by itself.
    assert commits() == before + 1 + bool(group), "where a disk is busy, a commit takes seconds"
    listed = (await planet.list_feeds(FeedQuery(limit=200))).result.feeds
    assert {feed.group for feed in listed} == {group}
    assert [item.outcome for item in results] == [*["queued"] * 31, "already subscribed", "failed"]
    assert all(item.feed_id for item in results[:-1])
    assert (await planet.list_feeds()).result.total == 31


async def test_an_address_that_refreshes_elsewhere_is_followed_there(
    planet: Planet, site: Site
) -> None:
    new = site.add("/feed.xml", rss([Post("One")]))
    moved = '<meta http-equiv="refresh" content="0;url=/feed.xml">'
    old = site.add("/rss", page("<p>Moved</p>", head=moved), content_type="text/html")
    head = link("/rss")
    home = site.add("/", page("<p>Hello</p>", head=head), content_type="text/html")

    first, second = (await planet.add_feeds([old, home])).result.results

    assert (first.outcome, first.feed_url) == ("added", new)
    assert (second.outcome, second.feed_url) == ("already subscribed", new)


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("{url}", "Ada's blog"),
        ("{host}/feed", "Ada's blog"),
        ("http://another.example/rss", "Ada's blog"),
        ("{host}", "{host}"),
        ("Notes: http://a.example/", "Notes: http://a.example/"),
    ],
)
async def test_a_label_that_is_only_an_address_gives_way_to_the_feeds_title(
    planet: Planet, site: Site, label: str, title: str
) -> None:
    url = site.add("/feed", rss([Post("One")], title="Ada's blog"))
    words = {"url": url, "host": site.url.removeprefix("http://")}
    listed = f'<opml><body><outline text="{label.format(**words)}" xmlUrl="{url}"/></body></opml>'
    await planet.import_list(listed.encode(), name="feeds.opml")

    await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds()).result.feeds
    assert feed.title == title.format(**words)


async def test_a_page_leads_to_its_feed(planet: Planet, site: Site) -> None:
    site.add("/blog/atom.xml", atom([Post("One")]))
    url = site.add("/blog/", page("<p>Hi</p>", head=link("atom.xml")), content_type="text/html")

    (added,) = (await planet.add_feeds([url])).result.results

    assert (added.outcome, added.feed_url) == ("added", f"{site.url}/blog/atom.xml")


async def test_a_page_with_several_feeds_asks_which(planet: Planet, site: Site) -> None:
    head = link("/posts.xml", "Posts") + link("/notes.xml", "Notes")
    url = site.add("/", page("<p>Hi</p>", head=head), content_type="text/html")

    (added,) = (await planet.add_feeds([url])).result.results

    assert added.outcome == "choose"
    assert added.candidates is not None
    assert [(item.url, item.title) for item in added.candidates] == [
        (f"{site.url}/posts.xml", "Posts"),
        (f"{site.url}/notes.xml", "Notes"),
    ]
    assert (await planet.list_feeds()).result.total == 0


async def test_a_feed_that_is_followed_is_not_fetched_again(planet: Planet, site: Site) -> None:
    url = site.add("/feed/", rss([Post("One")]))
    await planet.add_feeds([url])
    asked = len(site.asked)

    (again,) = (await planet.add_feeds([url.rstrip("/") + "?utm_source=x"])).result.results

    assert (again.outcome, again.feed_id) == ("already subscribed", 1)
    assert len(site.asked) == asked


async def test_a_permanent_redirect_gives_the_address_to_follow(planet: Planet, site: Site) -> None:
    new = site.add("/new", rss([Post("One")]))
    site.add("/now", rss([Post("Two")]))
    moved, elsewhere = site.redirect("/old", "/new"), site.redirect("/tmp", "/now", status=302)

    (first,) = (await planet.add_feeds([moved])).result.results
    (second,) = (await planet.add_feeds([elsewhere])).result.results

    assert (first.outcome, first.feed_url) == ("added", new)
    assert (second.outcome, second.feed_url) == ("added", elsewhere)


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        (Page(page("<p>No feed here</p>").encode(), "text/html"), "names no feed"),
        (Page(status=404), "404"),
        (Page(b"just words", "text/plain"), "feed"),
        (Page(b"", "application/xml"), "empty"),
        (Page(b'{"a": 1}', "application/json"), "JSON"),
        (Page(b"<rss><channel><title>Cut <item><title>x</item"), "malformed"),
        (Page(b"<opml><body><outline text='a & b'/></body></opml>"), "line 1"),
    ],
    ids=["html", "404", "text", "empty", "json", "cut", "opml"],
)
async def test_what_is_no_feed_is_not_stored_and_the_others_are(
    planet: Planet, site: Site, bad: Page, advice: str
) -> None:
    site.pages["/bad"] = bad
    good = site.add("/good", rss([Post("One")]))

    failed, added = (await planet.add_feeds([f"{site.url}/bad", good])).result.results

    assert failed.outcome == "failed"
    assert advice in (failed.problem or "")
    assert added.outcome == "added"
    assert [
        feed.feed_url for feed in (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    ] == [good]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/feed",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://10.0.0.1/feed",
        "http://[::1%25lo]/",
        "http://169.254.169.254/latest/meta-data",
        "not a url",
        "",
    ],
)
async def test_addresses_that_are_not_public_are_refused(planet: Planet, url: str) -> None:
    (added,) = (await planet.add_feeds([url])).result.results

    assert added.outcome == "failed"
    assert added.problem


async def test_loopback_is_refused_unless_it_was_opened(site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    async with planet_of(allow_networks="10.9.9.0/24") as planet:
        (added,) = (await planet.add_feeds([url])).result.results

    assert added.outcome == "failed"
    assert "PLANET_MCP_ALLOW_NETWORKS" in (added.problem or "")
    assert site.started == []


async def test_one_domain_is_asked_one_request_at_a_time(site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    async with planet_of(host_delay=0.1, host_concurrency=1) as planet:
        began = anyio.current_time()
        results = (await planet.add_feeds(urls)).result.results
        took = anyio.current_time() - began
    assert [item.outcome for item in results] == ["added"] * 3
    assert took >= 0.2


async def test_an_opml_address_counts_what_it_brought(planet: Planet, site: Site) -> None:
    known = site.add("/1", rss([Post("One")]))
    await planet.add_feeds([known])
    outlines = "".join(
        f'<outline text="x" xmlUrl="{url}"/>'
        for url in (known, f"{site.url}/2", f"{site.url}/3", "http://192.168.1.1/feed")
    )
    url = site.add("/list", f'<opml version="2.0"><body>{outlines}</body></opml>')

    (added,) = (await planet.add_feeds([url])).result.results

    counts = (added.feeds_added, added.feeds_already_subscribed, added.feeds_failed)
    assert counts == (2, 1, 1)
    assert [item.url for item in added.not_taken or []] == ["http://192.168.1.1/feed"]
    assert (await planet.list_feeds()).result.total == 3


async def test_an_opml_document_with_nothing_new_is_subscribed_already(planet: Planet) -> None:
    document = b'<opml><body><outline xmlUrl="https://a.example.org/f"/></body></opml>'
    outcomes = [
        (await planet.import_list(document, name="x")).result.results[0].outcome for _ in range(2)
    ]
    assert outcomes == ["added", "already subscribed"]


async def test_a_malformed_opml_file_imports_what_can_be_read_and_says_so(planet: Planet) -> None:
    document = b'<opml version="2.0"><body>\n<outline text="A & B" xmlUrl="https://a.example.org/f"/>\n<out'

    answer = await planet.import_list(document, name="feeds.opml")

    (added,) = answer.result.results
    assert (added.feeds_added, added.feeds_failed, added.not_taken) == (1, 0, None)
    assert "malformed at line 2" in (added.problem or "")
    assert "malformed at line 2" in answer.text
    assert [
        feed.title for feed in (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    ] == ["A & B"]


async def test_an_opml_file_without_a_feed_that_can_be_read_imports_nothing(
    planet: Planet,
) -> None:
    with pytest.raises(OpmlError, match="line 2"):
        await planet.import_list(b'<opml>\n<outline text="A & B"/>', name="feeds.opml")

    assert (await planet.list_feeds()).result.total == 0


async def test_each_outline_of_an_address_that_is_not_taken_is_named(
    planet: Planet, site: Site
) -> None:
    good = site.add("/1", rss([Post("One")]))
    outlines = (
        f'<outline text="R&D" xmlUrl="feed:{good}"/><outline text="Again" xmlUrl="{good}"/>'
        '<outline text="File" xmlUrl="file:///x"/><outline text="Page" htmlUrl="https://p.example"/>'
        '<outline text="Home" xmlUrl="http://192.168.1.1/feed"/><outline text="Cut" xmlUrl="http'
    )
    url = site.add("/list", f"Notice: undefined\n<opml><body>{outlines}")

    answer = await planet.add_feeds([url])

    (added,) = answer.result.results
    counts = (added.feeds_added, added.feeds_already_subscribed, added.feeds_failed)
    assert (added.outcome, counts) == ("added", (1, 1, 4))
    assert [item.name for item in added.not_taken or []] == ["File", "Page", "Cut", "Home"]
    assert all(f"not taken: {item.name}" in answer.text for item in added.not_taken or [])
    assert "http or https" in answer.text
    assert "it ends in the middle" in (added.problem or "")


@pytest.mark.parametrize(
    "broken",
    [
        "\ufeff\n<?xml version='1.0'?>{list}",
        "\n\x1b[0m{list}",
        "<b>Notice</b>: undefined index\n{list}",
        "<!DOCTYPE html><html><body><pre>{list}</pre></body></html>",
        "<?xml version='1.0' encoding='utf-16'?>\n<!-- & -->{list}",
        "<x:outline xmlUrl='https://b.example/f'><p>{list}",
    ],
    ids=["mark and blanks", "control characters", "a notice", "a page", "an encoding", "no root"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
async def test_a_list_at_an_address_is_known_as_one_however_broken_it_is(
    planet: Planet, site: Site, broken: str, encoding: str
) -> None:
    whole = '<opml><body><outline text="Zo&euml;" xmlUrl="https://a.example/f"/></body></opml>'
    url = site.add("/list", b"")
    site.pages["/list"] = Page(broken.format(list=whole).encode(encoding), "text/html")

    (added,) = (await planet.add_feeds([url])).result.results

    assert added.outcome == "added", added.problem
    feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert [feed.title for feed in feeds if feed.feed_url == "https://a.example/f"] == ["Zoë"]


async def test_a_long_list_names_some_of_what_is_not_taken_and_counts_the_rest(
    planet: Planet, site: Site
) -> None:
    rows = '<outline text="No" xmlUrl="ftp://a.example/"/>' * 300
    document = f'<opml><body><outline xmlUrl="https://a.example/"/>{rows}</body></opml>'
    url = site.add("/list", document)

    answer = await planet.add_feeds([url])

    (added,) = answer.result.results
    assert (added.feeds_added, added.feeds_failed) == (1, 300)
    assert len(added.not_taken or []) == MAX_NOT_TAKEN
    assert f"{300 - MAX_NOT_TAKEN} more were not taken" in answer.text


async def test_a_list_of_very_many_feeds_is_taken_in_parts(planet: Planet) -> None:
    outlines = "".join(f"<outline xmlUrl='https://{n}.example.org/f'/>" for n in range(5_003))
    document = f"<opml><body>{outlines}</body></opml>".encode()

    (first,) = (await planet.import_list(document, name="many.opml")).result.results
    (second,) = (await planet.import_list(document, name="many.opml")).result.results

    assert (first.feeds_added, first.feeds_failed) == (5_000, 0)
    assert "3 feeds are left" in (first.problem or "")
    assert "same list again" in (first.problem or "")
    assert (second.feeds_added, second.feeds_already_subscribed) == (3, 5_000)
    assert second.problem is None


async def test_a_config_of_a_planet_is_imported_with_its_names(planet: Planet, site: Site) -> None:
    known = site.add("/1", rss([Post("One")]))
    await planet.add_feeds([known])
    config = (
        f"[Planet]\nname = Planet Example\n\n[{known}]\nname = Ada\n\n[{site.url}/2]\nname = Bob\n"
        f"face = bob.png\n\n[http://192.168.1.1/feed]\nname = Eve\n\n"
        f"[{site.url}/list]\ncontent_type = opml\n"
    )

    (added,) = (await planet.import_list(config.encode(), name="config.ini")).result.results

    counts = (added.feeds_added, added.feeds_already_subscribed, added.feeds_failed)
    assert (added.outcome, counts) == ("added", (1, 1, 1))
    assert f"1 reading list passed over ({site.url}/list)" in (added.problem or "")
    assert [item.url for item in added.not_taken or []] == ["http://192.168.1.1/feed"]
    assert [feed.title for feed in (await planet.list_feeds(FeedQuery("bob"))).result.feeds] == [
        "Bob"
    ]


async def test_a_malformed_config_of_a_planet_is_imported_as_far_as_it_can_be_read(
    planet: Planet,
) -> None:
    config = (
        b"[https://a.example.org/f]\nname = Ada\n\n[https://b.example.org/f\nname = Bob\n\nEve\n"
    )

    (added,) = (await planet.import_list(config, name="config.ini")).result.results

    assert (added.feeds_added, added.feeds_failed) == (2, 1)
    assert [item.name for item in added.not_taken or []] == ["line 7"]


async def test_a_config_without_feeds_imports_nothing(planet: Planet) -> None:
    with pytest.raises(PlanetIniError, match="line 2"):
        await planet.import_list(b"[Planet]\nEve\n", name="config.ini")

    assert (await planet.list_feeds()).result.total == 0


async def test_a_removed_feed_leaves_its_entries_searchable(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("Kept")], title="Blog"))
    await planet.add_feeds([url])

    removed = (await planet.remove_feeds(["blog"])).result

    assert [feed.feed_url for feed in removed.removed] == [url]
    assert (await planet.list_feeds()).result.total == 0
    assert (await planet.search_entries(SearchRequest("kept", feed="Blog"))).result.total == 1


async def test_a_removed_feed_comes_back_with_its_id_and_without_doubles(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("Kept")]))
    await planet.add_feeds([url])
    await planet.remove_feeds([url])

    (again,) = (await planet.add_feeds([url])).result.results

    assert (again.outcome, again.feed_id, again.entries) == ("added", 1, 1)
    assert (await planet.search_entries(SearchRequest("kept"))).result.total == 1


async def test_entries_go_with_their_feed_when_that_is_asked(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("Gone")]))
    await planet.add_feeds([url])

    removed = (await planet.remove_feeds([url], delete_entries=True)).result

    assert removed.entries == "deleted"
    assert (await planet.search_entries(SearchRequest("gone"))).result.total == 0
    (again,) = (await planet.add_feeds([url])).result.results
    assert again.entries == 1
    assert (await planet.search_entries(SearchRequest("gone"))).result.hits[0].entry_id == 2


async def test_one_unknown_name_removes_nothing(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")], title="The only blog"))
    await planet.add_feeds([url])

    with pytest.raises(ArgumentError, match=r"\"The only blog\" \(feed_id 1\)"):
        await planet.remove_feeds([url, "another blog"])

    assert (await planet.list_feeds()).result.total == 1


def folders(**urls: str) -> bytes:
    rows = "".join(
        f'<outline text="{name}"><outline xmlUrl="{url}"/></outline>' for name, url in urls.items()
    )
    return f"<opml><body>{rows}</body></opml>".encode()


async def groups(planet: Planet) -> dict[str, str | None]:
    feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    return {(feed.feed_url or "").rpartition("/")[2]: feed.group for feed in feeds}


async def test_folders_of_a_list_are_the_groups_of_its_feeds(planet: Planet, site: Site) -> None:
    alone, other = (site.add(f"/{name}", rss([Post(name)])) for name in ("alone", "other"))
    await planet.add_feeds([alone, other])
    await planet.add_feeds(
        [site.add("/list", folders(Python=f"{site.url}/new", Mine=other).decode())]
    )

    await planet.import_list(
        folders(Else=other, Python=f"{site.url}/new", More=f"{site.url}/more"), name="x"
    )

    assert await groups(planet) == {"alone": None, "other": "Mine", "new": "Python", "more": "More"}
    assert "group Mine" in (await planet.list_feeds()).text


async def test_an_export_keeps_groups_and_so_does_a_feed_that_comes_back(planet: Planet) -> None:
    await planet.import_list(folders(A="https://a.example/a", B="https://b.example/b"), name="x")
    exported = await planet.export_opml()
    before = await groups(planet)
    await planet.remove_feeds([1])
    await planet.import_list(b"<opml><outline xmlUrl='https://a.example/a'/></opml>", name="x")
    kept = await groups(planet)
    await planet.remove_feeds([1, 2], delete_entries=True)
    async with planet_of() as another:
        await another.import_list(exported.encode(), name="x")

        assert before == kept == await groups(another) == {"a": "A", "b": "B"}


async def test_an_export_can_be_imported_again(planet: Planet, site: Site) -> None:
    await planet.add_feeds([site.add("/feed", rss([Post("One")], title='A "&" B'))])
    exported = await planet.export_opml()
    await planet.remove_feeds([1])

    (added,) = (await planet.import_list(exported.encode(), name="x")).result.results

    assert added.feeds_added == 1
    assert (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds[0].title == 'A "&" B'


async def test_feeds_are_put_in_the_group_that_is_named(planet: Planet, site: Site) -> None:
    one, two = site.add("/1", rss([Post("A")], title="One")), site.add("/2", rss([Post("B")]))
    three = site.add("/3", rss([Post("C")], title="Three"))
    outlines = f'<outline xmlUrl="{two}"/><outline text="Own"><outline xmlUrl="{three}"/></outline>'
    opml = site.add("/opml", f"<opml><body>{outlines}</body></opml>")

    await planet.add_feeds([one, opml], group=" My  kin ")
    assert await groups(planet) == {"1": "My kin", "2": "My kin", "3": "Own"}
    await planet.add_feeds([three], group="MY KIN")
    assert await groups(planet) == dict.fromkeys("123", "My kin")
    assert 'text="My kin"' in await planet.export_opml()


async def test_user_names_in_addresses_are_not_shown(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    outline = f"<outline xmlUrl='{url}' htmlUrl='https://me:secret@example.org/'/>"
    await planet.import_list(f"<opml><body>{outline}</body></opml>".encode(), name="x")

    added = await planet.add_feeds(["https://me:secret@example.org/feed"])
    listed = await planet.list_feeds(FeedQuery(detail="full"))

    assert listed.result.feeds[0].site_url == "https://example.org/"
    for answer in (added, listed):
        assert "secret" not in answer.text + answer.result.model_dump_json()
