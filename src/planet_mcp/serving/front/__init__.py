"""The front: over stdio, what a host asks first is answered while the server is still loading.

In: the command line, stdin and stdout, and answers that were recorded when the package was built.
Out: the conversation so far, whole: the server reads all of it again, but does not send what is
answered already. At the first message that is not exactly as recorded the front ends, and the
server answers as it would without one.

Only this room is loaded before everything else: nothing here may import more than it needs.
"""

from planet_mcp.serving.front.conversation import Conversation
from planet_mcp.serving.front.descriptors import claim_descriptors, is_pipe, on_signals
from planet_mcp.serving.front.opening import begin, explain, has_begun, take_over

__all__ = [
    "Conversation",
    "begin",
    "claim_descriptors",
    "explain",
    "has_begun",
    "is_pipe",
    "on_signals",
    "take_over",
]
