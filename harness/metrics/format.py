"""Format: the whole answer has the task's declared shape, as far as a reader can see."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.text import shape
from harness.text.answer import answer_of
from harness.text.visible import visible


def in_form(item: Item, answer: str, forms: Forms) -> float:
    form = forms.answer
    assert form is not None, "only items whose task declares a form are concerned"
    return float(any(shape.is_whole(form, visible(text)) for text in dict.fromkeys((answer, answer_of(answer)))))


def _has_a_form(item: Item) -> bool:
    return "answer_form" in item.declares and not item.must_refuse


METRIC = Metric("format", "share", _has_a_form, in_form, looks_at="form", needs=("answer_form",))
