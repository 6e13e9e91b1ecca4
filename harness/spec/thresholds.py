"""``[[gates.eval]]``: what one adapter must exceed on one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.spec.policy import Rule
from harness.spec.table import Table, columns
from harness.spec.values import Name, Share


@dataclass(frozen=True, slots=True)
class Row(Table):
    adapter: Name
    """Whose answers are judged."""
    task: Name
    """A task, or all: the adapter's tasks pooled."""
    above: Mapping[str, Share]
    """Metric -> threshold that it must exceed."""
    expected: Mapping[str, Share] = field(default_factory=dict)
    """Metric -> value that is hoped for, from which ``--plan`` computes the chance to pass."""
    split: Literal["benchmark", "parity"] = "benchmark"
    """Whose items are asked."""
    blocking: bool | None = None
    """Whether a red gate refuses the release; without it, where the row is about the candidate on the benchmark."""
    rule: Rule | None = None
    """What must exceed the threshold; without it the policy's rule, and the bare value on ``parity``."""

    def settled(self, rule: Rule, candidate: str) -> Thresholds:
        """The row with its defaults filled in.

        Args:
            rule: the policy's.
        """
        parity = self.split == "parity"
        blocking = self.adapter == candidate and not parity if self.blocking is None else self.blocking
        own: Rule = self.rule or ("point" if parity else rule)
        return Thresholds(**{**columns(self), "blocking": blocking, "rule": own})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds(Row):
    """A row with all defaults filled in."""

    blocking: bool
    rule: Rule
