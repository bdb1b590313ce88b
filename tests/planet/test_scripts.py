"""Words of any script are found, alone and beside others, and shown as they were written."""

from collections.abc import AsyncIterator

import pytest

from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from tests.conftest import planet_of_posts
from tests.support.documents import Post

pytestmark = pytest.mark.anyio

POSTS = [
    Post(
        "zh",
        "<p>我们用FastAPI写了一个服务，部署在云上。全文搜索是一个难题。</p>",
        tags=("机器学习",),
    ),
    Post("ja", "<p>今日はasyncioで非同期処理を書きました。便利です。</p>", author="山田太郎"),
    Post("ko", "<p>파이썬으로 웹을 만드는 방법을 설명합니다.</p>"),
    Post("th", "<p>วันนี้เราเขียนโปรแกรมด้วยภาษาไพทอน</p>"),
    Post("hi", "<p>आज हम हिन्दी में लिखते हैं।</p>"),
    Post("de", "<p>Die Straße in Łódź heißt Œuvre.</p>"),
    Post("el", "<p>Ο Οδυσσέας και η πόλις.</p>"),
    Post("ru", "<p>Ёлка стоит в лесу, а йогурт нет.</p>"),
    Post("ar", "<p>كَتَبَ أحمد مقالًا عن البرمجة.</p>"),
    Post("he", "<p>שָׁלוֹם לכולם.</p>"),
    Post("wide", "<p>Ｒｕｓｔ and an ﬁle in 𝗯𝗼𝗹𝗱.</p>"),
    Post("en", "<p>Plain words of rust.</p>"),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Let the fixtures of this module live as long as it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def scripts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Planet]:
    """A planet for tests that only read."""
    folder = tmp_path_factory.mktemp("scripts")
    async with planet_of_posts(folder, POSTS, title="世界の新聞") as planet:
        yield planet


async def titles(planet: Planet, query: str, **more: str) -> set[str]:
    hits = (await planet.search_entries(SearchRequest(query, **more))).result.hits  # type: ignore[arg-type]
    return {hit.title for hit in hits}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("fastapi", {"zh"}),
        ("全文搜索", {"zh"}),
        ("搜索", {"zh"}),
        ("云", {"zh"}),
        ("用FastAPI写", {"zh"}),
        ("搜*", {"zh"}),
        ("如何部署全文搜索服务？", {"zh"}),
        ('"全文搜索"', {"zh"}),
        ("非同期", {"ja"}),
        ("asyncio", {"ja"}),
        ("非同期処理について教えてください", {"ja"}),
        ("파이썬", {"ko"}),
        ("설명", {"ko"}),
        ("โปรแกรม", {"th"}),
        ("ไพทอน", {"th"}),
        ("हिन्दी", {"hi"}),
        ("strasse", {"de"}),
        ("STRASSE", {"de"}),
        ("lodz", {"de"}),
        ("oeuvre", {"de"}),
        ("οδυσσεας", {"el"}),
        ("ΠΌΛΙΣ", {"el"}),
        ("елка", {"ru"}),
        ("كتب", {"ar"}),
        ("احمد", {"ar"}),
        ("שלום", {"he"}),
        ("ｒｕｓｔ", {"wide", "en"}),
        ("rust", {"wide", "en"}),
        ("file", {"wide"}),
        ("bold", {"wide"}),
        ("rust -file", {"en"}),
        ("rust -ﬁle", {"en"}),
        ("иогурт", set()),
        ("索搜", set()),
        ("हन्द", set()),
    ],
)
async def test_a_word_is_found_in_any_script(scripts: Planet, typed: str, found: set[str]) -> None:
    assert await titles(scripts, typed) == found


async def test_filters_know_the_scripts_too(scripts: Planet) -> None:
    assert await titles(scripts, "", author="太郎") == {"ja"}
    assert await titles(scripts, "", tag="机器学习") == {"zh"}
    assert await titles(scripts, "搜索", feed="世界の新聞") == {"zh"}
    assert len(await titles(scripts, "新聞")) == 10


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("fastapi", "我们用**FastAPI**写了"),
        ("全文搜索", "**全文搜索**是一个难题。"),
        ("非同期処理の方法", "で**非同期処理**を"),
        ("strasse", "Die **Straße** in"),
        ("lodz", "in **Łódź** heißt"),
        ("οδυσσεας", "Ο **Οδυσσέας** και"),
        ("file", "an **ﬁle** in"),
        ("كتب", "**كَتَبَ** أحمد"),
    ],
)
async def test_a_snippet_shows_the_text_as_it_was_written(
    scripts: Planet, typed: str, shown: str
) -> None:
    (hit,) = (await scripts.search_entries(SearchRequest(typed))).result.hits

    assert shown in hit.snippet
