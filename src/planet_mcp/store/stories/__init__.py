"""Stories_."""
