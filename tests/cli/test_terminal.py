"""What people see on a terminal: no marks of Markdown, whole words, and colours only if wanted."""

from planet_mcp.cli.terminal import as_seen

TEXT = r"""2 entries for "task", best first; 1 shown.

[12] A \`TaskGroup\` &lt;b> \*waits\*
Feed: Ada's notes · by Ada
> A **task** is cancelled by its group if another one fails, **which takes some time**.
- [3] One line of the river that is longer than the screen, for it says so much more than others
```
x = "**kept** \*"
```"""


def test_a_terminal_shows_no_marks_and_wraps_at_words() -> None:
    lines = as_seen(TEXT, width=60, styled=False).split("\n")

    assert lines[2] == "[12] A `TaskGroup` <b> *waits*"
    assert "**" not in "".join(lines[:-3])
    assert all(len(line) <= 60 for line in lines)
    assert lines[4].startswith("> A task is cancelled")
    assert lines[5].startswith("> ")
    river = next(number for number, line in enumerate(lines) if line.startswith("- [3]"))
    assert lines[river + 1].startswith("      ")
    assert lines[-3:] == TEXT.split("\n")[-3:]
    assert "\x1b" not in "".join(lines)


def test_what_is_marked_is_bold_and_what_is_quoted_dim() -> None:
    seen = as_seen(TEXT, width=200, styled=True)

    assert "\x1b[1m[12] A `TaskGroup` <b> *waits*\x1b[0m" in seen
    assert "\x1b[2m> A \x1b[1mtask\x1b[0m\x1b[2m is cancelled" in seen
