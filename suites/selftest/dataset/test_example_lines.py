"""The small release lines, orders and tickets: their data is sound, their benchmarks prove what they promise, poor
answers fail their gates, and they share nothing with the demonstration.

What their adapters are worth is for a release to say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest

from harness import gates
from harness.dataset import checks
from harness.dataset import registry as registered
from harness.dataset.changed_words import EMPTY
from harness.dataset.check import SplitsCheck
from harness.dataset.item import Item
from harness.gates import aims, content, evaluation, limits
from harness.metrics import references_score, registry, scoring
from harness.project import ROOT
from harness.spec import load
from harness.spec.objects import Spec
from harness.statistics import bounds, power
from harness.text.units import units

LINES = ("orders", "tickets")
DEMONSTRATION = "v3"
SPLITS = ("train", "dev", "benchmark")
RUN = 5
"""Words in a row that two lines must not share."""


def spec_of(line: str) -> Spec:
    return load.load(ROOT / "data" / line / "release.toml")


@pytest.fixture(scope="module", params=LINES)
def spec(request: pytest.FixtureRequest) -> Spec:
    return spec_of(request.param)


def items(spec: Spec, split: str) -> tuple[Item, ...]:
    return checks.items_of(spec.tasks[spec.name], split)


def asked(item: Item) -> str:
    return str(item.messages[-1]["content"])


def test_a_good_adapter_will_likely_pass_and_one_at_a_threshold_will_not(spec: Spec) -> None:
    expected = gates.expected(spec)
    sizes = evaluation.sizes(spec, expected)
    aims.check(spec)
    limits.check_kinds(spec)
    content.check(spec, expected, sizes)
    assert evaluation.check_provable(spec, expected, sizes) == []
    (row,) = spec.thresholds
    for metric, threshold in row.above.items():
        n = sizes[f"eval.{spec.candidate}.{spec.name}.{metric}"]
        kind = registry.METRICS[metric].kind
        assert power.pass_chance(n, threshold, row.expected[metric], spec.confidence, kind) > 0.9
        assert power.pass_chance(n, threshold, threshold, spec.confidence, kind) <= 0.05


@pytest.mark.parametrize("split", SPLITS)
def test_no_check_of_one_file_finds_anything(spec: Spec, split: str) -> None:
    task, chosen = spec.tasks[spec.name], checks.options_of(spec)
    found = [checks.check_file(check.name, task, split, chosen) for check in checks.file_checks(task, split)]
    assert [(list(one.tally.shown()), one.share) for one in found] == [([], 1.0)] * len(found)
    scored = references_score.check(task, split, chosen)
    assert (list(scored.tally.shown()), scored.share) == ([], 1.0)


def test_no_check_between_the_files_finds_anything(spec: Spec) -> None:
    for check in registered.looking_at(SplitsCheck):
        found = checks.check_task(check.name, spec.tasks[spec.name], checks.options_of(spec), spec.tasks.values())
        assert (check.name, list(found.tally.shown()), found.share) == (check.name, [], 1.0)


def test_each_message_and_each_ordered_thing_stands_in_one_split_alone() -> None:
    for line in LINES:
        whole = spec_of(line)
        seen = Counter(asked(item) for split in SPLITS for item in items(whole, split))
        assert (line, [text for text, count in seen.items() if count > 1]) == (line, [])
    goods = Counter(json.loads(item.reference)["item"] for split in SPLITS for item in items(spec_of("orders"), split))
    assert set(goods.values()) == {1}


def test_an_order_is_read_from_its_message_and_not_guessed() -> None:
    """What is ordered stands in the message word for word, its day too, or there is none."""
    for split in SPLITS:
        for item in items(spec_of("orders"), split):
            order = json.loads(item.reference)
            named = [day for day in DAYS if day in asked(item)]
            assert order["item"].lower() in asked(item).lower(), item.id
            assert named == ([order["day"]] if order["day"] else []), item.id


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.mark.parametrize("split", SPLITS)
def test_each_queue_has_as_many_tickets_as_any_other(split: str) -> None:
    counts = Counter(item.reference for item in items(spec_of("tickets"), split))
    assert len(counts) == 4
    assert len(set(counts.values())) == 1


def order(**other: object) -> Callable[[Item], str]:
    """An answer that is right but for some fields."""
    return lambda item: json.dumps({**json.loads(item.reference), **other})


POOR: Mapping[str, tuple[str, Callable[[Item], str]]] = {
    "json-parses": ("orders", lambda item: item.reference.removesuffix("}")),
    "json-schema": ("orders", order(unit="barrel")),
    "json-fields": ("orders", order(item="goods", day="Monday")),
    "label": ("tickets", lambda item: "delivery"),
    "format": ("tickets", lambda item: f"It is {item.reference}."),
}
"""Metric -> the line that is gated on it, and answers that it must refuse."""


def judged(line: str, metric: str, answer: Callable[[Item], str]) -> str:
    """What the line's gate says of a sheet of answers to its benchmark."""
    spec = spec_of(line)
    (row,), forms = spec.thresholds, scoring.forms_of(spec.tasks)[line]
    scores = [scoring.scores_of(item, answer(item), forms)[metric] for item in items(spec, "benchmark")]
    found = bounds.bounds_of(registry.METRICS[metric].kind, scores, spec.confidence)
    return bounds.decide(found, row.above[metric])


