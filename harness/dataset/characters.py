"""Find characters that are invisible or that a wrong decoding left behind. A model that is trained on them learns to
write them.

What a script or an emoji needs is spared: joiners in Persian and Hindi, marks of direction beside Hebrew and Arabic,
the parts of a flag, the spaces without width of Khmer and Thai.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from harness.dataset.check import RecordsCheck
from harness.dataset.findings import Finding, quote
from harness.dataset.line import Record, texts
from harness.text.pattern import later

_JOINED = "\u0590-\u1cff\u200c\u200d\ua840-\uabff\ufb1d-\ufefc\U00010a00-\U00011fff\U0001e800-\U0001efff"
"""Scripts between Hebrew and Vedic, in which joiners, and spaces without width, part and shape letters."""
_PICTURE = "\u203c-\u3299\ufe0f\u20e3\U0001f000-\U0001faff"
_RTL = later("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_FLAG = later("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f")
"""A black flag, the letters of a part of a country, and the end (Unicode Technical Standard 51)."""

_INVISIBLE = later(
    "[\u00ad\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]"
    f"|(?<![{_JOINED}])\u200b|\u200b(?![{_JOINED}])"
    f"|(?<![{_JOINED}{_PICTURE}])[\u200c\u200d]"
    f"|(?<![{_PICTURE}#*0-9\u00a9\u00ae\u3400-\u9fff\u1800-\u18af\u1000-\u109f])[\ufe00-\ufe0f]"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
    "|[\U000e0000-\U000e007f]"
)
_TURNING = later("[\u202d\u202e]")
_DIRECTED = later("[\u200e\u200f\u061c\u202a-\u202c\u2066-\u2069]")

_LOST = later("\ufffd{2,}|\\w\ufffd|\ufffd\\w|\u951f\u65a4\u62f7|(?:\u70eb){4}|(?:\u5c6f){4}")
"""More than one character that could not be decoded, or one inside a word; and what they become when that is saved in
GBK, or memory that nobody had written to."""

_BYTE = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
"""The bytes 0x80 to 0xBF as Latin-1 and Windows-1252 decode them."""
_CERTAIN = later(
    "\u00c3[\u0080-\u00aa\u00ac-\u00ba\u00bc-\u00bf\u2030\u0153\u0178\u0161\u0192\u2020\u2021]"
    f"|\u00c2[\u00a0-\u00aa\u00ac-\u00ba\u00bc-\u00bf]|\u00e2\u20ac[{_BYTE}]|\u00ef\u00bf\u00bd|\u00f0\u0178[{_BYTE}]{{2}}"
)
_LIKELY = later(f"(?:[\u00c2-\u00df][{_BYTE}]|[\u00e0-\u00ef][{_BYTE}]{{2}}|[\u00f0-\u00f4][{_BYTE}]{{3}}){{2,}}")
"""UTF-8 that was decoded as Latin-1 or Windows-1252: letters whose bytes are valid UTF-8, twice in a row. No language
writes such a sequence."""
_UNSPACED = later("[\u3040-\u30ff\u3400-\u9fff\ue000-\uf8ff]{6,}")
_FEWEST = 3
"""Fewest ideographs that a run must give when its GBK bytes are decoded as UTF-8, for it to count as wrongly
decoded."""


@dataclass(frozen=True, slots=True)
class CharactersCheck:
    """A check of single records: invisible and wrongly decoded characters in every text, keys included, one finding a
    kind."""

    name: str = "characters"

    def findings(self, path: Path, line: int, record: Record) -> Iterator[Finding]:
        if _ascii(record):
            return
        for field, text in texts(record):
            if not text.isascii():
                for kind, problem, found in defects(text):
                    yield Finding(path, line, field, problem, kind, 0, quote(found))


def defects(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind of finding, what is wrong, and the part of the text around the first such place."""
    shown = _FLAG.sub("\U0001f3f4", text)
    for kind, what, found in (
        ("invisible", "holds {sign}, which nobody sees", _INVISIBLE.search(shown)),
        ("direction", "holds {sign}, which turns the order of what is seen", _turned(shown)),
        ("lost-characters", "holds {sign}, left where something could not be decoded", _LOST.search(shown)),
        ("mojibake", "holds {sign}, UTF-8 that was read in another encoding", _misread(shown)),
    ):
        if found is not None:
            signs = " ".join(f"U+{ord(sign):04X}" for sign in found.group()[:4])
            around = shown[max(0, found.start() - 10) : found.end() + 10]
            yield kind, f"{what.format(sign=signs)} ({quote(around)}); write what was meant", around


def _turned(text: str) -> re.Match[str] | None:
    """The first misplaced direction mark of a text: an override anywhere, any other mark only where no letter runs from
    right to left."""
    return _TURNING.search(text) or (None if _RTL.search(text) else _DIRECTED.search(text))


def _misread(text: str) -> re.Match[str] | None:
    found = _CERTAIN.search(text) or _LIKELY.search(text)
    if found is not None:
        return found
    return next((run for run in _UNSPACED.finditer(text) if _gbk_of_utf8(run.group())), None)


def _gbk_of_utf8(run: str) -> bool:
    """Whether ideographs are UTF-8 that was decoded as GBK: their GBK bytes, decoded as UTF-8, are ideographs again.

    Two ideographs of UTF-8 take the bytes of three characters of GBK; of a long run only the beginning is tried.
    """
    try:
        raw = run[:30].encode("gb18030")
    except UnicodeEncodeError:
        return False
    read = raw[: len(raw) // 3 * 3].decode("utf-8", "replace")
    good = sum("\u3000" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uff5e" for sign in read)
    return good >= _FEWEST and good >= 0.8 * len(read)


def _ascii(record: Record) -> bool:
    try:
        return orjson.dumps(record).isascii()
    except TypeError:  # half a character, which the encoding check accuses
        return False


CHECK = RecordsCheck(
    name="characters",
    holds="No text holds signs that nobody sees, marks that turn its order, or what a wrong decoding left.",
    kinds=frozenset({"invisible", "direction", "lost-characters", "mojibake"}),
    start=lambda task, template: CharactersCheck(),
)
