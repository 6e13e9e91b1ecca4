"""A written spec is read back as a run would read it, and its files are put to the data gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import gates
from harness.dataset import checks, registry
from harness.dataset.check import SplitsCheck
from harness.dataset.findings import Checked
from harness.gates import aims, content, evaluation, limits
from harness.metrics import references_score
from harness.spec import load
from harness.spec.objects import Spec


@dataclass(frozen=True, slots=True)
class Found:
    """What the data gates say of the written files."""

    kinds: Counter[str]
    """Kind of finding -> how many."""
    first: dict[str, str]
    """Kind -> file and line of its first one."""
    red: tuple[str, ...]
    """Gates that would refuse the release."""


def read_back(path: Path) -> Spec:
    """The spec, once it is known that a run would take it.

    Raises:
        SpecError, DataError: it would not.
    """
    spec = load.load(path)
    expected = gates.expected(spec)
    aims.check(spec)
    limits.check_kinds(spec)
    sizes = evaluation.sizes(spec, expected)
    content.check(spec, expected, sizes)
    evaluation.check_provable(spec, expected, sizes)
    return spec


def findings(spec: Spec) -> Found:
    """Everything that the data gates find, but for those that need the base's tokenizer.

    Raises:
        DataError: a file cannot be read.
    """
    kinds, first, red = Counter[str](), dict[str, str](), list[str]()
    for gate, name, checked in _checked(spec):
        kinds.update(checked.tally.counts)
        for finding in checked.tally.kept:
            place = f"{finding.path.name}:{finding.line}" if finding.line else finding.path.name
            first.setdefault(finding.kind, place)
        if name not in spec.gates.data.advisory and checked.share < spec.gates.data.threshold(name):
            red.append(gate)
    return Found(kinds, first, tuple(red))


def _checked(spec: Spec) -> Iterator[tuple[str, str, Checked]]:
    chosen = checks.options_of(spec)
    for task in spec.tasks.values():
        for split in task.files:
            subject = f"data.{split}-{task.name}"
            for check in checks.file_checks(task, split):
                yield f"{subject}.{check.name}", check.name, checks.check_file(check.name, task, split, chosen)
            own = references_score.CHECK.name
            yield f"{subject}.{own}", own, references_score.check(task, split, chosen)
        for between in registry.looking_at(SplitsCheck):
            found = checks.check_task(between.name, task, chosen, spec.tasks.values())
            yield f"data.{task.name}.{between.name}", between.name, found
