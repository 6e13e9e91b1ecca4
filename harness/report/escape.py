"""Escape text for Markdown and terminals, so that it is shown as it is and nothing in it has an effect.

What comes from data, models or notes cannot leave its table cell, its line or its fence, and cannot become
HTML, a link or a terminal sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_TERMINAL = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?")
_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Bidirectional controls are no control characters to Unicode, but reorder what a reader sees.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "|`*~$\\@[]"} | {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
}
_OUTER_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK_START = re.compile(r"^(\d{0,9})([-+=#.):])")


def clean(text: str) -> str:
    """`text` with plain line breaks and without terminal sequences, control or bidirectional characters."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", _TERMINAL.sub("", text)))


def plain(value: object) -> str:
    """`value` as text, not escaped: booleans as yes or no, None as a dash."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ("" if value is None else str(value)) or "-"


def cell(value: object) -> str:
    """`value` on one line, escaped for Markdown, inside a table or outside of it."""
    text = " ".join(clean(plain(value)).split()).translate(_ENTITIES)
    text = _OUTER_UNDERSCORE.sub("&#95;", text)
    return text.replace("://", "&#58;//").replace("www.", "www&#46;") or "-"


def fenced(text: str) -> str:
    """`text` in a fence that is longer than any run of backticks inside it."""
    kept = clean(text)
    longest = max((len(run) for run in re.findall("`+", kept)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{kept}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of escaped cells; "" where there is no row."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines]) if lines else ""


def bullets(lines: Iterable[str]) -> str:
    """A list of escaped lines. Signs that would open a heading, list or rule inside a bullet are escaped, too."""
    guarded = (_BLOCK_START.sub(lambda found: f"{found[1]}&#{ord(found[2])};", text) for text in lines)
    return "\n".join(f"- {text}" for text in guarded)
