"""How much is read from a server, and how long it is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one web; times in seconds, sizes in bytes.

    Of a fetch: `seconds` for all its redirects together, without the limiter's waits, `redirects`,
    and of its body `body` bytes once it is unpacked, in at most `chunks` chunks and `gzip_members`
    members of gzip. Of a larger body that is wanted all the same, the last `end` bytes are kept
    beside the first, unless more than `passed_over` come. Of a connection: `lookup_seconds` for
    the name, of whose addresses the first `addresses` are tried for `connect_seconds` each, and
    `head` bytes before the body begins. Of all that share a limiter: `in_flight` requests, and
    `held_bodies` not yet parsed.
    """

    seconds: float = 20.0
    redirects: int = 5
    body: int = 10 * 2**20
    end: int = 2 * 2**20
    passed_over: int = 50 * 2**20
    # Chunks are bounded since each costs time: 10 MB in chunks of a byte would take minutes of CPU.
    chunks: int = 100_000
    # Members are bounded since each costs time; of the usual tools, the finest make one per 64 kB.
    gzip_members: int = 1_000
    lookup_seconds: float = 5.0
    addresses: int = 4
    connect_seconds: float = 5.0
    head: int = 2**17
    connections: int = 64
    in_flight: int = 16
    held_bodies: int = 8
