"""Articles_."""
