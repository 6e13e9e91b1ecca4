"""Find what to sabotage by its role in the spec, so that no sabotage depends on the names of one release line."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping
from typing import Any

from harness.spec import load
from harness.spec.objects import Spec, Task
from suites.tiny.child import Line

CONTROL = "green"
"""Run id of the release that nobody spoiled: what every sabotage begins from, and is compared with."""


class NoTargetError(Exception):
    """Raised where a spec has nothing that the sabotage could spoil: the message says what is missing."""


def spec_of(line: Line) -> Spec:
    return load.load(line.spec)


def task(line: Line, number: int = 0) -> Task:
    """The candidate's first task, or another one of the candidate's.

    Raises:
        NoTargetError: it has fewer.
    """
    spec = spec_of(line)
    names = spec.adapters[spec.candidate].tasks
    if number >= len(names):
        raise NoTargetError(f"the candidate {spec.candidate} has {len(names)} task, this takes {number + 1}")
    return spec.tasks[names[number]]


def other_adapter(line: Line) -> str:
    """An adapter that is not the candidate, and whose answers are judged.

    Raises:
        NoTargetError: there is none.
    """
    spec = spec_of(line)
    for row in spec.thresholds:
        if row.adapter != spec.candidate and row.split == "benchmark":
            return row.adapter
    raise NoTargetError("no other adapter than the candidate is judged")


def control_verdict(line: Line) -> Any:
    return json.loads((line.out / "runs" / CONTROL / "verdict.json").read_text(encoding="utf-8"))


def made(line: Line) -> str:
    """The first word of the labels of the control run's adapters: the selected experiment, or "given"."""
    if spec_of(line).external:
        return "given"
    selected = control_verdict(line)["selected_experiment"]
    if not selected:
        raise NoTargetError("the untouched release selected no experiment")
    return str(selected)


ROLES: Mapping[str, Callable[[Line], str]] = {
    "made": made,
    "candidate": lambda line: spec_of(line).candidate,
    "task": lambda line: task(line).name,
    "other": other_adapter,
    "other_task": lambda line: spec_of(line).adapters[other_adapter(line)].tasks[0],
}


def fill(line: Line, text: str) -> str:
    """`text` with ``{candidate}`` and the other roles replaced by the names that the line gives them."""
    wanted = {role for _, role, _, _ in string.Formatter().parse(text) if role}
    return text.format(**{role: ROLES[role](line) for role in wanted})
