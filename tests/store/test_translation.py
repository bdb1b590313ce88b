"""Whatever SQLite says reaches the reader as one of our errors, with what to do next."""

import inspect
import sqlite3
from pathlib import Path

import pytest

from planet_mcp.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DiskError,
    SlowQueryError,
    StoreError,
)
from planet_mcp.store.db.translation import KINDS, KINDS_EXTENDED, translated

# Constants of the module that are no errors: those of authorizer callbacks, of limits and
# of configuration (docs.python.org/3/library/sqlite3.html#module-constants).
NO_RESULTS = {
    *("OK DENY IGNORE DONE ROW").split(),
    *("ALTER_TABLE ANALYZE ATTACH CREATE_INDEX CREATE_TABLE CREATE_TEMP_INDEX").split(),
    *("CREATE_TEMP_TABLE CREATE_TEMP_TRIGGER CREATE_TEMP_VIEW CREATE_TRIGGER").split(),
    *("CREATE_VIEW CREATE_VTABLE DELETE DETACH DROP_INDEX DROP_TABLE DROP_TEMP_INDEX").split(),
    *("DROP_TEMP_TABLE DROP_TEMP_TRIGGER DROP_TEMP_VIEW DROP_TRIGGER DROP_VIEW").split(),
    *("DROP_VTABLE FUNCTION INSERT PRAGMA READ RECURSIVE REINDEX SAVEPOINT SELECT").split(),
    *("TRANSACTION UPDATE").split(),
}
PREFIX = "SQLITE_"
CODES = {
    name: value
    for name, value in vars(sqlite3).items()
    if name.startswith(PREFIX)
    and name.removeprefix(PREFIX) not in NO_RESULTS
    and not name.startswith(("SQLITE_LIMIT_", "SQLITE_DBCONFIG_", "SQLITE_OK_"))
}
CLASSES = [
    each
    for _, each in inspect.getmembers(sqlite3, inspect.isclass)
    if issubclass(each, Exception) and each.__module__ == "sqlite3"
]


def said_of(error: BaseException) -> StoreError:
    with pytest.raises(StoreError) as caught, translated(Path("planet.sqlite"), query_seconds=5):
        raise error
    assert caught.value.__cause__ is error
    assert str(caught.value).endswith(".")
    return caught.value


def coded(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorcode = code
    return error


def test_the_table_has_all_result_codes_and_no_others() -> None:
    assert len(CODES) > 90
    assert {code for code in CODES.values() if code <= 0xFF} == {*KINDS}
    assert {code & 0xFF for code in CODES.values()} == {*KINDS}
    assert {*KINDS_EXTENDED} <= {*CODES.values()}


@pytest.mark.parametrize("name", CODES)
def test_each_result_code_is_said_in_words(name: str) -> None:
    assert said_of(coded(CODES[name]))


@pytest.mark.parametrize("error", [*CLASSES, MemoryError, OSError])
def test_each_kind_of_error_is_said_in_words(error: type[Exception]) -> None:
    assert len(CLASSES) == 10
    assert "planet.sqlite" in str(said_of(error("what it says")))


@pytest.mark.parametrize(
    ("code", "kind", "advice"),
    [
        (sqlite3.SQLITE_FULL, DiskError, "free some space"),
        (sqlite3.SQLITE_IOERR_WRITE, DiskError, "may be full, over a quota"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseBusyError, "try again"),
        (sqlite3.SQLITE_CORRUPT_VTAB, DamagedDatabaseError, "check --repair"),
        (sqlite3.SQLITE_INTERRUPT, SlowQueryError, "longer than 5 s"),
        (sqlite3.SQLITE_READONLY_ROLLBACK, StoreError, "it will undo that"),
    ],
)
def test_each_kind_of_error_says_what_to_do(code: int, kind: type[StoreError], advice: str) -> None:
    error = said_of(coded(code))
    assert isinstance(error, kind)
    assert advice in str(error)


def test_a_value_of_no_sql_type_is_said_in_words(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(StoreError, match="report it"), translated(tmp_path, query_seconds=5):
        connection.execute("SELECT ?", (object(),))
    connection.close()
    with pytest.raises(StoreError, match="report it"), translated(tmp_path, query_seconds=5):
        connection.execute("SELECT 1")
