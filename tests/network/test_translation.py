"""Every error that the libraries below know of becomes one of ours."""

import inspect
import socket
import ssl
from types import ModuleType

import h11
import httpcore
import httpx
import pytest

from planet_mcp.errors import FetchError
from planet_mcp.network import Limits
from planet_mcp.network.translation import KINDS, translated

LIBRARIES = (httpx, httpcore, h11)


def errors_of(module: ModuleType) -> set[type[Exception]]:
    found = {each for _, each in inspect.getmembers(module, inspect.isclass)}
    return {each for each in found if issubclass(each, Exception)}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.__name__)
def test_the_table_has_every_error_of_a_library_and_no_other(library: ModuleType) -> None:
    listed = {each for each in KINDS if each.__module__.partition(".")[0] == library.__name__}

    assert listed == errors_of(library)


@pytest.mark.parametrize(
    "error",
    [
        *(ssl.SSLError(1, "x"), ssl.SSLEOFError(8, "x"), ssl.SSLCertVerificationError(1, "x")),
        *(socket.gaierror(-2, "x"), socket.herror(1, "x"), ConnectionResetError(104, "x")),
        *(BrokenPipeError(32, "x"), UnicodeError("label empty or too long"), TimeoutError()),
        *(httpcore.ReadError(), httpcore.RemoteProtocolError("it: what the server sent")),
        *(h11.LocalProtocolError("x"), httpx.InvalidURL("x"), httpx.StreamClosed()),
    ],
    ids=repr,
)
def test_an_error_of_a_library_below_is_a_fetch_error_in_one_sentence(error: Exception) -> None:
    with pytest.raises(FetchError) as caught, translated("http://example.org/", Limits()):
        raise error

    assert str(caught.value).startswith("http://example.org/ ")
    assert str(caught.value).endswith(".")
    assert "what the server sent" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_what_is_no_error_of_a_library_passes() -> None:
    with pytest.raises(KeyError), translated("http://example.org/", Limits()):
        raise KeyError("a fault of ours")
