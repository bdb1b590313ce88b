"""How long the HTTP server waits for its clients, and how much it takes from them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the HTTP server; sizes are in bytes."""

    # Between the opening of a connection, or the last answer on it, and the end of the headers.
    header_seconds: float = 10.0
    body_seconds: float = 10.0
    keep_alive_seconds: int = 30
    # For the calls under way when a signal ends the server.
    grace_seconds: int = 2
    headers: int = 2**14
    body: int = 2**20
    # Requests under way, open `subscriptions/listen` streams among them: each has a connection.
    requests: int = 256
    # Below the 1,024 file descriptors that a process has by default.
    connections: int = 768


DEFAULTS = Limits()
