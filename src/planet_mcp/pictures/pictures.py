"""Fetches pictures once for all readers; who asks names a picture, and never an address."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from planet_mcp.errors import (
    BadResponseError,
    DeadlineError,
    DocumentError,
    FetchError,
    ParseFailedError,
    ParserDiedError,
    PausedError,
    StoreError,
    UnreachableError,
)
from planet_mcp.models import Picture, PictureKey
from planet_mcp.network import Web
from planet_mcp.sandbox import Worker
from planet_mcp.store import Store

logger = logging.getLogger(__name__)

ACCEPT_PICTURE = "image/webp, image/png, image/jpeg, image/gif;q=0.9"
_SERVERS_FAULT = 500
# Errors that say nothing about the picture: no answer in time, or no process to read it.
_PASSING = (UnreachableError, DeadlineError, PausedError, ParseFailedError)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long pictures are kept, and how many are waited for at once.

    After `kept_for` a picture is asked for again; one that could not be had, after `failed_for`, or
    `silent_for` where that was perhaps not its fault.
    """

    kept_for: timedelta = timedelta(days=30)
    failed_for: timedelta = timedelta(days=1)
    silent_for: timedelta = timedelta(hours=1)
    waiting: int = 32


class Pictures:
    """Fetches the pictures of one store."""

    def __init__(
        self,
        store: Store,
        *,
        web: Web,
        worker: Worker,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        self._store = store
        self._web = web
        self._worker = worker
        self._clock = clock
        self._limits = limits or Limits()
        # The pictures that are being fetched.
        self._running: dict[PictureKey, anyio.Event] = {}

    async def fetch(self, key: PictureKey) -> bool:
        """See to it that the store has a picture, if it is named anywhere and can be had.

        Return False if too many are waited for already.
        """
        if not await anyio.to_thread.run_sync(self._is_wanted, key):
            return True
        running = self._running.get(key)
        if running:
            await running.wait()
            return True
        if len(self._running) >= self._limits.waiting:
            return False
        self._running[key] = anyio.Event()
        try:
            # Another call may have fetched it since it was asked whether it is wanted.
            if await anyio.to_thread.run_sync(self._is_wanted, key):
                await self._fetch(key)
        finally:
            self._running.pop(key).set()
        return True

    async def fetch_all(self, keys: Sequence[PictureKey], *, seconds: float) -> None:
        """Fetch pictures, as many as can be had in that time."""
        some = anyio.Semaphore(self._limits.waiting)

        async def fetch(key: PictureKey) -> None:
            async with some:
                try:
                    await self.fetch(key)
                except StoreError as error:
                    logger.warning("A picture cannot be kept: %s", error)

        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                for key in keys:
                    tasks.start_soon(fetch, key)

    async def aclose(self) -> None:
        """End the process that decodes them."""
        await self._worker.aclose()

    def _is_wanted(self, key: PictureKey) -> bool:
        if self._store.read_only:
            return False
        retry_at = self._store.pictures.retry_at(key)
        return retry_at is None or retry_at <= self._clock()

    async def _fetch(self, key: PictureKey) -> None:
        url = await anyio.to_thread.run_sync(self._address_of, key)
        if url is None:
            return
        picture, kept_for = await self._made(key, url)
        now = self._clock()
        await anyio.to_thread.run_sync(
            lambda: self._store.pictures.keep(key, url, picture, now=now, until=now + kept_for)
        )

    def _address_of(self, key: PictureKey) -> str | None:
        """Return where a picture is, if an entry shows one or a feed has one."""
        if key.kind == "face":
            return self._store.pictures.of_feed(key.number)
        for text in self._store.pictures.texts_with(key.number):
            for number, url in wanted_in(text):
                if number == key.number:
                    return url
        return None

    async def _made(self, key: PictureKey, url: str) -> tuple[Picture | None, timedelta]:
        """Return a small picture, or None where there is none to be had, and for how long."""
        limits = self._limits
        try:
            document = await self._web.get(url, accept=ACCEPT_PICTURE)
            with self._web.holding_body():
                return await self._worker.small_picture(document, key.kind), limits.kept_for
        except (FetchError, DocumentError) as error:
            logger.info("There is no picture at %s: %s", url, error)
            return None, limits.silent_for if _may_pass(error) else limits.failed_for


def _may_pass(error: FetchError | DocumentError) -> bool:
    """Return whether an error says nothing about the picture itself."""
    if isinstance(error, BadResponseError):
        is_servers = error.status is None or error.status >= _SERVERS_FAULT
        return is_servers or error.asks_for_a_pause
    return isinstance(error, _PASSING) and not isinstance(error, ParserDiedError)


def wanted_in(markdown: str) -> Iterator[tuple[int, str]]:
    """Return the pictures that a text shows: the `link_key` of each, and its address."""
    from planet_mcp.text.to_html import places_in, render  # deferred: most servers make no pages

    for place, url in places_in(render(markdown, images="proxy").beginning):
        yield place.key, url
