"""Reduce a text to what a reader sees, so that invisible characters decide nothing."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from harness.text.pattern import later

_CONTROL = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_FORMAT = "\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Soft hyphen, joiners, direction marks, invisible operators, variation selectors, byte order mark."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Fillers and the empty Braille cell: letters and symbols by category, but blank."""

_INVISIBLE = later(f"[{_CONTROL}{_FORMAT}{_BLANK}]")
_UNSEEN = later(rf"[{_CONTROL}{_FORMAT}{_BLANK}\r\x85\u2028\u2029]|[^\S\n]\n")
_LINE_END = later(r"(?<![^\S\n])[^\S\n]*(?:\r\n?|[\n\x85\u2028\u2029])")
_TURN_WORD = later(r"<\|[a-z_]{2,30}\|>(?:assistant\b)?|</?s>|<(?:start|end)_of_turn>")
"""Control tokens of chat templates; left in an answer, they are not part of what it says."""
_PICTURE = later("[\u2600-\u27bf\U0001f1e6-\U0001faff]")
"""Miscellaneous symbols, dingbats and emoji. They count as saying something (a tick, a thumb), unlike other lone
symbols."""
_SOUND_MARK = later("[\u30fc\uff70]")
"""The long-vowel mark of kana: a letter by category, but without a meaning of its own."""


def without_invisible(text: str) -> str:
    """`text` without control and format characters and fillers; white space stays."""
    return text if _INVISIBLE.search(text) is None else _INVISIBLE.sub("", text)


@lru_cache(maxsize=4096)
def visible(text: str) -> str:
    """`text` without invisible characters, white space at line ends and around it; each line end is one newline."""
    if _UNSEEN.search(text) is None:
        return text.strip()
    return _LINE_END.sub("\n", _INVISIBLE.sub("", text)).strip()


def says_something(text: str) -> bool:
    """Whether a text has any content: a letter, a digit or a picture."""
    shown = _SOUND_MARK.sub("", _TURN_WORD.sub("", visible(text)))
    return any(unicodedata.category(sign)[0] in "LN" for sign in shown) or _PICTURE.search(shown) is not None
