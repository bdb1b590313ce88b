"""A picture that an entry or a feed names → a small one of ours, fetched when it is first wanted.

In: which picture. Out: nothing; it is in the store, or that it cannot be had.
Only this room knows which addresses are pictures, and when one is asked for again.
"""

from planet_mcp.pictures.pictures import Limits, Pictures, wanted_in

__all__ = ["Limits", "Pictures", "wanted_in"]
