"""Gates over general text: no judged adapter made its base forget more of the language than the spec's margin.

They exist where the spec has a ``[gates.forgetting]`` table; the candidate's blocks unless the table says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.dataset import general_text
from harness.errors import DataError, SpecError
from harness.gates.gate import Gate
from harness.spec.objects import Spec
from harness.statistics import power

AREA = "forgetting"

MOST = 1.0
"""Nats per token, a perplexity of e times the base's: whatever lost more has lost the language."""

DEFAULT_MARGIN = 0.25
"""Nats per token that an adapter may cost: a perplexity 28 % above the base's.

peft's own benchmark measures the same thing, the change of the loss on a sample of Wikipedia, and finds most methods
between 0 and 0.5, plain LoRA at 0.05 and a LoRA variant that its reviewers call noticeably worse at 0.23
(huggingface/peft#2984, #3725). So half of the range is refused: five times what LoRA needs to cost."""


def expected(spec: Spec) -> Iterator[Gate]:
    if AREA not in spec.areas:
        return
    for name in dict.fromkeys(row.adapter for row in spec.thresholds if row.split == "benchmark"):
        yield Gate(
            f"eval.{name}.forgetting",
            "forgetting",
            name,
            blocking=spec.blocking(AREA) and name == spec.candidate,
            rule="not_worse",
            metric="forgetting",
            threshold=-margin(spec),
            adapter=name,
        )


def margin(spec: Spec) -> float:
    """Nats per token."""
    return float(spec.areas[AREA].get("margin", DEFAULT_MARGIN))


def texts(spec: Spec) -> Path:
    """The folder of general text."""
    return spec.path.resolve().parent / str(spec.areas[AREA]["texts"])


def check_provable(spec: Spec) -> None:
    """Refuse a margin that not even an adapter which lost nothing could prove.

    Raises:
        SpecError: with what is missing.
    """
    if AREA not in spec.areas:
        return
    try:
        n = len(general_text.passages(texts(spec)))
    except DataError as error:
        raise SpecError(spec.path, "gates.forgetting.texts", str(error)) from error
    if power.wrong_allowed(n, 1.0 - margin(spec) / MOST, spec.confidence, "mean") < 0:
        raise SpecError(
            spec.path,
            "gates.forgetting.margin",
            f"{n} passages can never prove a loss below {margin(spec)} nats at {spec.confidence:.0%} confidence; "
            "add passages, or widen the margin",
        )
