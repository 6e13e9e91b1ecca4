"""``[gates.data]``: how the data files are judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from harness.errors import DataError
from harness.spec.table import Table
from harness.spec.values import Chosen, Count, Listed, Pairs, Text

Side = Literal["prompt", "answer", "both"]


@dataclass(frozen=True, slots=True)
class DataGates(Table):
    blocking: bool = True
    """Whether a red check refuses the release."""
    advisory: Chosen[str] = frozenset({"secrets"})
    """Checks that report and never block, by the last part of their gates' ids."""
    allow: Chosen[str] = frozenset()
    """Kinds of findings that are no defect in this data, e.g. ``crlf``."""
    at_least: Annotated[tuple[tuple[str, Annotated[float, Gt(0), Le(1)]], ...], Pairs()] = ()
    """Check -> share of records that must hold; 1 where it is not named."""
    duplicates_of: Listed[Side] = ("prompt", "answer", "both")
    """Sides that are searched for copies inside a file."""
    shingle: Count = 5
    """Words, or characters of scripts without spaces, that make one shingle."""
    similarity: Annotated[float, Ge(0.7), Le(1)] = 0.8
    """Jaccard similarity of two sets of shingles from which one text is a near copy of the other. One in which a
    word or two of many were changed is a near copy however few shingles that leaves."""
    overlap: Annotated[int, Ge(4)] = 8
    """Words in a row that two splits must not share."""
    topic: Text = ""
    """Field that no two splits may share a value of, e.g. ``scenario``; without it ``topic``, where a record has
    one."""
    tokens: bool = False
    """Whether labels are counted with the base model's tokenizer, and items rendered by its chat template."""
    max_line_bytes: Annotated[int, Ge(1024)] = 8 * 2**20
    """Bytes of a line. The default is two million tokens; as objects, the worst of lines takes some 25 times its size
    of memory."""
    max_unpacked_bytes: Annotated[int, Ge(1024)] = 64 * 2**30
    """Bytes that a compressed file may unpack to."""

    def threshold(self, check: str) -> float:
        """The share of records that must hold."""
        return dict[str, float](self.at_least).get(check, 1.0)


@dataclass(frozen=True, slots=True)
class Options(DataGates):
    """Settings of the data checks; hashable, since results are remembered by them."""

    opened: tuple[tuple[str, str], ...] = ()
    """Path -> SHA-256 of what the run opened with, never from the spec: other bytes are not judged in its name."""

    def held(self, path: Path, digest: str) -> None:
        """Refuse a file whose bytes are not those that the run opened with.

        Raises:
            DataError: with both digests.
        """
        before = dict(self.opened).get(str(path), digest)
        if before != digest:
            raise DataError(
                path,
                0,
                f"the run opened with sha256 {before[:12] or 'no file'}, and {digest[:12]} was read: it changed while "
                "the run was under way; run again once it is at rest",
            )


DEFAULT = Options()
