"""Every sabotage, in the order of the release's areas."""

from __future__ import annotations

from suites.selftest.sabotage import bundle, command, data, evaluation, gguf, quantization, regression, training
from suites.selftest.sabotage.case import Sabotage

__all__ = ["SABOTAGES", "Sabotage"]

SABOTAGES: tuple[Sabotage, ...] = (
    *command.SABOTAGES,
    *data.SABOTAGES,
    *training.SABOTAGES,
    *evaluation.SABOTAGES,
    *quantization.SABOTAGES,
    *gguf.SABOTAGES,
    *regression.SABOTAGES,
    *bundle.SABOTAGES,
)
