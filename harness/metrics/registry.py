"""The metrics by name: greenrun's own, then those of installed packages.

A new one is a module and a line in `OWN`, or an entry point of an installed package (`harness.metrics.installed`).
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.entry_points import Installed, Registry
from harness.metrics import (
    chrf,
    citation,
    contains_none,
    coverage,
    exact_match,
    json_fields,
    json_parses,
    json_schema,
    label,
    length,
    non_empty,
    number,
    refusal,
    regex,
    rouge_l,
    token_f1,
    tool_call,
    uncut,
)
from harness.metrics import format as form
from harness.metrics.installed import find
from harness.metrics.metric import Metric, MetricError

OWN: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        coverage.METRIC,
        form.METRIC,
        refusal.REFUSED,
        refusal.ANSWERED,
        refusal.POOLED,
        citation.PRECISION,
        citation.RECALL,
        non_empty.METRIC,
        exact_match.METRIC,
        token_f1.METRIC,
        rouge_l.METRIC,
        chrf.METRIC,
        label.METRIC,
        number.METRIC,
        json_parses.METRIC,
        json_schema.METRIC,
        json_fields.METRIC,
        tool_call.METRIC,
        regex.METRIC,
        contains_none.METRIC,
        length.METRIC,
        uncut.METRIC,
    )
}
"""The metrics that greenrun brings."""


METRICS = Registry(OWN, lambda: find(OWN))
"""Name -> metric: greenrun's own, then those of installed packages."""


def installed() -> Mapping[str, Installed[Metric]]:
    """Name -> metric of an installed package, with where it came from."""
    return METRICS.installed


def refuse_faults() -> None:
    """Refuse to judge with an installed metric that cannot be used.

    Raises:
        MetricError: names every such metric, its package and the mend.
    """
    if METRICS.faults:
        raise MetricError("\n".join(METRICS.faults))
