"""Whether a sheet of answers can be taken for the adapter's own: who spoke, and whether it was heard out.

Apart from what writes sheets, so that a change of this makes no answer anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.engines import fingerprint
from harness.engines.answers import Answer
from harness.errors import AdapterError

_THINKING = re.compile(r"</?(?:think|thinking|thought|reasoning)>|\[/?THINK\]", re.IGNORECASE)
"""Marks that a think block is written between, as chat models have them."""


def unended(sheet: Iterable[Answer]) -> list[str]:
    """Items whose answers were cut at the token limit. How such an answer would have gone on is unknown, and its text
    is scored as it stands."""
    return [answer.item for answer in sheet if answer.stop != "end"]


def thinking(said: Mapping[str, str]) -> list[str]:
    """Items whose answers hold a think block, or half of one.

    Args:
        said: item -> answer, its special tokens written out.
    """
    return [item for item, text in said.items() if _THINKING.search(text)]


def refuse_bare(folder: Path, who: str) -> None:
    """Refuse answers that the bare base gave: whether the adapter spoke belongs to every number taken from a sheet.

    Raises:
        AdapterError: the sheet's fingerprint is the same with and without the adapter, or cannot be read.
    """
    try:
        seen = fingerprint.read(folder)
    except (OSError, ValueError, TypeError) as error:
        raise AdapterError(
            f"{who}: who gave the answers is unknown: {folder / fingerprint.FILE} cannot be read ({error})"
        ) from error
    if not seen.differs:
        raise AdapterError(
            f"{who}: the bare base gave the answers: first-token logits are {seen.bare[:12]} with and without the "
            "adapter; load it and answer again"
        )
