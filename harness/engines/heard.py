"""Check a stored answer sheet: answers that were cut, think blocks, and whether the adapter or the bare base gave them.

A module of its own, so that a change here enters no key of answers and none is generated again.

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
"""Marks of a think block in the output of chat models."""


def unended(sheet: Iterable[Answer]) -> list[str]:
    """Ids of the items whose answers were cut at the token limit. How such an answer would have gone on is unknown; its
    text is scored as it stands."""
    return [answer.item for answer in sheet if answer.stop != "end"]


def thinking(said: Mapping[str, str]) -> list[str]:
    """Ids of the items whose answers hold a think block, or one of its marks.

    Args:
        said: item -> answer, its special tokens written out.
    """
    return [item for item, text in said.items() if _THINKING.search(text)]


def refuse_bare(folder: Path, who: str) -> None:
    """Refuse a sheet whose answers came from the bare base. Every number that is taken from a sheet rests on the
    adapter having answered.

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