@pytest.mark.parametrize("metric", POOR)
def test_a_threshold_passes_references_and_fails_poor_answers(metric: str) -> None:
    line, poor = POOR[metric]
    assert (judged(line, metric, lambda item: item.reference), judged(line, metric, poor)) == ("passed", "failed")


def test_every_threshold_of_the_lines_is_turned_red_above() -> None:
    assert set(POOR) == {metric for line in LINES for row in spec_of(line).thresholds for metric in row.above}


def test_right_json_of_wrong_values_is_refused_by_its_values_alone() -> None:
    _, wrong = POOR["json-fields"]
    assert [judged("orders", metric, wrong) for metric in ("json-parses", "json-schema", "json-fields")] == [
        "passed",
        "passed",
        "failed",
    ]


def declared(spec: Spec) -> Iterator[str]:
    """The words of all that a line declares itself: names, kinds, forms, system turns and labels."""
    yield from (spec.name, *spec.adapters, *(one.name for one in spec.experiments))
    for task in spec.tasks.values():
        said = (task.name, task.system, task.answer_form or "", task.refusal_form or "")
        yield from (word for text in said for word in units(text) if word.isalpha() and len(word) > 1)
        yield from (*task.refuse, *task.look_alike, *dict(task.columns).values())


def runs(spec: Spec) -> set[tuple[str, ...]]:
    """All runs of words of a line's items."""
    return {
        tuple(said[at : at + RUN])
        for task in spec.tasks.values()
        for split in task.files
        for item in checks.items_of(task, split)
        for text in (*(str(turn["content"]) for turn in item.messages), item.reference)
        for said in [units(text)]
        for at in range(len(said) - RUN + 1)
    }


def test_the_lines_share_no_word_with_the_demonstration() -> None:
    """No word that either declares, no run of words in what is asked and answered, no id, and no file."""
    other = spec_of(DEMONSTRATION)
    theirs, said = set(declared(other)) - EMPTY, runs(other)
    ids = {item.id for task in other.tasks.values() for split in task.files for item in checks.items_of(task, split)}
    for line in LINES:
        own = spec_of(line)
        assert (line, (set(declared(own)) - EMPTY) & theirs) == (line, set())
        assert (line, runs(own) & said) == (line, set())
        assert (line, ids & {item.id for split in SPLITS for item in items(own, split)}) == (line, set())
        assert (own.path.parent / "release.toml").read_text(encoding="utf-8").count(DEMONSTRATION) == 0
        assert all(path.is_relative_to(own.path.parent) for path in own.tasks[line].files.values())
