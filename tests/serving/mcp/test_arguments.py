"""Whatever an agent passes to a tool, it gets a result or words that it can act on."""

import itertools
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp_types import CallToolResult, TextContent

from planet_mcp.network import Access, Internet, Web
from planet_mcp.planet import Parts, open_planet
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load
from tests.conftest import LOOPBACK
from tests.support.documents import Post, atom, rss, whole
from tests.support.fetching import AT_ONCE
from tests.support.paths import SURFACE
from tests.support.site import Site, running_site

SCHEMAS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))["inputSchema"] for path in SURFACE.glob("*.json")
}
ARGUMENTS: dict[str, list[str]] = {
    tool: list(schema["properties"]) for tool, schema in SCHEMAS.items()
}
EACH = [(tool, name) for tool, names in ARGUMENTS.items() for name in names]
OPTIONAL = [
    (tool, name)
    for tool, name in EACH
    # A second call without `restart` has nothing new to show, so that all others are made with it.
    if name not in (*SCHEMAS[tool].get("required", ()), "restart")
]
NOTHING: list[Any] = [None, "", "  ", "\t\n", [], [None], [""]]
# Of each kind of argument one value, and what it may be sent as.
SPELLINGS: dict[str, list[tuple[Any, list[Any]]]] = {
    "integer": [(20, ["20", " 20 ", 20.0, "20.0", [20], ["20"]])],
    "boolean": [
        (True, ["true", "True", " yes ", "1", 1, [True]]),
        (False, ["false", "NO", "0", 0]),
    ],
    "array": [
        ([901], [901, "901", ["901"], "[901]", ' ["901"] ', [901, None, ""]]),
        ([901, 902], ["901,902", " 901 , 902 ", "[901, 902]"]),
        ([901, "Nine"], ['[901, "Nine"]', ["901", "Nine", None]]),
    ],
    "string": [("2026", [2026, ["2026"], [2026]])],
}
# What the SDK or Python would say of an error that nobody thought of.
UNTYPED = re.compile(
    r"Error executing tool|Traceback|\b[A-Z]\w*(?:Error|Exception)\b|internal", re.IGNORECASE
)

# What differs from call to call: the boundaries of texts, and the time that a cursor is bound to.
OF_ONE_CALL = re.compile(r"^--- [0-9a-f]+|(?<=cursor)\W+[\w.-]{20,}", re.MULTILINE)

Call = Callable[[str, dict[str, Any]], CallToolResult]


@asynccontextmanager
async def connected(database: Path) -> AsyncIterator[tuple[Client, Site]]:
    with running_site() as site:
        posts = [
            Post(f"Post {n} about C++", whole(f"x_{n} {n}.0"), author="Ada") for n in range(30)
        ]
        urls = [site.add("/rss", rss(posts, title="One")), site.add("/atom", atom(posts[:3]))]
        chosen = load(database=database, feeds="none", allow_networks=LOOPBACK)
        access = Access(chosen.allow_networks)
        web = Web(access, pace=AT_ONCE, internet=Internet(look_up=without_names))
        async with open_planet(chosen, parts=Parts(web=web)) as planet:
            await planet.add_feeds(urls)
            async with Client(create_server(planet, refresh=False)) as client:
                yield client, site


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Call tools through an MCP client; no name is looked up that spells no address."""
    database = tmp_path_factory.mktemp("arguments") / "planet.sqlite"
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(connected(database)) as (client, _),
    ):
        yield lambda tool, arguments: portal.call(client.call_tool, tool, arguments)


def without_names(host: str, port: int) -> list[str]:
    """Look up what spells an address, and know no name."""
    if not re.fullmatch(r"[0-9a-f.:\[\]]+", host):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return Internet().look_up(host, port)


def checked(result: CallToolResult) -> CallToolResult:
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert block.text
    block.text.encode()
    assert len(block.text) < 60_000
    if result.is_error:
        assert not UNTYPED.search(block.text), block.text
        assert len(block.text) < 5_000
    return result


# ------------------------------------------------------------------------------------ any arguments
TEXTS = st.text(max_size=60)
ODD = st.sampled_from(
    [
        *(
            "",
            " ",
            "\0",
            "a\0b",
            "'",
            '"',
            "%",
            "*",
            "-",
            "NULL",
            "1",
            "-1",
            "0",
            "1e3",
            "007",
            "0x1",
        ),
        *("true", "none", "[]", "{}", "../../etc/passwd", "file:///etc/passwd", "7d", "-7d", "0d"),
        *("99999y", "2026-02-30", "2026-W99-9", "0001-01-01", "9999-12-31T23:59:59-23:59", "now"),
        *(
            "relevance",
            "newest",
            "any",
            "ok",
            "titles",
            "full",
            "feed 1",
            "One",
            "http://",
            "http://[",
        ),
        *("http://127.0.0.1:1/", "http://[::1]:1/", "http://0/", "ftp://a/", "javascript:alert(1)"),
        *(
            "https://jo:pw@127.0.0.1/",
            "http://127.0.0.1:1/?token=x",
            "data:,x",
            "\u202e\u200b",
            "🏴",
        ),
        *(
            "\U000e0041",
            "eyJ2IjoxfQ",
            "AAAA",
            "=" * 50,
            "1.2.3",
            "abc.1",
            "abc123.0.99999999999999999",
        ),
    ]
)
HUGE = st.sampled_from(["x" * 10_001, "é" * 200_000, "a " * 100_000, "]" * 3_000, "\0" * 50_000])
NUMBERS = st.sampled_from([0, 1, 2, -1, 50, 2**31, 2**53, 2**63, 2**64, 10**400, 1.5, -0.0, 1e308])
LEAVES = (
    st.none() | st.booleans() | st.integers() | NUMBERS | st.floats(allow_nan=False) | TEXTS | ODD
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
LISTS = st.lists(ODD | NUMBERS | TEXTS, max_size=3)


def arguments_of(tool: str) -> st.SearchStrategy[dict[str, Any]]:
    """Make up arguments by the tool's own names, now and then with one that it does not have."""
    optional = dict.fromkeys(ARGUMENTS[tool], VALUES | ODD | HUGE | LISTS)
    known: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional=optional)
    return known | st.builds(lambda some, name: {**some, name: 1}, known, TEXTS)


