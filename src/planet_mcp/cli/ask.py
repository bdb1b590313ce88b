"""The commands that read: search, latest, article, feeds, status, export."""

from typing import Any

import click

from planet_mcp.cli.options import JSON, NETWORK, request_options, settings_from
from planet_mcp.cli.printing import show
from planet_mcp.cli.running import run_with
from planet_mcp.cli.serve import commands
from planet_mcp.requests import (
    MOST_CHARS,
    CatchUpRequest,
    FeedQuery,
    LatestRequest,
    SearchRequest,
    TrendingRequest,
)
from planet_mcp.settings import Settings


@commands.command("search")
@click.argument("query", nargs=-1)
@request_options(SearchRequest)
@JSON
@settings_from()
def search_command(
    settings: Settings, *, query: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """Search all entries; without a QUERY, list the newest."""
    request = SearchRequest(" ".join(query), **given)
    show(run_with(settings, lambda planet: planet.search_entries(request)), as_json=as_json)


@commands.command("latest")
@request_options(LatestRequest)
@JSON
@settings_from()
def latest_command(settings: Settings, *, as_json: bool, **given: Any) -> None:
    """Show what is new, by day and feed."""
    request = LatestRequest(**given)
    show(run_with(settings, lambda planet: planet.latest_entries(request)), as_json=as_json)


@commands.command("catch-up")
@request_options(CatchUpRequest)
@JSON
@settings_from()
def catch_up_command(settings: Settings, *, as_json: bool, **given: Any) -> None:
    """Show what arrived since this reader last caught up."""
    request = CatchUpRequest(**given)
    show(run_with(settings, lambda planet: planet.catch_up(request)), as_json=as_json)


@commands.command("trending")
@request_options(TrendingRequest)
@JSON
@settings_from()
def trending_command(settings: Settings, *, as_json: bool, **given: Any) -> None:
    """Show what several feeds wrote about or linked to."""
    request = TrendingRequest(**given)
    show(run_with(settings, lambda planet: planet.trending(request)), as_json=as_json)


@commands.command("article")
@click.argument("article", metavar="ENTRY_OR_URL")
@click.option("--offset", type=click.IntRange(0), default=0, help="Character to start at.")
@click.option(
    "--max-chars", type=click.IntRange(500, MOST_CHARS), default=MOST_CHARS, show_default=True
)
@click.option("--again", "refresh", is_flag=True, help="Fetch the page even if it is stored.")
@JSON
@settings_from(*NETWORK)
def article_command(settings: Settings, *, article: str, as_json: bool, **given: Any) -> None:
    """Print the full text of an entry, by its id, or of a page, by its URL."""
    # A person may name any page. (An agent may not: what it reads may tell it an address.)
    settings = settings.model_copy(update={"fetch_any": True})
    answer = run_with(settings, lambda planet: planet.read_article(article, **given))
    show(answer, as_json=as_json)


@commands.command("feeds")
@click.argument("query", default="")
@request_options(FeedQuery, detail="full")
@JSON
@settings_from()
def feeds_command(settings: Settings, *, query: str, as_json: bool, **given: Any) -> None:
    """List the feeds that the planet follows."""
    request = FeedQuery(query, **given)
    show(run_with(settings, lambda planet: planet.list_feeds(request)), as_json=as_json)


@commands.command("export")
@settings_from()
def export_command(settings: Settings) -> None:
    """Print the followed feeds as OPML."""
    # As bytes, since the document says that it is UTF-8, whatever the encoding of stdout.
    click.echo(run_with(settings, lambda planet: planet.export_opml()).encode(), nl=False)


@commands.command("status")
@JSON
@settings_from()
def status_command(settings: Settings, *, as_json: bool) -> None:
    """Print how many feeds and entries there are, and when they were last refreshed."""
    show(run_with(settings, lambda planet: planet.status()), as_json=as_json)
