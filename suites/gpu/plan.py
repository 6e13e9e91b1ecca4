"""The steps in order, with their limits. The most informative ones come first, since the time may run out."""

from __future__ import annotations

from suites.gpu.runner import Step

_STEPS = "suites.gpu.steps"
_TRAINED = ("train-float32", "train-bfloat16")


def _train(dtype: str) -> Step:
    return Step(f"train-{dtype}", f"{_STEPS}.training:train", 110, {"dtype": dtype}, after=("base",))


def _answer(name: str, batch_size: int, limit: float) -> Step:
    arguments = {"name": name, "batch_size": batch_size}
    return Step(name, f"{_STEPS}.answering:answer", limit, arguments, after=_TRAINED)


PLAN = (
    Step("environment", f"{_STEPS}.environment:environment", 60),
    Step("base", f"{_STEPS}.base:base", 90, after=("model",)),
    _train("float32"),
    _train("bfloat16"),
    Step("mount", f"{_STEPS}.mounting:mount", 60, after=_TRAINED),
    _answer("answers-64", 64, 60),
    _answer("answers-64-again", 64, 60),
    _answer("answers-8", 8, 100),
    _answer("answers-1", 1, 120),
    Step("memory", f"{_STEPS}.environment:memory", 30),
)
