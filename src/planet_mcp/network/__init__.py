"""Reaching out, guarded: addresses, HTTP, turns of domains, robots.txt.

In: a URL. Out: a document, or an error that says whose fault it is.
Only this room knows httpx and httpcore.
"""
