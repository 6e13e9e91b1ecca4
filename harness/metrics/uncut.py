"""Uncut: the model ended its answer, and was not stopped at the token limit in the middle of it."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric, MetricError
from harness.metrics.settings import Settings
from harness.text.output import Output
from harness.text.visible import says_something

NAME = "uncut"


def uncut(item: Item, answer: str, forms: Forms) -> float:
    """1.0 for an answer that its model ended.

    Raises:
        MetricError: nobody knows how it ended, as of an earlier release's answers.
    """
    if not says_something(answer):
        return 0.0
    if not isinstance(answer, Output):
        raise MetricError("it is not known how this answer ended; answers of earlier releases are kept without it")
    return float(not answer.cut)


METRIC = Metric(NAME, "share", lambda item: True, uncut, looks_at="form", needs_ending=True, settings=Settings)
