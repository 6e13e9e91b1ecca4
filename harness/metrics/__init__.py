"""The metrics room's public names, for fixtures and suites; inside harness the leaf modules are imported."""

from __future__ import annotations

from harness.entry_points import Installed
from harness.metrics.metric import Forms, Metric, MetricError, score_of
from harness.metrics.registry import METRICS, OWN, installed, refuse_faults
from harness.metrics.scoring import Scored, concerned, forms_of, measure, score, score_tasks
from harness.metrics.settings import Settings

__all__ = [
    "METRICS",
    "OWN",
    "Forms",
    "Installed",
    "Metric",
    "MetricError",
    "Scored",
    "Settings",
    "concerned",
    "forms_of",
    "installed",
    "measure",
    "refuse_faults",
    "score",
    "score_of",
    "score_tasks",
]
