"""Metrics of installed packages: entry points of the group ``greenrun.metrics``, each a `Metric`.

    [project.entry-points."greenrun.metrics"]
    brevity = "acme_metrics:BREVITY"

The entry point's name is the metric's. One that cannot be used is a fault, and `harness.metrics.refuse_faults` names it
before anything is judged.

A metric without settings is taken over every task. One with settings names them as a model, which a task fills in under
``[tasks.NAME.metrics.brevity]``, and is taken over the tasks that do, or that a gate on it is about::

    from dataclasses import dataclass
    from harness.metrics import Metric, Settings

    @dataclass(frozen=True)
    class Most(Settings):
        most: int  # required; a field with a default is not

    def brevity(item, answer, forms):
        return float(0 < len(answer) <= forms.of("brevity", Most).most)

    BREVITY = Metric("brevity", "share", lambda item: not item.must_refuse, brevity, looks_at="form", settings=Most)
"""

from __future__ import annotations

from collections.abc import Container
from importlib.metadata import EntryPoint

from harness import entry_points
from harness.entry_points import EntryPointError, Found
from harness.metrics.metric import Metric
from harness.metrics.settings import Settings

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
    if loaded.looks_at not in ("content", "form"):
        raise EntryPointError(f"it looks at {loaded.looks_at!r}; 'content' or 'form' is expected")
    kind = loaded.settings
    if kind is not None and not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise EntryPointError(f"its settings are {kind!r}; a subclass of harness.metrics.Settings is expected")
    return loaded
