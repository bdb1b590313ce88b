"""Bytes ↔ values, pure: `parse` feeds, `extract` articles, `lists` of feeds, and `syndication`.

In: what a server sent, or what is to be published. Out: values of `models`, or documents.
Only this room knows feedparser, trafilatura and the formats of feeds.
"""
