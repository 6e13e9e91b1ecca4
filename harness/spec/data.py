"""What ``[gates.data]`` of a release spec may say, and what holds where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from harness.errors import DataError

SIDES = ("prompt", "answer", "both")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of the data checks; hashable, since results are remembered by them."""

    advisory: frozenset[str] = frozenset({"secrets"})
    """Checks that report and never block."""
    allow: frozenset[str] = frozenset()
    """Kinds of findings that are no defect in this data, e.g. ``crlf``."""
    at_least: tuple[tuple[str, float], ...] = field(default=())
    """Check -> share of records that must hold; 1.0 where it is not named."""
    duplicates_of: tuple[str, ...] = SIDES
    """Sides that are searched for copies inside a file."""
    shingle: int = 5
    """Words, or characters of scripts without spaces, that make one shingle."""
    similarity: float = 0.8
    """Jaccard similarity of two sets of shingles from which one text is a near copy of the other."""
    overlap: int = 8
    """Words in a row that two splits must not share."""
    topic: str = ""
    """Field that no two splits may share a value of, e.g. ``scenario``; "" is ``topic``, where a record has one."""
    tokens: bool = False
    """Whether labels are counted with the base model's tokenizer, and items rendered by its chat template."""
    max_line_bytes: int = 8 * 2**20
    """Two million tokens. As objects, the worst of lines takes some 25 times its size of memory."""
    max_unpacked_bytes: int = 64 * 2**30
    """Bytes that a compressed file may unpack to."""

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

    def threshold(self, check: str) -> float:
        return dict(self.at_least).get(check, 1.0)


DEFAULT = Options()


def from_table(table: Mapping[str, Any]) -> Options:
    """The options of a spec's ``[gates.data]``; its shape was checked with the spec."""
    known = {entry.name for entry in fields(Options)} - {"opened"}
    given = {key: value for key, value in table.items() if key in known}
    for key in ("advisory", "allow"):
        if key in given:
            given[key] = frozenset(given[key])
    if "at_least" in given:
        given["at_least"] = tuple(sorted(given["at_least"].items()))
    if "duplicates_of" in given:
        given["duplicates_of"] = tuple(given["duplicates_of"])
    return Options(**given)
