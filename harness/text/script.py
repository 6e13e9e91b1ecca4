"""Chinese text in one script: Traditional characters as Simplified ones, by OpenCC."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from harness.text.pattern import later

if TYPE_CHECKING:
    from opencc import OpenCC

_IDEOGRAPH = later("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]")

_CONVERTED = later("[^\x00\ud800-\udfff]+")
"""Text that the converter, a library in C, accepts: without NUL and without lone surrogates."""


def has_ideographs(text: str) -> bool:
    """Whether any Chinese character is in `text`."""
    return not text.isascii() and _IDEOGRAPH.search(text) is not None


@lru_cache(maxsize=4096)
def simplified(text: str) -> str:
    """`text` with Simplified characters for Traditional ones. Words that only one region uses stay as they are."""
    if not has_ideographs(text):
        return text
    return _CONVERTED.sub(lambda found: str(_converter().convert(found.group())), text)


@cache
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")
