"""The data checks by name, in the order in which their gates run: of each file, then between the files of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from harness.dataset import characters, counts, duplicates, labels, leakage, rendered, scanned, secrets, template
from harness.dataset.check import Check

CHECKS: tuple[Check, ...] = (
    scanned.ENCODING,
    scanned.PARSE,
    scanned.FIELDS,
    characters.CHECK,
    template.CHECK,
    counts.CHECK,
    duplicates.CHECK,
    secrets.CHECK,
    labels.CHECK,
    rendered.CHECK,
    counts.IDS_UNIQUE,
    leakage.TOPICS_APART,
    leakage.TEXT_APART,
)

BY_NAME: Mapping[str, Check] = {check.name: check for check in CHECKS}

KINDS: frozenset[str] = frozenset().union(*(check.kinds for check in CHECKS))
"""Every kind of finding that there is."""

Kind = TypeVar("Kind", bound=Check)


def looking_at(kind: type[Kind]) -> tuple[Kind, ...]:
    """The checks that look at the same thing: `RecordsCheck`, `ItemsCheck`, `TokenizedCheck` or `SplitsCheck`."""
    return tuple(check for check in CHECKS if isinstance(check, kind))
