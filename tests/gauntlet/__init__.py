"""Minutes of hostile input: addresses, answers, documents, faults. `pytest -m gauntlet` runs it."""
