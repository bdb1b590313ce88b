"""A guard on the regular expressions with which h11 reads what strangers send."""

import re

# Those of h11 0.16 that take quadratic time for a run of blanks, and how to mend each.
_SLOW = {
    "header_field_re": (rb":[ \t]*(", rb":[ \t]*+("),
    "chunk_header_re": (rb"(?P<chunk_ext>;.*)?[ \t]*", rb"(?:(?P<chunk_ext>;.*)|[ \t]*)"),
}


def mend_h11() -> None:
    """Give h11 expressions that match the same and take linear time.

    Else a header line with 64 kB of blanks, which any server or client may send, holds up the
    whole process for twelve seconds, and a chunk's extension for four. An h11 that has other
    expressions stays as it is.
    """
    from h11 import _readers as readers  # deferred: a start on stdio needs no HTTP

    for name, (slow, linear) in _SLOW.items():
        expression = getattr(readers, name, None)
        if expression is not None:
            setattr(readers, name, re.compile(expression.pattern.replace(slow, linear, 1)))
