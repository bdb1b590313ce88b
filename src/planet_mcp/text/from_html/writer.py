"""The one place that knows html-to-markdown: clean HTML in, Markdown out."""

import json

import html_to_markdown

# Options made from JSON are values of the library's own, which it need not convert at each call.
_OPTIONS = html_to_markdown.ConversionOptions.from_json(
    json.dumps(
        {
            "autolinks": False,
            "bullets": "-",
            "compact_tables": True,
            "expand_abbreviations": False,
            "extract_metadata": False,
            "hidden_content": "all",
            "highlight_style": "none",
            "include_blockquote_citations": False,
        }
    )
)


def write(html: str) -> str:
    """Write HTML that holds nothing but what Markdown has as Markdown."""
    return html_to_markdown.convert(html, _OPTIONS).content or ""
