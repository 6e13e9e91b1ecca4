"""Whether a sheet of answers can be taken for the adapter's own: who spoke, and whether it was heard out.

Apart from what writes sheets, so that a change of this makes no answer anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.engines import fingerprint
from harness.engines.answers import Answer
from harness.errors import AdapterError

MOST_CUT = 0.1
"""Share of a sheet's answers that may be cut at the token limit. How such an answer would have gone on is unknown, and
its text is scored as it stands; past one in ten the adapter does not end its answers, whatever they score."""


def unended(sheet: Iterable[Answer]) -> list[str]:
    """Items whose answers were cut at the token limit, where more were than `MOST_CUT`; else none."""
    given = list(sheet)
    cut = [answer.item for answer in given if answer.stop != "end"]
    return cut if len(cut) > MOST_CUT * len(given) else []


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
