"""Show answers to one item side by side, as wide as a terminal; texts of models and data are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from harness.dataset.item import Item
from harness.engines.answers import Answer
from harness.metrics import coverage, registry
from harness.metrics import metric as metric_of
from harness.metrics.metric import Forms
from harness.report.escape import clean
from harness.text.columns import columns_of, fitting

GAP = "  "
LEAST = 18
"""Fewest columns of a text that can be read; where there is less room, answers stand one below the other."""

Columns = Sequence[tuple[str, Answer]]


def render(item: Item, split: str, forms: Forms, columns: Columns, width: int) -> Iterator[str]:
    """The page, line by line.

    Args:
        columns: title and answer.
        width: terminal columns.
    """
    yield from wrap(f"{item.id}: task {item.task}, {split}, {item.kind}, topic {item.topic}", width)
    for turn in item.messages:
        yield f"{clean(str(turn.get('role', '')))}:"
        yield from (f"  {line}" for line in wrap(str(turn.get("content") or ""), width - 2))
    yield f"wanted: {'a refusal' if item.must_refuse else 'an answer'}"
    yield from (f"  {line}" for line in wrap(item.reference, width - 2))
    yield ""
    titles = [clean(title) for title, _ in columns]
    yield from _beside("", titles, width)
    for label, cells in _rows(item, forms, columns):
        yield from _beside(label, cells, width)
    yield ""
    yield from _answers(columns, width)


def _rows(item: Item, forms: Forms, columns: Columns) -> Iterator[tuple[str, list[str]]]:
    texts = [answer.said for _, answer in columns]
    for point in item.points if not item.must_refuse else ():
        single = replace(item, points=(point,))
        said = ["said" if coverage.METRIC.score(single, text, forms) > 0.0 else "MISSED" for text in texts]
        yield f"point: {clean(' / '.join(point.wordings))}", said
    for metric in _concerned(item, forms).values():
        yield metric.name, [f"{metric.score(item, text, forms):.2f}" for text in texts]
    yield "tokens", [f"{len(answer.ids)}{', cut' if answer.stop == 'length' else ''}" for _, answer in columns]


def _concerned(item: Item, forms: Forms) -> Mapping[str, metric_of.Metric]:
    return {name: metric for name, metric in registry.METRICS.items() if metric_of.concerns(metric, item, forms)}


def _answers(columns: Columns, width: int) -> Iterator[str]:
    room = (width - len(GAP) * (len(columns) - 1)) // len(columns)
    if room < LEAST:
        for title, answer in columns:
            yield from wrap(f"{title}:", width)
            yield from (f"  {line}" for line in wrap(answer.text or "(empty)", width - 2))
        return
    blocks = [[*wrap(title, room), "-" * room, *wrap(answer.text or "(empty)", room)] for title, answer in columns]
    for row in zip_longest(*blocks, fillvalue=""):
        yield GAP.join(_padded(cell, room) for cell in row).rstrip()


def _beside(label: str, cells: Sequence[str], width: int) -> Iterator[str]:
    """A label of a third of the width, wrapped, and cells that share the rest."""
    first = max(10, width // 3)
    room = max(1, (width - first - len(GAP) * len(cells)) // len(cells))
    blocks = [wrap(label, first) or [""], *(wrap(cell, room) or [""] for cell in cells)]
    for row in zip_longest(*blocks, fillvalue=""):
        sizes = [first, *[room] * len(cells)]
        yield GAP.join(_padded(cell, size) for cell, size in zip(row, sizes, strict=True)).rstrip()


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` terminal columns: broken at blanks where there are any, and anywhere else otherwise."""
    lines: list[str] = []
    for row in clean(text).expandtabs(4).split("\n"):
        line = ""
        for word in row.split(" "):
            joined = f"{line} {word}" if line else word
            if columns_of(joined) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            line = word
            while columns_of(line) > width:
                cut = fitting(line, width)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return lines


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns_of(text))
