"""Name the encoding of a text that is not UTF-8, by its bytes: UTF-16, UTF-32, GBK and other East Asian encodings, and
the single-byte ones of the West. A few damaged bytes in a UTF-8 file are not another encoding: they are findings of
their lines."""

from __future__ import annotations

import codecs
import re

_BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"),
         (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip
"""Byte order marks and their encodings. UTF-32 stands before UTF-16, whose mark is the beginning of UTF-32's."""

_FAMILIES = (
    ("GBK", "gb18030", re.compile("[的一是不了在有人我他这中大来上个国和为你到说们请问答什么。]"), 0.1),
    ("Big5", "big5", re.compile("[的一是不了在有人我他這中大來上個國和為你到說們請問答什麼。]"), 0.1),
    ("Shift-JIS", "cp932", re.compile("[\u3041-\u30fa]"), 0.25),
    ("EUC-JP", "euc_jp", re.compile("[\u3041-\u30fa]"), 0.25),
    ("EUC-KR", "cp949", re.compile("[\uac00-\ud7a3]"), 0.85),
    ("Windows-1251", "cp1251", re.compile("[\u0430-\u044f\u0451]{3,}"), 0.5),
    ("KOI8-R", "koi8_r", re.compile("[\u0430-\u044f\u0451]{3,}"), 0.5),
)
"""Name, Python's codec, characters that are frequent in any text of that encoding, and the least share that they must
have of the characters above ASCII. The share is needed since a Korean decoder reads half of the bytes of Chinese as
Hangul, and a Cyrillic one reads the accents of French as letters."""

_LATIN = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][a-z]|[A-Za-z]\x92[a-z]")
"""A byte above ASCII inside a word, as Latin-1 and Windows-1252 have it."""

FEW = 3
"""Spoilt places up to which a file counts as UTF-8 with damage."""


def foreign(head: bytes, whole: bool) -> tuple[str, str] | None:
    """(name of the encoding, mend) where a file's first bytes are text in an encoding other than UTF-8; None where they
    are not."""
    name = _wide(head)
    if name is None:
        if _is_utf8(head, whole):
            return None
        name = _narrow(head)
    return (f"{name} text", f"save it as UTF-8 (iconv -f {name.upper()} -t UTF-8 FILE)") if name else None


def _is_utf8(head: bytes, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, whole)
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str | None:
    """UTF-16 and UTF-32: by their mark, or by a NUL beside nearly every character of ASCII."""
    even, odd = head[0:4096:2], head[1:4096:2]
    if len(odd) < 4:
        return None
    nuls = max(even.count(0), odd.count(0)) / len(odd)
    for mark, name in _BOMS:
        if head.startswith(mark) and (nuls > 0.2 or _decodes(head, name)):
            return name
    if nuls > 0.4 and b"\x00" in head[:4]:
        return "UTF-32" if head[:4].count(0) == 3 else "UTF-16LE" if odd.count(0) > even.count(0) else "UTF-16BE"
    return None


def _decodes(head: bytes, codec: str) -> bool:
    """Whether the bytes decode in `codec` to JSON text: it holds a brace, and over 95 % of its characters are
    printable. So a single line of it among lines of ASCII does not count."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head, False)
    except UnicodeDecodeError:
        return False
    return "{" in text and sum(char.isprintable() or char.isspace() for char in text) > 0.95 * len(text)


def _narrow(head: bytes) -> str | None:
    seen = head.decode("utf-8", "replace")
    spoilt = seen.count("\ufffd")
    sound = sum(char > "\x7f" for char in seen) - spoilt
    if spoilt <= FEW or sound > spoilt:
        return None
    share, name = max((_share(head, codec, own) / least, name) for name, codec, own, least in _FAMILIES)
    if share >= 1:
        return name
    return "Windows-1252" if len(_LATIN.findall(head)) > FEW else None


def _share(head: bytes, codec: str, own: re.Pattern[str]) -> float:
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head, False)
    except UnicodeDecodeError:
        return 0.0
    far = [char for char in text if char > "\x7f"]
    return sum(map(len, own.findall(text))) / len(far) if far else 0.0
