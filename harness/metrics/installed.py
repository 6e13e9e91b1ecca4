"""Metrics of installed packages: entry points of the group ``greenrun.metrics``, each a `Metric`.

    [project.entry-points."greenrun.metrics"]
    brevity = "acme_metrics:BREVITY"

The entry point's name is the metric's. A release is judged by all of them or not at all: one that cannot be used is a
fault, and `harness.metrics.refuse_faults` names it before anything is judged.

A metric without settings is taken over every task. One with settings names them as a model, which a task fills in under
``[tasks.NAME.metrics.brevity]``, and is taken over the tasks that do, or that a gate on it is about::

    from harness.metrics import Metric, Settings

    class Most(Settings):
        most: int  # required; a field with a default is not

    def brevity(item, answer, forms):
        return float(0 < len(answer) <= forms.of("brevity", Most).most)

    BREVITY = Metric("brevity", "share", lambda item: not item.must_refuse, brevity, looks_at="form", settings=Most)
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from harness.metrics.metric import Metric, MetricError
from harness.metrics.settings import Settings

GROUP = "greenrun.metrics"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""Gate ids are dotted and tests are chosen by them: no dot, no blank, no capital."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A metric and where it came from."""

    metric: Metric
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Found:
    installed: dict[str, Installed]
    faults: tuple[str, ...]
    """One sentence for each entry point that cannot be used, with its mend."""


def find(own: Container[str]) -> Found:
    """Load every entry point of the group, in the order of names and distributions.

    Args:
        own: names of the metrics that greenrun brings itself.
    """
    installed: dict[str, Installed] = {}
    faults: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, _origin(point))):
        taken = "greenrun itself" if point.name in own else ""
        if point.name in installed:
            other = installed[point.name]
            taken = f"{other.distribution} {other.version}"
        try:
            if taken:
                raise MetricError(f"its name is taken by {taken}; rename or uninstall one of them")
            installed[point.name] = Installed(_load(point), *_origin(point))
        except MetricError as error:
            faults.append(f"{_place(point)}: {error}")
        except Exception as error:  # a foreign module may raise anything while it is imported
            faults.append(f"{_place(point)}: {type(error).__name__}: {error}; mend or uninstall the package")
    return Found(installed, tuple(faults))


def _load(point: EntryPoint) -> Metric:
    if not _NAME.fullmatch(point.name):
        raise MetricError("a metric's name is lower-case letters, digits, - and _, and begins with a letter")
    loaded = point.load()
    if not isinstance(loaded, Metric):
        raise MetricError(f"it is a {type(loaded).__name__}; a harness.metrics.Metric is expected")
    if loaded.name != point.name:
        raise MetricError(f"the metric calls itself {loaded.name!r}; the names must be the same")
    if loaded.kind not in ("share", "mean"):
        raise MetricError(f"its kind is {loaded.kind!r}; 'share' or 'mean' is expected")
    if loaded.looks_at not in ("content", "form"):
        raise MetricError(f"it looks at {loaded.looks_at!r}; 'content' or 'form' is expected")
    if loaded.settings is not None and not (
        isinstance(loaded.settings, type) and issubclass(loaded.settings, Settings)
    ):
        raise MetricError(f"its settings are {loaded.settings!r}; a subclass of harness.metrics.Settings is expected")
    return loaded


def _place(point: EntryPoint) -> str:
    return f"metric {point.name} ({GROUP}, {point.value}, of {' '.join(_origin(point)).strip()})"


def _origin(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("an unknown distribution", "")
