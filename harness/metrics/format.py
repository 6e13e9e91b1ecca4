"""Format: the whole answer has the task's declared shape, as far as a reader can see."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.text import shape
from harness.text.visible import visible


def in_form(item: Item, answer: str, forms: Forms) -> float:
    assert forms.answer is not None, "only items whose task declares a form are concerned"
    return float(shape.is_whole(forms.answer, visible(answer)))


def _has_a_form(item: Item) -> bool:
    return "answer_form" in item.declares and not item.must_refuse


METRIC = Metric("format", "share", _has_a_form, in_form, needs=("answer_form",))