ANYTHING = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize(
    "tool", ["search_entries", "latest_entries", "catch_up", "trending", "list_feeds"]
)
@given(data=st.data())
@settings(ANYTHING, max_examples=120)
def test_reading_tools_answer_or_say_what_is_wrong(
    call: Call, tool: str, data: st.DataObject
) -> None:
    checked(call(tool, data.draw(arguments_of(tool))))


@pytest.mark.parametrize("tool", ["fetch_article", "add_feeds", "refresh_feeds", "remove_feeds"])
@given(data=st.data())
@settings(ANYTHING, max_examples=60)
def test_tools_that_fetch_or_write_answer_or_say_what_is_wrong(
    call: Call, tool: str, data: st.DataObject
) -> None:
    checked(call(tool, data.draw(arguments_of(tool))))


@pytest.mark.parametrize(("tool", "argument"), EACH)
def test_each_argument_may_be_anything(call: Call, tool: str, argument: str) -> None:
    values: list[Any] = [None, True, 0, -1, 10**400, 1e308, "", "\0", "x" * 300_000, [], {}, [[]]]
    values += [["\0"], [{"a": 1}], {"a": {"b": []}}, ["x"] * 51, "http://127.0.0.1:1/?key=k"]
    required: dict[str, Any] = {"article": 1} if tool == "fetch_article" else {}
    for value in values:
        checked(call(tool, {**required, argument: value}))


# ------------------------------------------------------------------------- as callers send them
def required_by(tool: str) -> dict[str, Any]:
    """Return the least that a tool has to be called with."""
    least = {"article": 1, "urls": ["http://127.0.0.1:1/"], "feeds": ["no such feed"]}
    always = {"restart": "2000-01-01"} if tool == "catch_up" else {}
    return always | {name: least[name] for name in SCHEMAS[tool].get("required", ())}


def kinds_of(field: dict[str, Any]) -> set[str]:
    return {arm["type"] for arm in field.get("anyOf", [field])}


def choices_of(field: dict[str, Any]) -> list[str]:
    return list(field.get("enum", ()))


def said(result: CallToolResult) -> tuple[object, ...]:
    (block,) = checked(result).content
    assert isinstance(block, TextContent)
    structure = json.dumps(result.structured_content)
    return result.is_error, *(OF_ONE_CALL.sub("", text) for text in (structure, block.text))


@pytest.mark.parametrize(("tool", "argument"), OPTIONAL)
@pytest.mark.parametrize("nothing", NOTHING, ids=repr)
def test_nothing_for_an_optional_argument_is_as_if_it_was_left_out(
    call: Call, tool: str, argument: str, nothing: Any
) -> None:
    least = required_by(tool)
    assert said(call(tool, {**least, argument: nothing})) == said(call(tool, least))


