"""The steps in order, with their limits. What is cheap and says most comes first, since the time may run out."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from suites.gpu.runner import Step

_STEPS = "suites.gpu.steps"
_TRAINED = ("train-float32", "train-bfloat16")
_RELEASE = 500.0


def _train(dtype: str) -> Step:
    return Step(f"train-{dtype}", f"{_STEPS}.training:train", 110, {"dtype": dtype}, after=("base",))


def _answer(name: str, batch_size: int, limit: float) -> Step:
    arguments = {"name": name, "batch_size": batch_size}
    return Step(name, f"{_STEPS}.answering:answer", limit, arguments, after=_TRAINED)


PLAN = (
    Step("environment", f"{_STEPS}.environment:environment", 60),
    Step("8b-load", f"{_STEPS}.loading:load", 60),
    Step("8b-qlora", f"{_STEPS}.qlora:train", 150),
    Step("8b-answers", f"{_STEPS}.random_answers:answer", 150),
    Step("base", f"{_STEPS}.base:base", 90, after=("model",)),
    _train("float32"),
    Step("mount", f"{_STEPS}.mounting:mount", 60, after=_TRAINED),
    _answer("answers-64", 64, 60),
    _answer("answers-64-again", 64, 60),
    _answer("answers-8", 8, 100),
    _answer("answers-1", 1, 120),
    _train("bfloat16"),
    Step("8b-disk", f"{_STEPS}.loading:from_disk", 120),
    Step("memory", f"{_STEPS}.environment:memory", 30),
    Step("release", f"{_STEPS}.released:release", _RELEASE, {"limit": _RELEASE, "workers": 4}, after=("model",)),
)
"""The release comes last: it takes what time is left, and ``--only=release`` gives it the whole."""


def chosen(only: Collection[str], without: Collection[str]) -> list[Step]:
    """The plan's steps that are named, with those that they come after, or all; less those that are left out.

    Raises:
        ValueError: a name is no step's.
    """
    names = [step.name for step in PLAN]
    if unknown := sorted({*only, *without} - set(names)):
        raise ValueError(f"{unknown[0]}: no such step; there are {', '.join(names)}")
    wanted = set(_with_earlier(only)) if only else set(names)
    return [step for step in PLAN if step.name in wanted - set(without)]


def _with_earlier(only: Iterable[str]) -> Iterable[str]:
    found = {step.name: step for step in PLAN}
    for name in only:
        if name in found:  # what comes before the plan is no step of it
            yield name
            yield from _with_earlier(found[name].after)
