"""What a release plans to do, in numbers of items, adapters and experiments; larger ones are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.dataset.checks import items_of
from harness.spec.objects import Spec

MOUNT_PROBES = 6
"""Benchmark items of each task whose references prove a mount (`fixtures.mounts`)."""


@dataclass(frozen=True, slots=True)
class Plan:
    train: Mapping[str, int]
    """Task -> training items."""
    dev: Mapping[str, int]
    benchmark: Mapping[str, int]
    parity: Mapping[str, int]
    adapters: Mapping[str, tuple[str, ...]]
    """Adapter -> its tasks."""
    candidate: str
    judged: tuple[tuple[str, str], ...]
    """(adapter, task) pairs whose benchmark is answered."""
    mounts: tuple[str, ...]
    """Adapters whose mount is proved."""
    epochs: tuple[int, ...]
    """Of each experiment."""
    batch: int
    """Answers that are asked together."""
    noise: int
    """Items of each task that are asked again in other batches."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The candidate's."""
        return self.adapters[self.candidate]


def of(spec: Spec) -> Plan:
    """The plan of a spec."""

    def sizes(split: str) -> dict[str, int]:
        return {name: len(items_of(task, split)) for name, task in spec.tasks.items() if split in task.files}

    pairs = {
        (row.adapter, task): None
        for row in spec.thresholds
        if row.split == "benchmark"
        for task in spec.tasks_of(row.adapter, row.task)
    }
    mounts = (spec.gates.bnb and spec.gates.bnb.mounts) or (spec.candidate,)
    return Plan(
        train=sizes("train"),
        dev=sizes("dev"),
        benchmark=sizes("benchmark"),
        parity=sizes("parity"),
        adapters={name: one.tasks for name, one in spec.adapters.items()},
        candidate=spec.candidate,
        judged=tuple(pairs),
        mounts=tuple(mounts),
        epochs=tuple(one.epochs for one in spec.experiments),
        batch=spec.batch_size,
        noise=spec.noise_sample,
    )


def with_training_items(plan: Plan, number: int) -> Plan:
    """So many training items in all, the tasks in their proportion."""
    return replace(plan, train=_scaled(plan.train, number))


def with_judged_items(plan: Plan, number: int) -> Plan:
    """So many benchmark items in all, the tasks in their proportion."""
    return replace(plan, benchmark=_scaled(plan.benchmark, number))


def with_adapters(plan: Plan, number: int) -> Plan:
    """So many adapters: those that are added learn one task each, in turn, and are judged and mounted as the others."""
    more = {f"added-{k}": (plan.tasks[k % len(plan.tasks)],) for k in range(number - len(plan.adapters))}
    return replace(
        plan,
        adapters={**plan.adapters, **more},
        judged=(*plan.judged, *((name, task) for name, (task,) in more.items())),
        mounts=(*plan.mounts, *more),
    )


def _scaled(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    whole = sum(sizes.values())
    return {name: round(size * number / whole) for name, size in sizes.items()}
