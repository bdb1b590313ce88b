"""A planet as files: what is written, what is left alone, and how it follows the feeds."""

import asyncio
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import pytest
from lxml import html

from planet_mcp.documents.pictures import small_picture
from planet_mcp.errors import PublishError, ThemeError
from planet_mcp.models import PictureKey, Subscription
from planet_mcp.planet import Planet
from planet_mcp.settings import load
from planet_mcp.site import options_of, script_source, wanted_pictures
from planet_mcp.site.build import MANIFEST, Published, Publisher
from planet_mcp.site.river import MOST_OF_FEED
from planet_mcp.site.second import COMMAND as COMMAND_OF_SECOND
from planet_mcp.site.second import Share
from planet_mcp.store import Store
from planet_mcp.urls import link_key
from tests.support.documents import Post, rss
from tests.support.paths import ROOT
from tests.support.pictures import picture
from tests.support.programs import COMMAND, PATIENCE_SECONDS, environment
from tests.support.site import Site

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
BASE = "https://planet.example.org/"
OLD = 1_000_000_000
# Pages that show how long ago something was, or what is the newest of all.
OF_ALL = {"index.html", "titles.html", "topics.html", "feeds.html", "stats.html", "about.html"}
FEEDS = {"topics/atom.xml", "atom.xml", "rss20.xml", "rss10.xml", "feed.json"}


def posts(count: int, *, of: str) -> list[Post]:
    return [
        Post(f"{of} {n}", age=n * DAY, link=f"https://{of}.example.org/{n}") for n in range(count)
    ]


@pytest.fixture
async def filled(planet: Planet, site: Site) -> Planet:
    """Two feeds: 60 entries of one, so that it has two pages, and three of the other."""
    for name, number in _SIZES.items():
        await planet.add_feeds([site.add(f"/{name}", rss(posts(number, of=name), title=name))])
    return planet


_SIZES = {"ada": 60, "bob": 3}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site"


def publisher(
    planet: Planet,
    folder: Path,
    *,
    base: str | None = BASE,
    shared_from: int | None = None,
    **settings: object,
) -> Publisher:
    options = options_of(load(**settings), static=True)
    return Publisher(
        planet.store,
        folder,
        options=options,
        base=base,
        clock=planet.clock,
        shared_from=shared_from,
    )


def publish(planet: Planet, folder: Path, **settings: Any) -> Published:
    return publisher(planet, folder, **settings).publish()


def html_of(path: Path) -> Any:
    return html.fromstring(path.read_text())


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found} - {MANIFEST}


