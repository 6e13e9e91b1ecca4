"""A gate: one question that a release must answer, known before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rule = Literal["lower_bound", "point", "every", "not_worse"]
"""``lower_bound``: the one-sided lower confidence bound exceeds the threshold. ``point``: the bare value does.
``every``: all n things hold, or the share that the threshold names (loads, checksums, records: no sampling error).
``not_worse``: the lower confidence bound of the mean difference from an earlier release, or from the bare base, exceeds
the threshold, which is minus the margin."""

Outcome = Literal["passed", "failed", "inconclusive", "error", "blocked", "not_run"]


@dataclass(frozen=True, slots=True)
class Gate:
    id: str
    """Dotted and stable: ``eval.multitask.writing.coverage``."""
    check: str
    """The test that judges it: ``threshold`` is ``test_threshold`` in ``test_<area>.py``."""
    label: str
    """The test's parametrized id: ``multitask-writing-coverage``."""
    blocking: bool
    rule: Rule = "every"
    metric: str = ""
    threshold: float = 1.0
    expected: float | None = None
    """The quality that the spec expects of a good adapter, from which its chance to pass is computed; None where it
    expects none."""
    adapter: str = ""
    task: str = ""
    split: str = ""
    experiment: str = ""

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]
