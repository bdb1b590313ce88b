"""The commands that read: search, latest, article, feeds, status, export."""

from typing import Any

import click

from planet_mcp.cli.options import (
    CURSOR,
    FEED,
    FETCH_ANY,
    JSON,
    NETWORK,
    SINCE,
    run_with,
    settings_from,
    show,
)
from planet_mcp.cli.serve import commands
from planet_mcp.settings import Settings

WHOLE_ARTICLE = 40_000


@commands.command("search")
@click.argument("query", nargs=-1)
@FEED
@click.option("--author", help="Only by this author.")
@click.option("--tag", help="Only with this tag.")
@SINCE
@click.option("--until", help="Like --since; a date includes that day.")
@click.option(
    "--sort", type=click.Choice(["relevance", "newest"]), default="relevance", show_default=True
)
@click.option("--limit", type=click.IntRange(1, 50))
@CURSOR
@JSON
@settings_from()
def search_command(
    settings: Settings, *, query: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """Search all entries; without a QUERY, list the newest."""
    text = " ".join(query)
    show(run_with(settings, lambda planet: planet.search_entries(text, **given)), as_json=as_json)


@commands.command("latest")
@click.option("--since", default="7d", show_default=True, help="A date, a time, or an age.")
@FEED
@click.option("--watermark", help="Only what was stored since this earlier answer.")
@click.option(
    "--detail",
    type=click.Choice(["titles", "excerpts", "full"]),
    default="excerpts",
    show_default=True,
)
@click.option("--max-chars", type=click.IntRange(1_000, 40_000), default=8_000, show_default=True)
@CURSOR
@JSON
@settings_from()
def latest_command(settings: Settings, *, since: str, as_json: bool, **given: Any) -> None:
    """Show what is new, by day and feed."""
    show(run_with(settings, lambda planet: planet.latest_entries(since, **given)), as_json=as_json)


@commands.command("article")
@click.argument("entry_or_url")
@click.option("--offset", type=click.IntRange(0), default=0, help="Character to start at.")
@click.option(
    "--max-chars", type=click.IntRange(500, 40_000), default=WHOLE_ARTICLE, show_default=True
)
@click.option("--again", "refresh", is_flag=True, help="Fetch the page even if it is stored.")
@settings_from(FETCH_ANY, *NETWORK)
def article_command(settings: Settings, *, entry_or_url: str, **given: Any) -> None:
    """Print the full text of an entry, by its id, or of a page, by its URL."""
    click.echo(run_with(settings, lambda planet: planet.fetch_article(entry_or_url, **given)))


@commands.command("feeds")
@click.argument("query", default="")
@click.option("--status", type=click.Choice(["ok", "failing", "dormant", "gone"]))
@click.option(
    "--sort",
    type=click.Choice(["title", "newest_entry", "entries"]),
    default="title",
    show_default=True,
)
@click.option("--limit", type=click.IntRange(1, 200))
@CURSOR
@JSON
@settings_from()
def feeds_command(
    settings: Settings, *, query: str, status: str | None, as_json: bool, **given: Any
) -> None:
    """List the feeds that the planet follows."""
    from planet_mcp.models import FeedStatus  # deferred with the rest

    wanted = FeedStatus(status) if status else None
    show(
        run_with(settings, lambda planet: planet.list_feeds(query, status=wanted, **given)),
        as_json=as_json,
    )


@commands.command("export")
@settings_from()
def export_command(settings: Settings) -> None:
    """Print the followed feeds as OPML."""
    click.echo(run_with(settings, lambda planet: planet.export_opml()), nl=False)


@commands.command("status")
@JSON
@settings_from()
def status_command(settings: Settings, *, as_json: bool) -> None:
    """Say how many feeds and entries there are, and when they were last refreshed."""
    show(run_with(settings, lambda planet: planet.status()), as_json=as_json)