def place(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_old(folder: Path) -> None:
    """Give all files a time in the past, so that a file written again has another one."""
    for path in folder.rglob("*"):
        os.utime(path, (OLD, OLD))


def written(folder: Path) -> set[str]:
    """Return the files that were written since they were made old."""
    return {name for name in files(folder) if (folder / name).stat().st_mtime > OLD}


async def test_every_link_leads_to_a_file(filled: Planet, folder: Path) -> None:
    publish(filled, folder)
    published = files(folder)
    pages = {name for name in published if name.endswith(".html")}
    assert {"index.html", "titles.html", "feeds/1.html", "feeds/1/2.html"} <= pages
    assert sum(name.startswith("entries/") for name in pages) == 63
    for name in pages:
        tree = html.document_fromstring((folder / name).read_text("utf-8"))
        links = [link for link in tree.xpath("//@href | //@src") if not link.startswith("http")]
        assert links
        for link in links:
            target = urlsplit(urljoin(f"{BASE}{name}", link)).path.removeprefix("/")
            assert target in published, f"{name} leads to {link}"


async def test_the_feeds_name_the_address_of_the_site(filled: Planet, folder: Path) -> None:
    publish(filled, folder)
    found = feedparser.parse((folder / "feeds/2/atom.xml").read_bytes())
    assert not found.bozo
    assert len(found.entries) == 3
    links = {link.rel: link.href for link in found.feed.links}
    assert links["self"] == f"{BASE}feeds/2/atom.xml"
    assert links["alternate"] == f"{BASE}feeds/2.html"


async def test_nothing_is_searched_where_no_server_is(filled: Planet, folder: Path) -> None:
    publish(filled, folder)
    for name in ("index.html", "feeds/1.html", "about.html"):
        text = (folder / name).read_text("utf-8")
        assert "<form" not in text
        assert "/mcp" not in text
    assert "search.html" not in files(folder)


async def test_what_has_not_changed_is_not_written_again(filled: Planet, folder: Path) -> None:
    first = publish(filled, folder)
    make_old(folder)
    second = publish(filled, folder)
    assert written(folder) == set()
    assert (second.written, second.removed) == (0, 0)
    assert second.unchanged == first.written == len(files(folder))


async def test_a_new_entry_changes_only_the_pages_that_show_it(
    filled: Planet, site: Site, folder: Path
) -> None:
    publish(filled, folder)
    make_old(folder)
    new = Post("New", age=2 * DAY, link="https://bob.example.org/new")
    site.add("/bob", rss([new, *posts(3, of="bob")], title="bob"))
    await filled.refresh_feeds(["bob"])
    publish(filled, folder)
    day = f"days/{new.published:%Y-%m-%d}.html"
    # Those beside it in its feed lead to it.
    beside = {"entries/61.html", "entries/62.html"}
    of_bob = {"entries/64.html", *beside, "feeds/2.html", "feeds/2/atom.xml", day}
    assert written(folder) - OF_ALL - FEEDS == of_bob
    assert {"index.html", "atom.xml"} <= written(folder)


async def test_what_a_feed_has_more_on_a_day_has_pages_which_change_with_it(
    planet: Planet, site: Site, folder: Path
) -> None:
    many = [
        Post(f"Post {n}", age=DAY, link=f"https://a.example/{n}") for n in range(MOST_OF_FEED + 2)
    ]
    await planet.add_feeds([site.add("/f", rss(many[:-1], title="Ada"))])
    await planet.add_feeds([site.add("/g", rss([Post("Bob's", age=DAY)], title="Bob"))])
    publish(planet, folder)
    day = f"days/{many[0].published:%Y-%m-%d}"
    before = (folder / f"{day}.html").read_text("utf-8")
    site.add("/f", rss(many, title="Ada"))
    await planet.refresh_feeds(["Ada"])
    make_old(folder)
    publish(planet, folder)

    assert "1 more of <bdi>Ada" in before
    assert f'href="../{day}/feeds/1.html"' in before
    assert "2 more of <bdi>Ada" in (folder / f"{day}.html").read_text("utf-8")
    assert {f"{day}.html", f"{day}/feeds/1.html"} <= written(folder)
    assert f"{day}/feeds/2.html" not in files(folder)


async def test_tags_and_groups_have_files_whatever_they_are_called(
    planet: Planet, site: Site, folder: Path
) -> None:
    names = ("Python", "C++", "C#", "CI/CD", "../..", "\u6570\u636e", "a.b", "x" * 90)
    for number, name in enumerate(names):
        document = rss([Post(f"Post {number}", tags=(name,))], title=f"Blog {number}")
        await planet.add_feeds([site.add(f"/{number}", document)], group=name)
    publish(planet, folder)
    for kind in ("tags", "groups"):
        tree = html.document_fromstring((folder / "topics.html").read_text("utf-8"))
        section = f"//section[@aria-labelledby='{kind}']//li/a"
        links = {a.text: a.get("href") for a in tree.xpath(section)}
        # What has neither letters nor digits cannot be looked for as a tag.
        assert links.keys() >= {*names} - {"../.."}
        for number, name in enumerate(names):
            if name in links:
                page = (folder / links[name]).read_text("utf-8")
                assert f"Post {number}</a>" in page
        assert len({*links.values()}) == len(links)
    for page in (folder / "entries").iterdir():
        tags = html_of(page).xpath("//ul[@class='tags']//a/@href")
        assert all((page.parent / tag).is_file() for tag in tags)
        assert len(tags) == (html_of(page).xpath("string(//ul[@class='tags']/li)") != "../..")
    make_old(folder)
    site.add("/0", rss([Post("New", tags=("Python",)), Post("Post 0", tags=("Python",))]))
    await planet.refresh_feeds(["Blog 0"])
    publish(planet, folder)
    changed = {name for name in written(folder) if name.startswith(("tags/", "groups/"))}
    assert changed == {
        f"{kind}/python{end}" for kind in ("tags", "groups") for end in (".html", "/atom.xml")
    }


async def test_a_day_between_two_others_is_linked_from_both(
    planet: Planet, site: Site, folder: Path
) -> None:
    await planet.add_feeds([site.add("/f", rss([Post("One", age=DAY), Post("Two", age=9 * DAY)]))])
    publish(planet, folder)
    between = Post("Between", age=5 * DAY)
    await planet.add_feeds([site.add("/g", rss([between], title="g"))])
    publish(planet, folder)
    for age in (DAY, 9 * DAY):
        page = folder / f"days/{Post('', age=age).published:%Y-%m-%d}.html"
        assert f"{between.published:%Y-%m-%d}.html" in page.read_text("utf-8")


async def test_pages_of_what_was_deleted_go_and_files_of_others_stay(
    filled: Planet, folder: Path
) -> None:
    publish(filled, folder)
    (folder / "robots.txt").write_text("User-agent: *")
    (folder / "entries/mine.html").write_text("mine")
    before = files(folder)
    await filled.remove_feeds(["bob"], delete_entries=True)
    done = publish(filled, folder)
    gone = before - files(folder)
    assert {"feeds/2.html", "feeds/2/atom.xml", "entries/61.html"} <= gone
    assert len(gone) == done.removed
    assert {"robots.txt", "entries/mine.html"} <= files(folder)


@pytest.mark.parametrize("name", ["index.html", "about.html", "feeds/1.html", "style.css"])
async def test_a_file_of_others_is_never_overwritten(
    filled: Planet, folder: Path, name: str
) -> None:
    place(folder / name, "mine")
    with pytest.raises(PublishError, match=rf"did not make and would overwrite: {name}\."):
        publish(filled, folder)
    assert files(folder) == {name}
    assert (folder / name).read_text() == "mine"


async def test_a_build_that_was_cut_off_is_finished_by_the_next(
    filled: Planet, folder: Path
) -> None:
    place(folder / "stats.html" / "in the way", "")
    with pytest.raises(PublishError, match="cannot be written"):
        publish(filled, folder)
    assert "index.html" in files(folder)
    shutil.rmtree(folder / "stats.html")
    publish(filled, folder)
    assert {"stats.html", "atom.xml", "entries/63.html"} <= files(folder)


async def test_what_is_built_bit_by_bit_is_what_is_built_at_once(
    filled: Planet, site: Site, folder: Path, tmp_path: Path
) -> None:
    publish(filled, folder)
    told = Post("ada 5", age=5 * DAY, link="https://ada.example.org/5")
    new = [Post("New", age=DAY), told, *posts(2, of="bob")]
    site.add("/bob", rss(new, title="Bob's new name"))
    await filled.refresh_feeds(["bob"])
    publish(filled, folder)
    site.add("/ada", status=500)
    await filled.refresh_feeds(["ada"])
    publish(filled, folder)
    await filled.remove_feeds(["ada"])
    publish(filled, folder)
    fresh = tmp_path / "fresh"
    publish(filled, fresh)
    assert files(fresh) == files(folder)
    for name in files(fresh):
        assert (folder / name).read_text("utf-8") == (fresh / name).read_text("utf-8"), name


async def test_without_entries_the_river_says_how_many_feeds_are_not_read(
    planet: Planet, site: Site, folder: Path
) -> None:
    for number in (1, 2):
        new = Subscription(f"{site.url}/{number}")
        planet.store.feeds.subscribe([new], due_at=planet.clock() + DAY)
        publish(planet, folder)
        assert f"{number} feed" in html_of(folder / "index.html").xpath("string(//*[@role])")
        assert new.url in (folder / "opml.xml").read_text("utf-8")


async def test_two_processes_build_what_one_builds(
    filled: Planet, folder: Path, tmp_path: Path
) -> None:
    alone, together = publish(filled, folder), publish(filled, tmp_path / "2", shared_from=1)
    assert together == alone
    assert files(tmp_path / "2") == files(folder)
    for name in files(folder):
        assert (folder / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


async def test_what_is_wrong_is_said_whichever_process_meets_it(
    filled: Planet, folder: Path, tmp_path: Path
) -> None:
    theme = tmp_path / "theme"
    # The pages of feeds come last, in the share of the second process.
    place(theme / "feed.html", "{{ nothing }}")
    with pytest.raises(ThemeError, match=r"feed\.html line 1: "):
        publish(filled, folder, shared_from=1, theme=theme)


def test_a_second_process_ends_with_who_started_it(tmp_path: Path) -> None:
    Store(tmp_path / "planet.sqlite").close()
    share = Share(
        database=tmp_path / "planet.sqlite",
        folder=tmp_path,
        options=options_of(load(), static=True),
        base=BASE,
        now=datetime(2026, 11, 1, tzinfo=UTC),
        paths=["about"] * 100_000,
    )
    line = f"{share.model_dump_json()}\n".encode()
    done = subprocess.run(COMMAND_OF_SECOND, input=line, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


async def test_the_address_of_the_site_is_kept_until_another_is_given(
    filled: Planet, folder: Path
) -> None:
    assert publish(filled, folder, base=None).base == "http://localhost/"
    publish(filled, folder)
    make_old(folder)
    assert publish(filled, folder, base=None).base == BASE
    assert written(folder) == set()
    assert BASE in (folder / "atom.xml").read_text("utf-8")


@pytest.mark.parametrize("noted", ["", "{", '{"look": 1}', "[]", '{"look": "x", "pages": []}'])
async def test_a_damaged_note_costs_nothing_but_time(
    filled: Planet, folder: Path, noted: str
) -> None:
    publish(filled, folder)
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    (folder / MANIFEST).write_text(noted)
    (folder / "entries/1.html").unlink()
    done = publish(filled, folder)
    assert done.written == 1
    assert {name: (folder / name).read_bytes() for name in files(folder)} == before


async def test_pages_that_are_to_look_otherwise_are_all_made_anew(
    filled: Planet, folder: Path
) -> None:
    publish(filled, folder)
    publish(filled, folder, title="Ours")
    for name in ("index.html", "entries/1.html", "feeds/1/2.html"):
        assert "Ours" in (folder / name).read_text("utf-8")
    assert json.loads((folder / MANIFEST).read_text())["pages"]


_WRONG = ("{% block", "{{ nothing }}", '{% extends "none.html" %}', "{{ words(1) }}")
_FOOTER = '{{% extends "planet/base.html" %}}{{% block footer %}}{}{{% endblock %}}'


async def test_a_theme_that_changes_makes_all_pages_anew_and_a_wrong_one_is_said(
    filled: Planet, folder: Path, tmp_path: Path
) -> None:
    theme = tmp_path / "theme"
    place(theme / "base.html", _FOOTER.format("Ours"))
    publish(filled, folder, theme=theme)
    assert "Ours" in (folder / "entries/1.html").read_text("utf-8")
    place(theme / "base.html", _FOOTER.format("New"))
    publish(filled, folder, theme=theme)
    assert "New" in (folder / "entries/1.html").read_text("utf-8")
    for number, wrong in enumerate(_WRONG):
        # A process looks for each template once.
        theme = tmp_path / f"wrong{number}"
        place(theme / "about.html", wrong)
        with pytest.raises(ThemeError, match=r"about\.html line [13]: ") as said:
            publish(filled, folder, theme=theme)
        assert str(theme) in str(said.value)


async def test_faces_of_a_planet_are_those_that_its_configuration_names(
    filled: Planet, site: Site, folder: Path, tmp_path: Path
) -> None:
    theme = tmp_path / "theme"
    place(theme / "faces/Ada L.png", "picture")
    place(theme / "faces/unused.png", "picture")
    place(theme / "secret.txt", "secret")
    named = {"ada": "Ada L.png", "bob": "../secret.txt", "eve": "missing.png"}
    sections = [f"[{site.url}/{name}]\nface = {face}" for name, face in named.items()]
    place(theme / "config.ini", "\n".join(sections))
    publish(filled, folder, theme=theme)
    pictures = {name for name in files(folder) if "faces" in name or "secret" in name}
    faces = [
        html.document_fromstring((folder / f"feeds/{number}.html").read_text("utf-8")).xpath(
            "//h1/img/@src"
        )
        for number in (1, 2)
    ]
    publish(filled, folder)
    assert pictures == {"faces/Ada L.png"}
    assert faces == [["../faces/Ada%20L.png"], []]
    assert "faces/Ada L.png" not in files(folder)


async def test_pictures_that_are_kept_are_files_and_others_stay_links(
    planet: Planet, site: Site, folder: Path
) -> None:
    text = f'<p>See <img src="{site.url}/1.png"> and <img src="{site.url}/2.png">.</p>'
    logo = site.add("/logo.png", picture(64, 64), content_type="image/png")
    shown = rss([Post("One", text), *posts(3, of="ada")], title="Ada", image=logo)
    await planet.add_feeds([site.add("/ada", shown)])
    await planet.add_feeds([site.add("/bob", rss(posts(3, of="bob"), title="Bob"))])
    wanted = wanted_pictures(planet.store, now=planet.clock())
    site.add("/1.png", picture(), content_type="image/png")
    await planet.pictures.fetch_all(wanted, seconds=PATIENCE_SECONDS)
    publish(planet, folder, images="proxy")
    first = {name for name in files(folder) if name.startswith("pictures/")}
    one = folder / "entries" / f"{planet.store.entries.find(Post('One').url)}.html"
    page = html_of(one)
    images = page.xpath("//img/@src")
    assert {urljoin("entries/1.html", each) for each in images} == first
    assert sum("feed-" in each for each in images) == 1
    assert "image" in [link.text_content() for link in page.xpath("//*[@class='content']//a")]

    # The second one is there later, and only what shows it is written again.
    make_old(folder)
    publish(planet, folder, images="proxy")
    assert written(folder) <= OF_ALL
    two = PictureKey("text", link_key(f"{site.url}/2.png"))
    picture_of_two, now = small_picture(picture(), "text"), planet.clock()
    planet.store.pictures.keep(two, f"{site.url}/2.png", picture_of_two, now=now, until=now)
    publish(planet, folder, images="proxy")
    assert len(html_of(one).xpath("//*[@class='content']//img")) == 2
    assert f"entries/{one.name}" in written(folder)
    assert not {each for each in written(folder) if each.startswith("feeds/2")}

    # Without pictures, their files go.
    publish(planet, folder)
    assert not [*(folder / "pictures").iterdir()]


async def test_the_policy_in_the_documentation_allows_the_script(
    filled: Planet, folder: Path
) -> None:
    publish(filled, folder, script=True)
    assert "<script>" in (folder / "index.html").read_text("utf-8")
    assert script_source() in (ROOT / "docs" / "from-planet.md").read_text("utf-8")


async def test_a_page_that_was_fetched_for_an_entry_is_published(
    planet: Planet, site: Site, folder: Path
) -> None:
    text = "<p>The whole text is only here, on the page itself.</p>" * 30
    page = f"<html><body><article><h1>T</h1>{text}</article></body></html>"
    url = site.add("/page", page, content_type="text/html")
    await planet.add_feeds([site.add("/f", rss([Post("Teaser", "<p>It begins…</p>", link=url)]))])
    publish(planet, folder)
    await planet.fetch_article(1)
    publish(planet, folder)
    assert "only here, on the page itself" in (folder / "entries/1.html").read_text("utf-8")


# The command


def build(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "build", *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


async def test_the_command_says_what_it_wrote(filled: Planet, folder: Path) -> None:
    first = await asyncio.to_thread(build, str(folder), "--json")
    second = await asyncio.to_thread(build, str(folder), "--site-url", BASE)
    assert first.returncode == second.returncode == 0
    assert json.loads(first.stdout)["written"] == len(files(folder))
    assert "--site-url" in first.stderr
    assert "unchanged" in second.stdout
    assert not second.stderr


async def test_a_folder_that_cannot_be_written_is_said(filled: Planet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = await asyncio.to_thread(build, str(tmp_path / "file" / "site"))
    assert failed.returncode == 1
    assert "cannot be written" in failed.stderr
    assert "Traceback" not in failed.stderr


async def test_watching_it_refreshes_the_feeds_and_publishes_what_they_bring(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    site.add("/f", rss([Post("Arrived later")]))
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{site.url}/f"/></body></opml>')
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "build",
        str(folder),
        "--watch",
        "--feeds",
        str(opml),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "entries/1.html" not in files(folder):
                assert await process.stdout.readline()
        assert "Arrived later" in (folder / "index.html").read_text("utf-8")
    finally:
        process.terminate()
        await process.wait()
