"""A host's configuration file, read and replaced so that nothing in it is ever lost."""

import glob
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from planet_mcp.errors import HostFileError

BOM = "\ufeff"
PRIVATE, SHARED = 0o600, 0o666


class HostFile:
    """A host's configuration file, as it was when it was read."""

    def __init__(self, path: Path) -> None:
        """Read it; a file that does not exist is empty.

        Raises:
            HostFileError: It cannot be read, or is no UTF-8.
        """
        self.path = path
        self._before = self._read()
        try:
            text = (self._before or b"").decode("utf-8")
        except UnicodeDecodeError:
            raise HostFileError(
                f"{path} is not encoded in UTF-8; save it so first. Nothing was changed."
            ) from None
        self._bom = BOM if text.startswith(BOM) else ""
        self.text = text.removeprefix(BOM)

    def replace(self, text: str, *, private: bool, now: datetime, keep: bool = True) -> Path | None:
        """Write another text in one step; returns where the former one is kept, if it is.

        Raises:
            HostFileError: It cannot be written, or somebody else wrote it in the meantime.
        """
        try:
            new = (self._bom + text).encode("utf-8")
            return self._replace(new, private=private, now=now if keep else None)
        except OSError as error:
            raise HostFileError(
                f"{self.path} cannot be written: {error.strerror}. Nothing was changed; "
                "--print shows what to add by hand."
            ) from error

    def backups(self) -> list[Path]:
        """Return the copies that are kept of it, the oldest first."""
        return sorted(self.path.parent.glob(f"{glob.escape(self.path.name)}.backup-*"))

    def restore(self, copy: Path) -> None:
        """Put a copy back in its place.

        Raises:
            HostFileError: It cannot be written.
        """
        target = self.path.resolve()
        try:
            fresh = _write_new(target, f"tmp-{os.getpid()}", copy.read_bytes(), PRIVATE)
            _same_access(target, fresh)
            fresh.replace(target)
            copy.unlink()
        except OSError as error:
            raise HostFileError(f"{self.path} cannot be written: {error.strerror}.") from error

    def remove(self) -> None:
        """Delete it.

        Raises:
            HostFileError: It cannot be deleted.
        """
        try:
            self.path.unlink()
        except OSError as error:
            raise HostFileError(f"{self.path} cannot be removed: {error.strerror}.") from error

    def _replace(self, new: bytes, *, private: bool, now: datetime | None) -> Path | None:
        target = self.path.resolve()  # a symbolic link stays one, and its target is replaced
        target.parent.mkdir(parents=True, exist_ok=True)
        closed = private or self._before is not None
        fresh = _write_new(target, f"tmp-{os.getpid()}", new, PRIVATE if closed else SHARED)
        try:
            return self._take_over(target, fresh, now)
        except BaseException:
            fresh.unlink()
            raise

    def _take_over(self, target: Path, fresh: Path, now: datetime | None) -> Path | None:
        if self._read() != self._before:
            raise HostFileError(f"{self.path} was changed by another program. Try again.")
        backup = None
        if self._before is not None:
            _same_access(target, fresh)
            backup = self._backup(now) if now and self.text.strip() else None
        fresh.replace(target)
        return backup

    def _backup(self, now: datetime) -> Path:
        ending = f"backup-{now:%Y%m%dT%H%M%S}"
        copy = _write_new(self.path, ending, self._before or b"", PRIVATE)
        _same_access(self.path, copy)
        return copy

    def _read(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HostFileError(f"{self.path} cannot be read: {error.strerror}.") from error


def _write_new(beside: Path, ending: str, content: bytes, mode: int) -> Path:
    """Write a new file beside another; returns its path."""
    for number in range(1, 100):
        path = beside.with_name(f"{beside.name}.{ending}{f'-{number}' if number > 1 else ''}")
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            return path
    raise FileExistsError(17, "too many copies are beside it")


def _same_access(old: Path, new: Path) -> None:
    status = old.stat()
    new.chmod(status.st_mode & 0o7777)
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(new, status.st_uid, status.st_gid)
