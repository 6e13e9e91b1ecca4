"""Find a wording in a text, whatever its case, Unicode form, punctuation and line breaks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_WORD = re.compile(r"[^\w]+")


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """NFKC, case-folded, every run of punctuation and white space one blank."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def says(text: str, wording: str) -> bool:
    """Whether `wording` stands in `text` as whole words. An empty wording is said by nothing."""
    wanted = normalise(wording)
    return bool(wanted) and f" {wanted} " in f" {normalise(text)} "
