"""A guard on two regular expressions with which h11 reads what strangers send.

They are private to h11, which has no other way to change them. A test compares them with those of
the installed h11, and fails when a new version changes them.
"""

import logging
import re
from typing import Any

logger = logging.getLogger(__name__)

_NAME = rb"(?P<field_name>[-!#$%&'*+.^_`|~0-9a-zA-Z]+)"
_VALUE = rb"(?P<field_value>([^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?)[ \t]*"
# The expressions by their names in `h11._readers`: the pattern of h11 0.16, which takes quadratic
# time for a run of blanks, and one that matches the same in linear time.
SLOW = {
    "header_field_re": (_NAME + rb":[ \t]*" + _VALUE, _NAME + rb":[ \t]*+" + _VALUE),
    "chunk_header_re": (
        rb"(?P<chunk_size>([0-9A-Fa-f]){1,20})(?P<chunk_ext>;.*)?[ \t]*\r\n",
        rb"(?P<chunk_size>([0-9A-Fa-f]){1,20})(?:(?P<chunk_ext>;.*)|[ \t]*)\r\n",
    ),
}


def mend_h11() -> None:
    """Give h11 expressions that take linear time.

    Else a header line with 64 kB of blanks, which any server or client may send, holds up the
    whole process for twelve seconds, and a chunk's extension for four.
    """
    from h11 import _readers  # deferred: a start on stdio needs no HTTP

    mend(_readers)


def mend(readers: Any) -> None:
    """Replace the slow expressions of a module; an unknown one stays, with a warning in the log."""
    for name, (slow, linear) in SLOW.items():
        pattern = getattr(getattr(readers, name, None), "pattern", None)
        if pattern == slow:
            setattr(readers, name, re.compile(linear))
        elif pattern != linear:
            logger.warning(
                "This version of h11 has another %s than planet-mcp knows: long runs of blanks in "
                "HTTP may hold it up. Install an h11 that planet-mcp allows.",
                name,
            )
