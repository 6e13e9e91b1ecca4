"""Rates that were measured: of SmolLM2 on a processor, and of the 8B base on the card that ``docs/gpu.json`` is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.engines.shape import Shape
from suites.cost.rates import UNKNOWN, Kind, Rate, Rates
from suites.cost.roofline import Card, step_bytes
from suites.gpu.outcome import MEASURED
from suites.gpu.rows_of_size import answers_a_second, of_rounds, pace
from suites.gpu.tools import BFLOAT16, OWN

Figures = Mapping[str, Any]
RESULT = "docs/gpu.json"

_FIRST = "two x86-64 cores, when the project began"
PROCESSOR = Rates(
    train=Rate(260.0, Kind.MEASURED, "the whole Trainer over data/v3, one core of an AMD EPYC, 2026-11-26"),
    read=UNKNOWN,
    answer=Rate(121.0, Kind.MEASURED, f"NF4 in float32, 25 together, {_FIRST}"),
    alone=Rate(24.0, Kind.MEASURED, f"NF4 in float32, {_FIRST}"),
    load=Rate(3.0, Kind.MEASURED, _FIRST),
    start=UNKNOWN,
)
"""Of SmolLM2-135M, on 2-core x86-64 machines that other work shared: orders of magnitude."""


def card_of(result: Figures | None) -> str:
    """What the card of a result calls itself; "" where there was none."""
    step = _steps(result).get("environment")
    return str(step["figures"].get("card") or "") if step else ""


def is_of(result: Figures | None, card: Card) -> bool:
    """Whether a result was measured on that card."""
    return card.name in card_of(result).upper().replace("-", " ").split()


def put_in(estimated: Rates, result: Figures, base: Shape, asked: Shape, rows: int, length: float) -> Rates:
    """The estimated rates, with what was measured in place of them.

    Args:
        result: of ``python -m suites.gpu``, on the card that the estimate is of.
        base: the shape that was measured.
        asked: the shape that is asked about; where it is another one, a measured rate is taken by what must be computed
            or moved for either, and is an estimate.
        rows: answers in a full batch, `length` tokens each (`suites.cost.roofline.rates`).
    """
    weights = asked.weights / base.weights
    moved = step_bytes(asked, rows, length) / step_bytes(base, rows, length)
    found = {
        "train": (_trained(result), 1 / weights),
        "answer": (_answered(result), 1 / moved),
        "load": (_loaded(result), weights),
        "start": (_started(result), 1.0),
    }
    known = {name: _scaled(rate, by, asked != base) for name, (rate, by) in found.items() if rate is not None}
    return replace(estimated, **known)


def _scaled(rate: Rate, by: float, other: bool) -> Rate:
    if not other or by == 1.0:
        return rate
    assert rate.value is not None
    return Rate(rate.value * by, Kind.ESTIMATE, f"x {by:.3g} of 8B's, which was measured: {rate.source}")


def _trained(result: Figures) -> Rate | None:
    figures = _of_8b(result, "8b-qlora")
    rounds = of_rounds(figures, OWN) if figures else []
    return _rate(result, "8b-qlora", pace(rounds)) if rounds else None


def _answered(result: Figures) -> Rate | None:
    figures = _of_8b(result, "8b-answers")
    rate = answers_a_second(figures, BFLOAT16) if figures else None
    return None if rate is None or figures is None else _rate(result, "8b-answers", rate * figures["tokens"])


def _loaded(result: Figures) -> Rate | None:
    figures = _of_8b(result, "8b-disk")
    return _rate(result, "8b-disk", figures["seconds"]) if figures else None


def _started(result: Figures) -> Rate | None:
    """A step's whole process, less what it measured inside."""
    figures, step = _of_8b(result, "8b-load"), _steps(result).get("8b-load")
    return _rate(result, "8b-load", step["seconds"] - figures["seconds"]) if figures and step else None


def _rate(result: Figures, step: str, value: float) -> Rate:
    return Rate(value, Kind.MEASURED, f"{RESULT}, {step}, {card_of(result)}, {result['date']}")


def _of_8b(result: Figures, name: str) -> Figures | None:
    """The figures of a measured step at the real size."""
    step = _steps(result).get(name)
    found: Figures | None = step["figures"] if step else None
    return found if found and found["scale"] == "8b" else None


def _steps(result: Figures | None) -> dict[str, Figures]:
    """Those that were measured to their end."""
    steps = result["steps"] if result and result["device"] == "cuda" else ()
    return {step["name"]: step for step in steps if step["status"] == MEASURED}
