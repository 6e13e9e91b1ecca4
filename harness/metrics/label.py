"""Label: the answer names the reference's label, and no other of a closed set.

A label is found as `harness.text.wordings` finds a wording: a denied one is not named, nor one inside a longer label.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.points import stated
from harness.metrics.settings import MEANT, Settings
from harness.spec.values import Listed
from harness.text.normal import tokens
from harness.text.wordings import holds, says

NAME = "label"


@dataclass(frozen=True)
class Labels(Settings):
    """The closed set."""

    labels: Listed[str] = field(metadata={MEANT: 'the whole set, e.g. labels = ["yes", "no"]'})

    def wrong(self) -> Iterator[tuple[str, str]]:
        spelled = [tokens(label) or (label.strip(),) for label in self.labels]
        if len(self.labels) < 2:
            yield "labels", "at least 2 labels are needed: one alone tells nothing apart"
        for at, label in enumerate(self.labels):
            if not label.strip():
                yield "labels", f"{label!r} is empty; name each label"
            elif spelled[at] in spelled[:at]:
                yield "labels", f"{label!r} stands twice; name each label once"


def named(text: str, labels: tuple[str, ...]) -> frozenset[str]:
    """The labels that a text names: the text itself where it is a label, else those that it says; a label inside a
    longer one that it says does not count."""
    for label in labels:
        if _same(text, label):
            return frozenset({label})
    said = [label for label in labels if says(text, label)]
    return frozenset(label for label in said if not any(_hides(text, other, label) for other in said))


def _same(text: str, label: str) -> bool:
    return (tokens(text) == tokens(label)) if tokens(label) else text.strip() == label.strip()


@lru_cache(maxsize=4096)
def _hides(text: str, longer: str, label: str) -> bool:
    """Whether the label stands in the text only as a part of a longer label."""
    if longer == label or not holds(longer, label) or holds(label, longer):
        return False
    return len(_starts(text, label)) <= len(_starts(text, longer)) * max(1, len(_starts(longer, label)))


def _starts(text: str, wording: str) -> list[int]:
    """Indices in a text's tokens at which a wording's tokens begin."""
    inside, wanted = tokens(text), tokens(wording)
    return [at for at in range(len(inside) - len(wanted) + 1) if inside[at : at + len(wanted)] == wanted]


def label(item: Item, answer: str, forms: Forms) -> float:
    labels = forms.of(NAME, Labels).labels
    wanted = named(item.reference, labels)
    return float(len(wanted) == 1 and named(stated(item, answer), labels) == wanted)


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, label, settings=Labels)
