"""Width of a text in terminal columns: East Asian characters take two, combining marks none."""

from __future__ import annotations

import unicodedata


def columns_of(text: str) -> int:
    """Columns of a text: two for a wide East Asian character, none for a combining one, one for any other."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def fitting(text: str, width: int) -> int:
    """Number of leading characters of a text that fit into `width` columns, at least one."""
    used = 0
    for position, character in enumerate(text):
        used += columns_of(character)
        if used > width:
            return max(1, position)
    return len(text)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` columns, with an ellipsis where it was cut."""
    return text if columns_of(text) <= width else text[: fitting(text, max(1, width - 1))] + "…"


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` columns, broken at blanks where there are any, anywhere else otherwise.

    Args:
        indent: what the later lines have more than the first one.
    """
    words = text.lstrip(" ")
    first = text[: len(text) - len(words)]
    lines: list[str] = []
    start, line = first, ""
    for word in words.split(" "):
        joined = f"{line} {word}" if line else f"{start}{word}"
        if columns_of(joined) > width and line:
            lines.append(line)
            start = first + indent
            joined = f"{start}{word}"
        line = joined
        while columns_of(line) > width > columns_of(first + indent):
            end = fitting(line, width)
            lines.append(line[:end])
            start = first + indent
            line = f"{start}{line[end:]}"
    return [*lines, line]
