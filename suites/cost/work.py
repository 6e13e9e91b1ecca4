"""What a plan comes to: tokens to train, prompts to read, tokens to answer, processes to start."""

from __future__ import annotations

import math
from dataclasses import dataclass

from suites.cost.plan import MOUNT_PROBES, Plan
from suites.cost.tokens import Tokens

AGAIN_ALONE = 4
"""Items of each task that are asked one by one (`fixtures.noise`)."""
PASSES = 4
"""Times that a mount's probes are read: with the adapter and without, in the form and as trained."""


@dataclass(frozen=True, slots=True)
class Work:
    trainings: int
    trained: float
    """Tokens of samples, each as often as it is gone over."""
    answers: int
    """In batches."""
    read: float
    """Tokens of prompts, and of what is read without an answer."""
    answered: float
    """Tokens that batches grow by, each answer as long as its batch's longest."""
    alone: float
    """Tokens of answers asked one by one."""
    jobs: int
    """Processes, each of which loads the base."""


def of(plan: Plan, tokens: Tokens) -> Work:
    """The work of a whole release with nothing in the store.

    The candidate is trained in every experiment, every other adapter in the one that is selected, here the one of most
    epochs. A job is a training, the answers to one list of items, a batch asked again, or the proof of a mount. Not
    counted: data checks, which need no device; GGUF files and llama.cpp; general text, which this plan's release does
    not ask for.
    """
    trained = [(plan.candidate, epochs) for epochs in plan.epochs]
    trained += [(name, max(plan.epochs)) for name in plan.adapters if name != plan.candidate]
    samples = sum(epochs * plan.train[task] for name, epochs in trained for task in plan.adapters[name])
    lists = [plan.dev[task] for _ in plan.epochs for task in plan.tasks if task in plan.dev]
    lists += [plan.benchmark[task] for _, task in plan.judged]
    lists += [plan.parity[task] for task in plan.tasks if task in plan.parity]
    lists += [min(plan.batch, plan.benchmark[task]) for task in plan.tasks]  # a batch, asked again
    lists += [min(plan.noise, plan.benchmark[task]) for task in plan.tasks]  # the sample in other batches
    alone = AGAIN_ALONE * len(plan.tasks)
    probes = PASSES * MOUNT_PROBES * sum(len(plan.adapters[name]) for name in plan.mounts)
    return Work(
        trainings=len(trained),
        trained=samples * tokens.sample,
        answers=sum(lists),
        read=(sum(lists) + alone) * tokens.prompt + probes * (tokens.prompt + tokens.answer),
        answered=sum(_slots(size, plan.batch) for size in lists) * tokens.longest,
        alone=alone * tokens.longest,
        jobs=len(trained) + len(lists) + len(plan.tasks) + len(plan.mounts),
    )


def _slots(size: int, batch: int) -> int:
    """Places in the batches of a list: a batch that is not full takes the time of a full one."""
    return batch * math.ceil(size / batch)
