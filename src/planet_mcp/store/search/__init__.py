"""Search_."""
