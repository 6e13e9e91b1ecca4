"""Metrics of installed packages: entry points of the group ``greenrun.metrics``, each a `Metric`.

    [project.entry-points."greenrun.metrics"]
    brevity = "acme_metrics:BREVITY"

The entry point's name is the metric's. One that cannot be used is a fault, and `harness.metrics.refuse_faults` names it
before anything is judged.
"""

from __future__ import annotations

from collections.abc import Container
from importlib.metadata import EntryPoint

from harness import entry_points
from harness.entry_points import EntryPointError, Found
from harness.metrics.metric import Metric

GROUP = "greenrun.metrics"


def find(own: Container[str]) -> Found[Metric]:
    """Every installed metric.

    Args:
        own: names of the metrics that greenrun brings itself.
    """
    return entry_points.find(GROUP, "metric", own, _usable)


def _usable(point: EntryPoint, loaded: object) -> Metric:
    if not isinstance(loaded, Metric):
        raise EntryPointError(f"it is a {type(loaded).__name__}; a harness.metrics.Metric is expected")
    if loaded.name != point.name:
        raise EntryPointError(f"the metric calls itself {loaded.name!r}; the names must be the same")
    if loaded.kind not in ("share", "mean"):
        raise EntryPointError(f"its kind is {loaded.kind!r}; 'share' or 'mean' is expected")
    return loaded
