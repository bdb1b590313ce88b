"""The log: lines that quote strangers safely, to stderr or a file."""

import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from planet_mcp.errors import SettingsError, redacted

LONGEST_LOG_LINE = 4_000


class LogFormatter(logging.Formatter):
    """Writes each record so that nothing in it can pass for another one, or steer a terminal.

    A record may quote strangers: titles, addresses, texts of errors. It is one line, in which
    what is not printable is escaped; the lines of a traceback are set off. Secrets in addresses
    are left out.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line of a record."""
        return _harmless(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return a traceback, its lines set off."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    {_harmless(line)}" for line in lines)


def _harmless(line: str) -> str:
    text = redacted(line)
    if len(text) > LONGEST_LOG_LINE:
        text = f"{text[:LONGEST_LOG_LINE]}…"
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def log_to(level: str, file: Path | None) -> None:
    """Log to stderr, or append to a file, which may be moved away meanwhile.

    Raises:
        SettingsError: The file cannot be written.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        path = file.expanduser()
        try:
            handler = WatchedFileHandler(path, encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"PLANET_MCP_LOG_FILE: {path}: {error.strerror}.") from error
    when = "%(asctime)s " if file else ""
    handler.setFormatter(LogFormatter(f"{when}%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
