"""Tool call: the answer calls the tools that the reference calls, by name and with equal arguments, in any order."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import Settings
from harness.text.answer import answer_of
from harness.text.tool_calls import Call, calls
from harness.text.visible import visible

NAME = "tool-call"


def same(wanted: tuple[Call, ...], given: tuple[Call, ...]) -> bool:
    """Whether both are the same calls, each as often."""
    rest = list(given)
    for call in wanted:
        place = next((at for at, other in enumerate(rest) if call.same(other)), None)
        if place is None:
            return False
        del rest[place]
    return not rest


def tool_call(item: Item, answer: str, forms: Forms) -> float:
    wanted, given = calls(visible(answer_of(item.reference))), calls(visible(answer_of(answer)))
    return float(bool(wanted) and bool(given) and same(wanted or (), given or ()))


METRIC = Metric(
    NAME,
    "share",
    lambda item: not item.must_refuse and calls(visible(answer_of(item.reference))) != (),
    tool_call,
    settings=Settings,
)
