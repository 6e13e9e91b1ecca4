"""Gates of the data files: each file is sound, and no two splits share what they must not."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset import registry
from harness.dataset.check import Check, SplitsCheck, TokenizedCheck
from harness.dataset.checks import file_checks
from harness.gates.gate import Gate
from harness.metrics import references_score
from harness.spec import nearest
from harness.spec.objects import Spec, Task

LEAKAGE = tuple(check.name for check in registry.looking_at(SplitsCheck) if check.leakage)
"""Names of the leakage checks. Their pass holds for the training data that the spec names, and for no other."""

NAMES = frozenset({*registry.BY_NAME, references_score.CHECK.name})
KINDS = registry.KINDS | references_score.CHECK.kinds
"""What ``[gates.data]`` may name: checks, and kinds of what they find."""


def strangers(spec: Spec, task: str) -> tuple[str, ...]:
    """Judged adapters of a task that were trained elsewhere, on data that is not part of the release, so that leakage
    into them cannot be checked."""
    judged = {spec.candidate, *(row.adapter for row in spec.thresholds)}
    of_task = (one for one in spec.adapters.values() if one.name in judged and task in one.tasks)
    return tuple(one.name for one in of_task if one.path is not None)


def unknown_leakage(spec: Spec, adapter: str) -> bool:
    """Whether an adapter may have been trained on the benchmark, and the spec does not make the leakage checks
    advisory."""
    asked = spec.gates.data.blocking and not spec.gates.data.advisory.issuperset(LEAKAGE)
    return asked and any(adapter in strangers(spec, task) for task in spec.adapters[adapter].tasks)


def expected(spec: Spec) -> Iterator[Gate]:
    chosen = spec.gates.data

    def gate(subject: str, check: Check, task: Task, split: str = "") -> Gate:
        return Gate(
            f"data.{subject}.{check.name}",
            check.name,
            subject,
            chosen.blocking and check.name not in chosen.advisory,
            metric=check.name,
            threshold=chosen.threshold(check.name),
            task=task.name,
            split=split,
        )

    for task in spec.tasks.values():
        for split in task.files:
            for check in file_checks(task, split):
                yield gate(f"{split}-{task.name}", check, task, split)
            if task.metrics:
                yield gate(f"{split}-{task.name}", references_score.CHECK, task, split)
            for tokenized in registry.looking_at(TokenizedCheck) if chosen.tokens else ():
                if tokenized.concerns(task, split):
                    yield gate(f"{split}-{task.name}", tokenized, task, split)
    for task in spec.tasks.values():
        for between in registry.looking_at(SplitsCheck):
            yield gate(task.name, between, task)


def unknown_names(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each name in ``[gates.data]`` that is neither a check nor a kind of finding."""
    chosen = spec.gates.data
    given = {"advisory": chosen.advisory, "at_least": dict(chosen.at_least), "allow": chosen.allow}
    for key, names in given.items():
        known = KINDS if key == "allow" else NAMES
        what = "kind of finding" if key == "allow" else "check"
        for name in sorted(names):
            if name not in known:
                yield f"gates.data.{key}", f"unknown {what} {name!r}; {nearest.mend(name, known)}"
