"""What HTTP is built on: looking names up, and dialling addresses."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpcore


def system_look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host by the resolver of this machine; blocks.

    Raises:
        OSError: It has none, or nobody knows.
        UnicodeError: It is no name.
    """
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


@dataclass(frozen=True, slots=True)
class Internet:
    """The internet that a web reaches: `look_up` runs in a thread, `backend` dials addresses.

    Without a backend it is httpcore's own.
    """

    look_up: Callable[[str, int], list[str]] = system_look_up
    backend: "httpcore.AsyncNetworkBackend | None" = None
