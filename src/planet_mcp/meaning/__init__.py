"""Search by meaning: fetching a model, encoding entries in the background, encoding questions.

In: the store's entries, a model's folder, questions. Out: vectors in the store, and of questions.
Only this room decides when a model runs; it does so in the sandbox's child process.
"""

from planet_mcp.meaning.encoding import Encoder, EncodingLimits
from planet_mcp.meaning.fetching import fetch_model
from planet_mcp.meaning.questions import NOT_ASKED, Meanings, Understood

__all__ = ["NOT_ASKED", "Encoder", "EncodingLimits", "Meanings", "Understood", "fetch_model"]
