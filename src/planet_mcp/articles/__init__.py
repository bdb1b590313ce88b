"""An entry or a URL → its full text; and in the background, the full texts of teasers.

In: an entry's id or a page's URL. Out: its article, stored already, the feed's own, or the page's.
Only this room knows when a feed's content will do and when the page is needed.
"""

from planet_mcp.articles.articles import Articles
from planet_mcp.articles.backfill import Backfill, BackfillLimits
from planet_mcp.articles.full_text import FROM_PAGE, FullText

__all__ = ["FROM_PAGE", "Articles", "Backfill", "BackfillLimits", "FullText"]
