"""What counts once: a topic in whatever spelling, the field that the spec declares, and a benchmark by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import gates
from harness.dataset import checks
from harness.dataset.items import topic_of
from harness.gates import evaluation
from harness.metrics import registry, scoring
from harness.spec import load
from harness.spec.objects import Spec
from suites.tiny.child import Line


@pytest.fixture
def spec(line: Line, tmp_path: Path) -> Spec:
    return load.load(line.copy(tmp_path / "line").spec)


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def clustered_by(spec: Spec, field: str) -> Spec:
    return replace(spec, gates=replace(spec.gates, data=replace(spec.gates.data, topic=field)))


SPELLINGS = ("the sea", "The  Sea", " sea", "s\u00adea", "s\u200bea", "\uff53ea", "Sea.", "a sea")


@pytest.mark.parametrize("said", SPELLINGS)
def test_a_topic_is_one_in_every_spelling(said: str) -> None:
    assert topic_of(said) == "sea"


@pytest.mark.parametrize("said", ["...", "\u200b", "!"])
def test_a_topic_of_signs_alone_stays_itself(said: str) -> None:
    assert topic_of(said) == said


def test_spellings_of_one_topic_count_once_in_gate_and_figure(spec: Spec) -> None:
    path = spec.tasks["sea"].files["benchmark"]
    write(path, [row | {"topic": SPELLINGS[number % len(SPELLINGS)]} for number, row in enumerate(records(path))])
    gate = next(one for one in gates.expected(spec) if one.id == "eval.both.sea.coverage")
    assert evaluation.sizes(spec, (gate,)) == {gate.id: 1}
    items = checks.items_of(spec.tasks["sea"], "benchmark", checks.options_of(spec))
    scored = [scoring.Scored(item, "", 1.0) for item in items]
    assert scoring.measure(registry.METRICS["coverage"], scored, 0.95, {}).n == 1


def test_the_declared_field_is_the_cluster_of_the_statistics(spec: Spec) -> None:
    """Every item has a topic of its own, and there are four scenarios."""
    path = spec.tasks["sea"].files["benchmark"]
    write(path, [row | {"scenario": f"scenario {number % 4}"} for number, row in enumerate(records(path))])
    declared = clustered_by(spec, "scenario")
    gate = next(one for one in gates.expected(spec) if one.id == "eval.both.sea.coverage")
    assert (evaluation.sizes(spec, (gate,)), evaluation.sizes(declared, (gate,))) == ({gate.id: 14}, {gate.id: 4})
    items = checks.items_of(declared.tasks["sea"], "benchmark", checks.options_of(declared))
    assert len({item.topic for item in items}) == 4


def test_an_item_without_the_declared_field_counts_by_itself(spec: Spec) -> None:
    declared = clustered_by(spec, "scenario")
    items = checks.items_of(declared.tasks["sea"], "benchmark", checks.options_of(declared))
    assert len({item.topic for item in items}) == len(items)


def test_leakage_is_a_share_of_the_benchmark_however_much_is_trained_on(spec: Spec) -> None:
    """Every benchmark item is trained on, and four times as many others are, too."""
    task = spec.tasks["sea"]
    copies = [row | {"id": f"copy-{number}"} for number, row in enumerate(records(task.files["benchmark"]))]
    others = [
        row | {"id": f"{row['id']}-{k}", "topic": f"{row['topic']} {k}", "question": f"{k} {row['topic']} {k}?"}
        for k in range(4)
        for row in copies
    ]
    write(task.files["train"], [*copies, *others])
    checked = checks.check_task("topics_apart", task, checks.options_of(spec))
    assert (checked.share, checked.records) == (0.0, 24)
    assert "24 of benchmark's own items" in checked.note


def test_a_share_without_findings_is_taken_over_all_records(spec: Spec) -> None:
    checked = checks.check_task("text_apart", spec.tasks["sea"], checks.options_of(spec))
    assert (checked.share, checked.records) == (1.0, 16 + 10 + 24 + 5)


def shared(spec: Spec) -> int:
    """Number of items of the second task that the first one asks as well."""
    checked = checks.check_task("topics_apart", spec.tasks["shore"], checks.options_of(spec), spec.tasks.values())
    return sum("of another task" in str(finding) for finding in checked.tally.kept)


def test_two_tasks_of_the_tiny_line_ask_different_things(spec: Spec) -> None:
    assert shared(spec) == 0


@pytest.mark.parametrize("split", ["dev", "benchmark", "parity"])
@pytest.mark.parametrize("dress", ["the same file", "other ids", "another order", "capitals and invisible signs"])
def test_the_same_items_under_two_task_names_are_refused(spec: Spec, split: str, dress: str) -> None:
    rows = records(spec.tasks["sea"].files[split])
    if dress == "other ids":
        rows = [row | {"id": f"new-{number}"} for number, row in enumerate(rows)]
    elif dress == "another order":
        rows = rows[::-1]
    elif dress.startswith("capitals"):
        rows = [row | {"question": "\u200b".join(row["question"].upper())} for row in rows]
    write(spec.tasks["shore"].files[split], [row | {"task": "shore"} for row in rows])
    assert shared(spec) == len(rows)


def test_one_file_named_twice_is_refused(spec: Spec) -> None:
    path = spec.tasks["sea"].files["benchmark"]
    write(path, [{name: value for name, value in row.items() if name != "task"} for row in records(path)])
    shore = spec.tasks["shore"]
    twice = replace(shore, benchmark=path)
    assert shared(replace(spec, tasks={**spec.tasks, "shore": twice})) == 24


def given_to_shore(spec: Spec, split: str) -> None:
    rows = records(spec.tasks["sea"].files[split])
    write(spec.tasks["shore"].files[split], [row | {"task": "shore"} for row in rows])


def test_one_text_in_two_templates_is_two_questions(spec: Spec, tmp_path: Path) -> None:
    given_to_shore(spec, "benchmark")
    other = tmp_path / "other.j2"
    other.write_text("Sum this up in one line: {{ topic }}\n{{ question }}", encoding="utf-8")
    told = replace(spec, tasks={**spec.tasks, "shore": replace(spec.tasks["shore"], template=other)})
    assert shared(told) == 0


def test_what_many_tasks_train_on_may_be_the_same(spec: Spec) -> None:
    given_to_shore(spec, "train")
    assert shared(spec) == 0
