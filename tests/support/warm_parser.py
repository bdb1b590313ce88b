"""A parser process that is ready at once: the fork of one that has loaded all that it needs.

Each test that reads a feed would else wait a third of a second of CPU time for its child process.
Run as a program, this serves forks at a socket, or connects stdin, stdout and stderr to a new one.
What it imports is chosen for that: the connection is as quick as Python can start.
"""

import _socket
import posix
import sys
from pathlib import Path

F_SETSIG = 10
TEXT = "<p>Some <b>words</b> and <code>code</code>.</p>" * 20
FEED = f"""<rss version="2.0"><channel><title>Blog</title><link>http://localhost/</link><item>
<title>Post</title><link>http://localhost/1</link><pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate>
<description><![CDATA[{TEXT}]]></description></item></channel></rss>""".encode()
PAGE = f"<title>Post</title><article>{TEXT}</article>".encode()
PROGRAM = (sys.executable, "-I", "-S", str(Path(__file__)), "connect")


def serve(address: str) -> None:
    """Fork a parser for each connection, until killed."""
    import fcntl
    import gc
    import os
    import signal
    import socket

    from planet_mcp.sandbox.child import main

    _load_all()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            if posix.fork() == 0:
                _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
                for number, descriptor in enumerate(descriptors):
                    posix.dup2(descriptor, number)
                    posix.close(descriptor)
                # Whoever kills the program that is connected kills this.
                fcntl.fcntl(connection, fcntl.F_SETOWN, posix.getpid())
                fcntl.fcntl(connection, F_SETSIG, signal.SIGKILL)
                fcntl.fcntl(connection, fcntl.F_SETFL, fcntl.FASYNC)
                if _is_alone(connection):
                    os._exit(1)
                main()
                os._exit(0)
            connection.close()


def _load_all() -> None:
    """Read a feed and pages, as the first document of each kind loads the libraries it needs."""
    from datetime import UTC, datetime

    from planet_mcp.documents.extract import read_page
    from planet_mcp.documents.parse import discover, parse_feed

    now = datetime.now(UTC)
    parse_feed(FEED, url="http://localhost/feed", content_type="application/rss+xml", now=now)
    discover(PAGE, url="http://localhost/", content_type="text/html", now=now)
    read_page(PAGE, url="http://localhost/", content_type="text/html")


def _is_alone(connection: _socket.socket) -> bool:
    """Return whether the program that is connected was killed before this could be told."""
    try:
        return not connection.recv(1, _socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False


def connect(address: str) -> None:
    """Hand the standard descriptors to a new parser, and stay until its end."""
    connection = _socket.socket(_socket.AF_UNIX)
    connection.connect(address)
    descriptors = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
    connection.sendmsg([b"!"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)])
    for number in range(3):
        posix.close(number)
    connection.recv(1)


if __name__ == "__main__":
    {"serve": serve, "connect": connect}[sys.argv[1]](sys.argv[2])
