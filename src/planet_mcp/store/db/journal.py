"""SQLite's rollback journal: whether it can undo a whole write (sqlite.org/fileformat2.html)."""

import struct
from pathlib import Path

_MAGIC = bytes.fromhex("d9d505f920a163d7")
_JOURNAL_HEAD = struct.Struct(">8s5I")
_TO_THE_END = 0xFFFFFFFF
_SAMPLED = 200


def is_whole(journal: Path) -> bool:
    """Return whether a rollback journal has all the records that its heads announce, unharmed.

    The format is in section 3. No other module opens a file of SQLite's by itself, and none ever
    the database: to close it would drop SQLite's locks (sqlite.org/howtocorrupt.html, section 2.2).
    """
    size, position = journal.stat().st_size, 0
    with journal.open("rb") as file:
        while position < size:
            file.seek(position)
            head = file.read(_JOURNAL_HEAD.size)
            if position and not any(head[: len(_MAGIC)]):
                return True  # a part that was not synchronised: none of its pages were changed yet
            if len(head) < _JOURNAL_HEAD.size:
                return False
            magic, records, nonce, pages, sector, page = _JOURNAL_HEAD.unpack(head)
            if magic != _MAGIC or not sector or not page:
                return False
            file.seek(position + sector)
            while records and (records != _TO_THE_END or file.tell() < size):
                if not _is_right(file.read(page + 8), page, pages, nonce):
                    return False
                records -= records != _TO_THE_END
            position = -(-file.tell() // sector) * sector
    return True


def _is_right(record: bytes, page: int, pages: int, nonce: int) -> bool:
    """Compare a page of a journal with its checksum, which samples every 200th byte."""
    if len(record) < page + 8 or not 0 < int.from_bytes(record[:4], "big") <= pages:
        return False
    content = record[4 : page + 4]
    total = nonce + sum(content[position] for position in range(page - _SAMPLED, 0, -_SAMPLED))
    return total & 0xFFFFFFFF == int.from_bytes(record[page + 4 :], "big")
