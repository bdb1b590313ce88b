"""Flags, variables and defaults are combined, and a wrong value is refused by its name."""

import ipaddress
from datetime import timedelta
from pathlib import Path

import pytest

from planet_mcp.errors import SettingsError
from planet_mcp.settings import Settings, load, unknown_variables

FIELDS = sorted(Settings.model_fields)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FIELDS:
        monkeypatch.delenv(f"PLANET_MCP_{name.upper()}", raising=False)


def test_without_flags_and_variables_the_defaults_hold() -> None:
    settings = load()

    assert isinstance(settings.database, Path)
    assert settings.database.name == "planet.sqlite"
    assert settings.database.is_absolute()
    assert settings.feeds == "planet-python"
    assert settings.refresh == "on"
    assert settings.allow_networks == ()
    assert settings.fetch_any is False
    assert settings.host_delay == 2.0
    assert settings.host_concurrency == 1
    assert settings.log_level == "warning"


GIVEN = [
    ("database", "/srv/planet.sqlite", Path("/srv/planet.sqlite")),
    ("feeds", "none", "none"),
    ("feeds", "/srv/my.opml", "/srv/my.opml"),
    ("refresh", "off", "off"),
    ("allow_networks", "10.0.0.0/8", (ipaddress.ip_network("10.0.0.0/8"),)),
    (
        "allow_networks",
        " 127.0.0.0/8 , ::1/128,",
        (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
    ),
    ("allow_networks", "192.168.1.7", (ipaddress.ip_network("192.168.1.7/32"),)),
    ("fetch_any", "1", True),
    ("fetch_any", "true", True),
    ("fetch_any", "0", False),
    ("host_delay", "0", 0.0),
    ("host_delay", "0.5", 0.5),
    ("host_delay", "3600", 3600.0),
    ("host_concurrency", "64", 64),
    ("log_level", "debug", "debug"),
    ("images", "proxy", "proxy"),
    ("images", "direct", "direct"),
    ("keep", "2y", timedelta(days=730.5)),
    ("keep", "400d", timedelta(days=400)),
    ("keep", " 6 MO ", timedelta(days=182.625)),
    ("keep", "336h", timedelta(days=14)),
]


@pytest.mark.parametrize(("field", "text", "expected"), GIVEN)
def test_a_variable_sets_its_field(
    field: str, text: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PLANET_MCP_{field.upper()}", text)

    assert getattr(load(), field) == expected


@pytest.mark.parametrize(("field", "text", "expected"), GIVEN)
def test_a_flag_sets_its_field_over_the_variable(
    field: str, text: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PLANET_MCP_{field.upper()}", "not a value of anything")

    assert getattr(load(**{field: text}), field) == expected


@pytest.mark.parametrize("field", FIELDS)
def test_a_flag_that_is_not_given_leaves_the_default(field: str) -> None:
    assert load(**{field: None}) == load()


@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_variable_counts_as_unset(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = load()
    monkeypatch.setenv(f"PLANET_MCP_{field.upper()}", "")

    assert load() == defaults


NOT_FILLED_IN = [
    *("${HOME}/p.sqlite", "${workspaceFolder}/p.sqlite", "/srv/${NAME:-x}/p", "{{home}}/p.sqlite"),
    *("$HOME/p.sqlite", "/srv/$NAME/p", "$env:APPDATA\\p.sqlite", "%APPDATA%\\p.sqlite"),
    *('"/srv/p.sqlite"', "'/srv/p.sqlite'", "\u201c/srv/p\u201d", '/srv/p.sqlite"', "`/srv/p`"),
]


@pytest.mark.parametrize("field", ["database", "feeds", "token_file"])
@pytest.mark.parametrize("path", NOT_FILLED_IN)
def test_a_path_that_nobody_filled_in_is_refused_by_name(
    field: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=f"--{field.replace('_', '-')}: "):
        load(**{field: Path(path) if field != "feeds" else path})
    monkeypatch.setenv(f"PLANET_MCP_{field.upper()}", path)
    with pytest.raises(SettingsError, match=f"PLANET_MCP_{field.upper()}: "):
        load()


@pytest.mark.parametrize(
    "path", ["/srv/a$b/p.sqlite", "/srv/100%/p%.sqlite", "/Ada's planet/p", "/$1/p", "/srv/cash$/p"]
)
def test_a_path_may_have_a_dollar_a_per_cent_sign_or_an_apostrophe(path: str) -> None:
    assert load(database=path).database == Path(path)


@pytest.mark.parametrize("field", ["token", "title", "contact", "site_url", "proxy", "keep"])
def test_a_value_that_nobody_filled_in_is_refused_by_name(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PLANET_MCP_{field.upper()}", "${user_config.x}")
    with pytest.raises(SettingsError, match=rf"PLANET_MCP_{field.upper()}: \$\{{user_config.x"):
        load()


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("PLANET_MCP_HOSTDELAY", "did you mean PLANET_MCP_HOST_DELAY?"),
        ("PLANET_MCP_DATABSE", "did you mean PLANET_MCP_DATABASE?"),
        ("planet_mcp_feeds", "did you mean PLANET_MCP_FEEDS?"),
        ("PLANET_MPC_KEEP", "did you mean PLANET_MCP_KEEP?"),
        ("PLANETMCP_READ_ONLY", "did you mean PLANET_MCP_READ_ONLY?"),
        ("PLANET_MCP_NOTHING_LIKE_IT", "docs/settings.md lists them all."),
    ],
)
def test_a_variable_that_is_no_setting_is_named(
    variable: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "1")
    assert f"{variable} is not a setting: {says}" in unknown_variables()


def test_settings_and_other_programs_variables_are_no_mistake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("PLANET_MCP_HOST_DELAY", "PLANET", "PLANETARIUM_HOME", "HOST_DELAY"):
        monkeypatch.setenv(variable, "1")
        assert not [text for text in unknown_variables() if text.startswith(f"{variable} ")]


WRONG = [
    ("refresh", "yes"),
    ("refresh", "ON"),
    ("allow_networks", "intranet"),
    ("allow_networks", "10.0.0.0/40"),
    ("allow_networks", "10.0.0.1/8"),
    ("allow_networks", "127.0.0.0/8;10.0.0.0/8"),
    ("fetch_any", "maybe"),
    ("host_delay", "-1"),
    ("host_delay", "3601"),
    ("host_delay", "nan"),
    ("host_delay", "inf"),
    ("host_delay", "slow"),
    ("host_concurrency", "0"),
    ("host_concurrency", "65"),
    ("host_concurrency", "1.5"),
    ("log_level", "verbose"),
    ("keep", "36h"),
    ("keep", "6d"),
    ("keep", "101y"),
    ("keep", "99999y"),
    ("keep", "for ever"),
]


@pytest.mark.parametrize(("field", "text"), WRONG)
def test_a_wrong_variable_is_refused_by_its_name_and_value(
    field: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PLANET_MCP_{field.upper()}", text)

    with pytest.raises(SettingsError) as caught:
        load()

    assert str(caught.value).startswith(f"PLANET_MCP_{field.upper()}: ")
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(("field", "text"), WRONG)
def test_a_wrong_flag_is_refused_by_its_name_and_value(field: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{field: text})

    assert str(caught.value).startswith(f"--{field.replace('_', '-')}: ")
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "text", "allowed"),
    [
        ("refresh", "yes", "'on' or 'off'"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("host_delay", "9999", "less than or equal to 3600"),
        ("host_concurrency", "0", "greater than or equal to 1"),
    ],
)
def test_the_error_says_what_is_allowed(field: str, text: str, allowed: str) -> None:
    with pytest.raises(SettingsError, match=allowed):
        load(**{field: text})


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANET_MCP_LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as caught:
        load(refresh="maybe")

    assert "--refresh: " in str(caught.value)
    assert "; PLANET_MCP_LOG_LEVEL: " in str(caught.value)


def test_a_flag_that_does_not_exist_is_refused_by_its_name() -> None:
    with pytest.raises(SettingsError, match="--host-speed: "):
        load(host_speed=3)


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = load()

    with pytest.raises(ValueError, match="frozen"):
        settings.refresh = "off"