@pytest.mark.parametrize("nothing", NOTHING, ids=repr)
def test_nothing_for_restart_sets_no_reader_back(call: Call, nothing: Any) -> None:
    arguments = {"reader": f"who gave {nothing!r}", "detail": "titles", "max_chars": 40_000}
    totals = [
        (checked(call("catch_up", {**arguments, **restart})).structured_content or {})["total"]
        for restart in ({}, {"restart": nothing}, {"restart": "2000-01-01"})
    ]
    assert totals[0]
    assert totals[1:] == [0, totals[0]]


@pytest.mark.parametrize("tool", ARGUMENTS)
def test_a_form_that_nobody_filled_in_is_an_empty_call(call: Call, tool: str) -> None:
    least = required_by(tool)
    form = dict.fromkeys(ARGUMENTS[tool])
    assert said(call(tool, {**form, **least})) == said(call(tool, least))


@pytest.mark.parametrize(("tool", "argument"), EACH)
def test_an_argument_may_be_spelled_in_any_way_that_means_the_same(
    call: Call, tool: str, argument: str
) -> None:
    field, least = SCHEMAS[tool]["properties"][argument], required_by(tool)
    pairs: list[tuple[Any, list[Any]]]
    pairs = [(choice, [choice.upper(), f" {choice} ", [choice]]) for choice in choices_of(field)]
    if {"integer", "string"} <= kinds_of(field):
        pairs = [(1, [[1], 1.0]), ("1", [["1"]]), ("One", [["One"]])]
    elif not pairs:
        pairs = [pair for kind in kinds_of(field) for pair in SPELLINGS[kind]]
    if argument == "max_chars":
        pairs = [(1000, ["1000", "1000.0", 1000.0, [1000]])]
    assert pairs
    for meant, spellings in pairs:
        expected = said(call(tool, {**least, argument: meant}))
        for spelling in spellings:
            assert said(call(tool, {**least, argument: spelling})) == expected, spelling


@pytest.mark.parametrize(("tool", "argument"), OPTIONAL)
def test_null_in_words_is_nothing_where_no_text_is_expected(
    call: Call, tool: str, argument: str
) -> None:
    field, least = SCHEMAS[tool]["properties"][argument], required_by(tool)
    if "enum" in field or "default" not in field or "string" not in kinds_of(field):
        for word in ("null", "None", "undefined"):
            assert said(call(tool, {**least, argument: word})) == said(call(tool, least))


@pytest.mark.parametrize(
    ("tool", "argument", "meant", "spellings"),
    [
        ("search_entries", "sort", "newest", ["newest_first", "Newest first"]),
        ("list_feeds", "sort", "newest_entry", ["newest", "newest-first"]),
        ("list_feeds", "status", "any", ["all", "ALL"]),
        ("latest_entries", "detail", "titles", ["title"]),
        ("latest_entries", "detail", "excerpts", ["Excerpt"]),
        ("latest_entries", "max_chars", 2000, ["2,000", "2 000", "2_000"]),
        ("search_entries", "feed", None, ["all", "any", "*"]),
        ("fetch_article", "article", 1, ["planet://entries/1", "entry 1", "#1"]),
    ],
)
def test_what_can_mean_one_thing_only_is_taken_so(
    call: Call, tool: str, argument: str, meant: Any, spellings: list[str]
) -> None:
    arguments = {"since": "2000"} if tool == "latest_entries" else {}
    answer = said(call(tool, {**arguments, argument: meant}))
    for spelling in spellings:
        asked = said(call(tool, {**arguments, argument: spelling}))
        assert [str(part).replace(f'{argument}="{spelling}", ', "") for part in asked] == [
            *map(str, answer)
        ]


@pytest.mark.parametrize("query", ["null", "none", "[1]", "true", '["Post"]'])
def test_text_that_looks_like_something_else_is_text(call: Call, query: str) -> None:
    for tool in ("search_entries", "list_feeds"):
        assert "total" in (checked(call(tool, {"query": query})).structured_content or {})
    assert call("search_entries", {"query": query}) != call("search_entries", {})


