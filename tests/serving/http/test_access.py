"""Whose requests an HTTP server answers."""

from pathlib import Path

import pytest
from starlette.datastructures import Headers

from planet_mcp.errors import SettingsError
from planet_mcp.serving.http import Access, access_for
from planet_mcp.settings import load

TOKEN = "a-token-that-nobody-guesses-0123456789"


def access(host: str = "127.0.0.1", *names: str) -> Access:
    return access_for(load(token=TOKEN, allowed_hosts=names), host)


@pytest.mark.parametrize(
    ("authority", "known"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("localhost.:8000", True),
        ("[::1]:8000", True),
        ("planet.example.org", True),
        ("Planet.Example.org:443", True),
        ("feeds.example.org:8000", True),
        ("feeds.example.org", False),
        ("feeds.example.org:80", False),
        ("", False),
        ("evil.example", False),
        ("planet.example.org.evil.example", False),
        ("127.0.0.1:x.evil.example", False),
        ("127.0.0.1:8000@evil.example", False),
        ("evil.example/127.0.0.1", False),
        ("127.0.0.1, evil.example", False),
        ("[::1", False),
        ("::1", False),
        ("192.0.2.1:8000", False),
    ],
)
def test_only_names_of_the_server_are_known(authority: str, known: bool) -> None:
    assert (
        access("127.0.0.1", "planet.example.org", "Feeds.example.org:8000").knows(authority)
        is known
    )


@pytest.mark.parametrize(
    ("origin", "trusted"),
    [
        ("http://localhost:8000", True),
        ("https://planet.example.org", True),
        ("http://localhost:3000", False),
        ("http://localhost", False),
        ("http://127.0.0.1:8000", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("file://localhost:8000", False),
        ("http://localhost:8000.evil.example", False),
    ],
)
def test_only_pages_of_the_server_or_of_an_allowed_name_may_ask(origin: str, trusted: bool) -> None:
    assert (
        access("127.0.0.1", "planet.example.org").trusts(origin, host="localhost:8000") is trusted
    )


@pytest.mark.parametrize(
    ("authorization", "admitted"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (f"Basic {TOKEN}", False),
        (TOKEN, False),
        ("Bearer", False),
        ("Bearer ", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Bearer {TOKEN}x", False),
        ("Bearer ungültig", False),
        ("", False),
    ],
)
def test_the_token_is_asked_for_exactly(authorization: str, admitted: bool) -> None:
    headers = Headers({"Authorization": authorization})
    assert access().admits(headers) is admitted


def test_without_a_token_all_of_this_machine_are_admitted() -> None:
    assert access_for(load(), "::1").admits(Headers())


def test_the_address_that_is_listened_on_is_a_name() -> None:
    assert access("192.0.2.1").knows("192.0.2.1:8000")
    assert access("2001:db8::1").knows("[2001:db8::1]:8000")
    assert not access("0.0.0.0").knows("0.0.0.0:8000")


def test_of_all_addresses_the_one_that_was_come_to_is_a_name() -> None:
    everywhere = access("0.0.0.0")
    assert everywhere.knows("192.0.2.1:8000", local="192.0.2.1")
    assert access("::").knows("[2001:db8::1]:8000", local="2001:db8::1")
    assert not everywhere.knows("192.0.2.2:8000", local="192.0.2.1")
    assert not everywhere.knows("evil.example", local="192.0.2.1")
    assert not access("127.0.0.1").knows("192.0.2.1", local="192.0.2.1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "planet.example.org"])
def test_other_machines_are_served_with_a_token_alone(host: str) -> None:
    with pytest.raises(SettingsError, match="PLANET_MCP_TOKEN or --token-file"):
        access_for(load(), host)


def test_the_token_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert access_for(load(token_file=file, token="another"), "0.0.0.0").token == TOKEN


@pytest.mark.parametrize(
    "content", ["", "  \n", "two words", "a\nb", "ümlaut", "a=b", "=x", "x" * 5000]
)
def test_a_token_that_no_header_can_carry_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"--token-file .*token_urlsafe") as refusal:
        access_for(load(token_file=file), "127.0.0.1")
    assert not content.strip() or content.strip() not in str(refusal.value)


def test_a_token_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        access_for(load(token_file=tmp_path / "missing"), "127.0.0.1")


def test_a_short_token_is_warned_of_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    access_for(load(token="s3cret"), "127.0.0.1")
    assert "short" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("name", ["*", "*.example.org", "https://planet.example.org", "a b", ""])
def test_names_that_are_no_names_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="--allowed-host"):
        access("127.0.0.1", name)


def test_settings_do_not_show_the_token() -> None:
    assert TOKEN not in repr(load(token=TOKEN))
