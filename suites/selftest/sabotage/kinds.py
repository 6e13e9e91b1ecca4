"""Every sabotage, in the order of the release's areas."""

from __future__ import annotations

from suites.selftest.sabotage import (
    bundle,
    command,
    data,
    determinism,
    evaluation,
    forgetting,
    quantization,
    regression,
    training,
)
from suites.selftest.sabotage.case import Sabotage

__all__ = ["SABOTAGES", "Sabotage"]

SABOTAGES: tuple[Sabotage, ...] = (
    *command.SABOTAGES,
    *data.SABOTAGES,
    *training.SABOTAGES,
    *evaluation.SABOTAGES,
    *determinism.SABOTAGES,
    *forgetting.SABOTAGES,
    *quantization.SABOTAGES,
    *regression.SABOTAGES,
    *bundle.SABOTAGES,
)