@pytest.mark.parametrize("tool", ARGUMENTS)
@pytest.mark.parametrize("value", [None, "", 1])
def test_an_unknown_argument_is_refused_whatever_it_is(call: Call, tool: str, value: Any) -> None:
    result = checked(call(tool, {**required_by(tool), "max_words": value}))
    assert result.is_error
    assert "unknown argument 'max_words'; known are " in str(result.content)


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("search_entries", {"limit": 51}, "limit: should be less than or equal to 50 (got 51)"),
        ("search_entries", {"limit": "many"}, "limit: should be a valid integer"),
        ("search_entries", {"limit": True}, "limit: should be a valid integer"),
        ("search_entries", {"limit": [5, 6]}, "limit: should be a valid integer"),
        ("search_entries", {"sort": "newest last"}, "sort: should be 'relevance' or 'newest'"),
        ("search_entries", {"sort": "new"}, "sort: should be 'relevance' or 'newest'"),
        ("latest_entries", {"max_chars": "1,00"}, "max_chars: should be a valid integer"),
        ("search_entries", {"cursor": "2"}, "'2' is no cursor, or only a part of one."),
        ("latest_entries", {"watermark": "2026-11-01"}, "'2026-11-01' is not a watermark."),
        ("fetch_article", {"article": "planet://feeds/1"}, "is neither an entry id nor"),
        ("remove_feeds", {"feeds": "all"}, "No feed fits 'all'"),
        ("search_entries", {"sort": "oldest"}, "sort: should be 'relevance' or 'newest'"),
        ("search_entries", {"author": ["Ada", "Bo"]}, "author: should be a valid string"),
        ("latest_entries", {"max_chars": "999"}, "max_chars: should be greater than or equal"),
        ("latest_entries", {"since": "some day"}, "an age (36h, 7d, 4w"),
        ("fetch_article", {"article": None}, "article is required"),
        ("fetch_article", {}, "article is required"),
        ("fetch_article", {"article": 1, "refresh": "maybe"}, "refresh: should be a valid boolean"),
        ("add_feeds", {"urls": ""}, "urls is required"),
        ("add_feeds", {"urls": [None]}, "urls is required"),
        ("remove_feeds", {"feeds": True}, "No feed fits 'true'"),
        ("remove_feeds", {"feeds": "[1, 2"}, "No feed fits '[1, 2'"),
    ],
)
def test_other_values_are_refused_with_what_is_allowed(
    call: Call, tool: str, arguments: dict[str, Any], says: str
) -> None:
    result = checked(call(tool, arguments))
    assert result.is_error
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert says in block.text


# ---------------------------------------------------------------------------------- search strings
PIECES = (
    *("C++", "C#", ".NET", "f-string", "don't", "3.14", "@dataclass", "list[int]", "x_1", "a/b"),
    *("AND", "OR", "NOT", "NEAR", "NEAR(a b, 2)", "{title text}:", "title:", "^", "*", "a*", "*a"),
    *(
        "-",
        "-a",
        "--",
        "+",
        "(",
        ")",
        "((",
        '"',
        '""',
        '"a',
        "'",
        "''",
        ";",
        "--x",
        "/*",
        "\\",
        "%",
    ),
    *(
        "_",
        "\0",
        "\u200b",
        "\u202e",
        "İ",
        "ß",
        "\ufb01",
        "e\u0301",
        "日本語",
        "한국어",
        "\ufeff",
        "\n",
    ),
    *("👩\u200d💻", "\U000e0041", "\t", "\x1b[31m", "a" * 300, "OR OR", "- OR -", "?", "?1", ":a"),
    *("DROP TABLE feeds", "$a", "@a", "a:b"),
)


@given(st.lists(st.sampled_from(PIECES) | TEXTS, max_size=12), st.sampled_from([" ", ""]))
@settings(ANYTHING, max_examples=300)
@example(["a"] * 5_000, " ")
@example(['"'] * 9_999, "")
@example(["(" * 5_000, "a", ")" * 4_000], "")
@example(["NEAR(" * 1_000, "a", ")" * 1_000], "")
@example(["a OR "] * 2_000, "")
@example(["-a "] * 3_000, "")
def test_no_search_string_is_an_error(call: Call, pieces: list[str], between: str) -> None:
    query = between.join(pieces)
    result = checked(call("search_entries", {"query": query[:10_000]}))
    assert not result.is_error


def test_odd_words_can_be_searched_for_together(call: Call) -> None:
    pairs = itertools.product(PIECES, repeat=2)
    for one, other in itertools.islice(pairs, 0, None, 11):
        assert not checked(call("search_entries", {"query": f"{one} {other}"})).is_error


@pytest.mark.parametrize("name", ["author", "tag", "feed"])
@given(word=st.sampled_from(PIECES) | TEXTS)
@settings(ANYTHING, max_examples=60)
def test_a_name_may_be_any_text(call: Call, name: str, word: str) -> None:
    checked(call("search_entries", {"query": "post", name: word}))


def test_the_corpus_was_there_all_the_time(call: Call) -> None:
    found = call("search_entries", {"query": "C++"}).structured_content
    assert found is not None
    assert found["total"] >= 30
