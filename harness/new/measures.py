"""Which metrics fit the answers that were seen, and what each could prove over so many items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from harness.dataset.closed_answers import closed
from harness.dataset.item import Item
from harness.dataset.texts import answer_key
from harness.metrics import settings as own_settings
from harness.metrics.json_parses import value_of
from harness.metrics.metric import Forms, MetricError, score_of
from harness.metrics.registry import METRICS
from harness.new.json_shape import schema_of
from harness.text.answer import answer_of
from harness.text.json_text import NOTHING
from harness.text.normal import all_units, tokens
from harness.text.number import meant
from harness.text.tool_calls import calls
from harness.text.visible import visible

NEAR = 0.9
"""Share of answers from which the others are told as the ones that keep a metric away."""
SHORT, LABEL, BARE = 12, 8, 4
"""Words of nine answers in ten that are short, of a label, and of a number with its unit."""
MOST_LABELS = 100
_MARKS = ("####", "\\boxed{")
"""Signs behind which a worked solution gives its number."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A metric with a threshold that one may begin with."""

    metric: str
    above: float
    expected: float
    """What a good adapter may have: from it `--plan` computes the chance to pass."""
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weak: bool = False
    """Whether a right answer may score low, and a wrong one high."""


@dataclass(frozen=True, slots=True)
class Chosen:
    choices: tuple[Choice, ...]
    what: str
    """What the answers are, in a few words."""
    notes: tuple[str, ...] = ()
    """Metrics that would fit but for a few answers, which are named."""


_EXACT = Choice("exact-match", 0.7, 0.85, "the answers are short: they are the reference or not")
_F1 = Choice("token-f1", 0.7, 0.85, "and share words with it where they are not the whole of it")
_ROUGE = Choice("rouge-l", 0.25, 0.4, "a floor: another wording scores low, and a wrong fact in it high", weak=True)
_CHRF = Choice("chrf", 0.25, 0.4, "the same by characters", weak=True)
_COVERAGE = Choice("coverage", 0.85, 0.95, "records declare the points that an answer must say")
_CALL = Choice("tool-call", 0.85, 0.95, "answers call tools: by name and with equal arguments")
_NUMBER = Choice("number", 0.8, 0.9, "answers are numbers: equal in value and unit")
_SCHEMA = Choice("json-schema", 0.9, 0.98, "answers are JSON of one shape, drafted from all of them")
_PARSES = Choice("json-parses", 0.9, 0.98, "answers are JSON")
_FIELDS = Choice("json-fields", 0.85, 0.95, "field by field, as in the reference")
_LABEL = Choice("label", 0.85, 0.95, "answers come from a closed set")


def choose(items: Sequence[Item]) -> Chosen:
    """The metrics that fit these answers, so that each reference earns all of them.

    Args:
        items: at least one.
    """
    calling = sum(bool(calls(visible(answer_of(item.reference)))) for item in items)
    if calling == len(items):
        return Chosen((_CALL,), "tool calls")
    if calling:
        return Chosen((_CALL, _ROUGE), f"{calling} tool calls, else text")
    if any(item.points for item in items):
        return Chosen((_COVERAGE,), "declared points", _missing_points(items))
    notes: list[str] = []
    for fits in (_json, _labels, _numbers):
        found = fits(items)
        wrong = [item for item in items if not all(_earned(one, item) for one in found.choices)]
        if found.choices and not wrong:
            return Chosen(found.choices, found.what, tuple(notes))
        if found.choices and len(wrong) <= (1 - NEAR) * len(items):
            notes.append(f"{len(wrong)} of {len(items)} answers keep {found.choices[0].metric} away, {_places(wrong)}")
    lengths = sorted(len(all_units(item.reference)) for item in items)
    if lengths[int(0.9 * (len(lengths) - 1))] <= SHORT:
        return Chosen((_EXACT, _F1), "short answers", tuple(notes))
    return Chosen((_ROUGE, _CHRF), "free text", tuple(notes))


def forms_of(choice: Choice) -> Forms:
    """What a task declares that has this metric alone."""
    kind = METRICS[choice.metric].settings
    return Forms(None, None, {} if kind is None else {choice.metric: own_settings.read(kind, choice.settings)})


def _earned(choice: Choice, item: Item) -> bool:
    try:
        return score_of(METRICS[choice.metric], item, item.reference, forms_of(choice)) >= 1.0
    except MetricError:
        return False


def _json(items: Sequence[Item]) -> Chosen:
    """JSON objects or lists, in a fence or not: a bare number is JSON as well, and means something else."""
    for fenced in (False, True):
        found = [value_of(item.reference, fenced) for item in items]
        values = [value for value in found if value is not NOTHING and isinstance(value, (dict, list))]
        if len(values) >= NEAR * len(items):
            given = {"fenced": True} if fenced else {}
            of_one_shape = all(isinstance(value, dict) for value in values)
            form = (
                _with(_SCHEMA, {**given, "schema": schema_of(values)}, f"{len(values)} JSON objects")
                if of_one_shape
                else _with(_PARSES, given)
            )
            return Chosen((form, _with(_FIELDS, given)), "JSON objects" if of_one_shape else "JSON")
    return Chosen((), "")


def _labels(items: Sequence[Item]) -> Chosen:
    texts = [item.reference.strip() for item in items]
    if any(len(all_units(text)) > LABEL for text in texts):
        return Chosen((), "")
    keys = np.array([answer_key(text) for text in texts], np.uint64)
    often = np.isin(keys, closed(keys))
    spelled: dict[tuple[str, ...], Counter[str]] = {}
    for text in texts:
        spelled.setdefault(tokens(text) or (text,), Counter())[text] += 1
    labels = sorted(min(counts, key=lambda one: (-counts[one], one)) for counts in spelled.values())
    if often.mean() < NEAR or not 2 <= len(labels) <= min(MOST_LABELS, len(items) // 2):
        return Chosen((), "")
    return Chosen((_with(_LABEL, {"labels": labels}),), f"{len(labels)} labels")


def _numbers(items: Sequence[Item]) -> Chosen:
    def is_one(item: Item) -> bool:
        marked = any(mark in item.reference for mark in _MARKS)
        return bool(meant(item.reference)) and (marked or len(all_units(item.reference)) <= BARE)

    return Chosen((_NUMBER,), "numbers") if sum(map(is_one, items)) >= NEAR * len(items) else Chosen((), "")


def _with(choice: Choice, given: Mapping[str, Any], why: str = "") -> Choice:
    return replace(choice, settings=dict(given), why=why or choice.why)


def _missing_points(items: Sequence[Item]) -> tuple[str, ...]:
    without = [item for item in items if not item.points]
    return (f"{len(without)} of {len(items)} records declare no points, {_places(without)}",) if without else ()


def _places(items: Sequence[Item]) -> str:
    return f"first: line {min(item.line for item in items)}"
