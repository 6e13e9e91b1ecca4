"""Every sabotage, in the order of the release's areas; and the gates that have none, with the reason."""

from __future__ import annotations

from suites.selftest.sabotage import (
    advice,
    bundle,
    command,
    data,
    determinism,
    evaluation,
    forgetting,
    gguf,
    quantization,
    regression,
    training,
)
from suites.selftest.sabotage.case import Sabotage

__all__ = ["GAPS", "SABOTAGES", "Sabotage"]

SABOTAGES: tuple[Sabotage, ...] = (
    *command.SABOTAGES,
    *data.SABOTAGES,
    *training.SABOTAGES,
    *evaluation.SABOTAGES,
    *determinism.SABOTAGES,
    *forgetting.SABOTAGES,
    *quantization.SABOTAGES,
    *gguf.SABOTAGES,
    *regression.SABOTAGES,
    *bundle.SABOTAGES,
    *advice.ADVISED,
)

_NO_NOTES = "the tiny line's items cite no notes; the metric's own tests turn it red"
GAPS = {
    "eval: citation-precision": _NO_NOTES,
    "eval: citation-recall": _NO_NOTES,
    "eval: refusal-pooled": "it pools what refused and answered judge apart, and only advises",
    "parity: format": "judged by the test of parity: coverage, over the same answers",
}
"""Kind of gate -> why no sabotage aims at it."""
