"""Documents from the web, fetched safely and politely.

In: a URL. Out: a `Document` or `NotModified`, or a `FetchError` that says whose fault it is.
Only this room knows httpx and httpcore, which it loads when something is fetched first.
"""

from planet_mcp.network.access import Access
from planet_mcp.network.h11_guard import mend_h11
from planet_mcp.network.internet import Internet
from planet_mcp.network.limits import Limits
from planet_mcp.network.pauses import Pause
from planet_mcp.network.robots import Robots
from planet_mcp.network.turns import Pace, Turns
from planet_mcp.network.web import Web

__all__ = ["Access", "Internet", "Limits", "Pace", "Pause", "Robots", "Turns", "Web", "mend_h11"]
