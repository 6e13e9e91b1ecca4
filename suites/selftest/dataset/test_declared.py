"""What a task declares of its items, and what it may leave out: the absent is not asked for, and is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import gates
from harness.dataset import checks
from harness.errors import DataError, SpecError
from harness.gates import evaluation, limits
from harness.metrics import registry, scoring
from harness.releases import meaning
from harness.report import conclusions
from harness.report.catalogue import Say
from harness.spec import load
from harness.spec.objects import Task
from suites.tiny.child import Line, release

ALL_KEYS = ("schema", "template", "answer_form", "refuse", "look_alike", "refusal_form", "counts")
ABOVE = "above = { coverage = 0.5, format = 0.5, refused = 0.5, answered = 0.5 }"
EXPECTED = "expected = { coverage = 0.95, format = 0.95, refused = 0.95, answered = 0.95 }\n"

ROW = '[[gates.eval]]\nadapter = "both"\ntask = "all"\nabove = { non_empty = 0.5 }\n'


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    return line.copy(tmp_path / "line")


def without(line: Line, *keys: str) -> None:
    """Remove keys of every task."""
    rows = line.spec.read_text(encoding="utf-8").splitlines(keepends=True)
    line.spec.write_text("".join(row for row in rows if not row.startswith(tuple(keys))), encoding="utf-8")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def as_turns(row: dict[str, Any]) -> dict[str, Any]:
    """A record with turns, the form that most people have."""
    turns = [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["reference"]}]
    return {"messages": turns}


def plain(line: Line) -> Task:
    """The task of the tiny line with records of turns only, and nothing declared that can be left out."""
    without(line, *ALL_KEYS)
    for path in (line.spec.parent / split / f"{task}.jsonl" for split in ("train", "dev", "benchmark", "parity")
                 for task in ("sea", "shore")):  # fmt: skip
        write(path, [as_turns(row) for row in rows_of(path)])
    text = line.spec.read_text(encoding="utf-8")
    line.spec.write_text(text.partition("[[gates.eval]]")[0] + ROW, encoding="utf-8")
    return load.load(line.spec).tasks["sea"]


REFUSED_SPECS = {
    "a kind to refuse and no form of a refusal": (("refusal_form",), "tasks.sea.refusal_form: missing, and refuse"),
    "a form of a refusal and no kind": (("refuse ", "look_alike"), "tasks.sea.refuse: missing, and refusal_form"),
    "something that looks like nothing": (("refuse ", "refusal_form"), "tasks.sea.look_alike: .* refuse names none"),
}


@pytest.mark.parametrize(("keys", "told"), REFUSED_SPECS.values(), ids=REFUSED_SPECS)
def test_what_belongs_together_is_declared_together(copied: Line, keys: tuple[str, ...], told: str) -> None:
    without(copied, *keys)
    with pytest.raises(SpecError, match=told):
        load.load(copied.spec)


def test_a_kind_is_either_refused_or_answered(copied: Line) -> None:
    copied.edit("look_alike = ['look-alike']", "look_alike = ['look-alike', 'graded']")
    with pytest.raises(SpecError, match="look_alike: 'graded' stands in refuse too"):
        load.load(copied.spec)


@pytest.mark.parametrize(("key", "kind"), [("refuse", "graded"), ("look_alike", "look-alike")])
def test_a_declared_kind_that_no_record_has_is_refused_with_the_nearest_one(copied: Line, key: str, kind: str) -> None:
    copied.edit(f"{key} = ['{kind}']", f"{key} = ['{kind}', '{kind[:-1]}']")
    with pytest.raises(SpecError, match=f"tasks.sea.{key}: no record is of kind '{kind[:-1]}'; did you mean '{kind}'"):
        limits.check_kinds(load.load(copied.spec))


def test_a_kind_of_one_split_alone_is_one(copied: Line) -> None:
    path = copied.spec.parent / "parity" / "sea.jsonl"
    first, *rest = rows_of(path)
    write(path, [first | {"kind": "unsafe"}, *rest])
    copied.edit("refuse = ['graded']", "refuse = ['graded', 'unsafe']")
    with pytest.raises(SpecError, match=r"tasks\.shore.refuse: no record is of kind 'unsafe'"):
        limits.check_kinds(load.load(copied.spec))
    loaded = load.load(copied.spec)
    limits.check_kinds(replace(loaded, tasks={"sea": loaded.tasks["sea"]}))


def test_the_reader_tells_of_each_item_what_the_task_wants(copied: Line) -> None:
    items = checks.items_of(load.load(copied.spec).tasks["sea"], "benchmark")
    assert {(one.kind, one.must_refuse, one.look_alike) for one in items} == {
        ("plain", False, False),
        ("look-alike", False, True),
        ("graded", True, False),
    }


def test_other_words_for_the_kinds_change_no_size_of_a_gate(copied: Line) -> None:
    loaded = load.load(copied.spec)
    before = evaluation.sizes(loaded, gates.expected(loaded))
    words = {"graded": "unsafe", "look-alike": "edgy", "plain": "usual"}
    for task in loaded.tasks.values():
        for path in task.files.values():
            write(path, [row | {"kind": words[row["kind"]]} for row in rows_of(path)])
    copied.edit("['graded']", "['unsafe']")
    copied.edit("['look-alike']", "['edgy']")
    again = load.load(copied.spec)
    assert evaluation.sizes(again, gates.expected(again)) == before


NEEDLESS = {
    "format": (("answer_form",), "tasks.sea.answer_form: missing, and gates.eval.0 puts a threshold on 'format'"),
    "refused": (
        ("refuse ", "refusal_form", "look_alike"),
        "tasks.sea.refuse: missing, and gates.eval.1 puts a threshold on 'refused'",
    ),
    "answered": (("look_alike",), "tasks.sea.look_alike: missing, and gates.eval.1 puts a threshold on 'answered'"),
}


@pytest.mark.parametrize(("keys", "told"), NEEDLESS.values(), ids=NEEDLESS)
def test_a_threshold_on_what_is_not_declared_is_refused(copied: Line, keys: tuple[str, ...], told: str) -> None:
    without(copied, *keys)
    with pytest.raises(SpecError, match=told):
        gates.expected(load.load(copied.spec))


def test_a_minimum_on_what_is_not_declared_is_refused(copied: Line) -> None:
    copied.edit("[generation]", "[selection]\nminimum = { refusal-pooled = 0.6 }\n\n[generation]")
    copied.edit(ABOVE, "above = { coverage = 0.5 }")
    copied.edit(EXPECTED, "")
    copied.edit("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5 }")
    without(copied, "refuse ", "refusal_form", "look_alike")
    with pytest.raises(SpecError, match=r"selection\.minimum puts a threshold on 'refusal-pooled'"):
        gates.expected(load.load(copied.spec))


def test_records_of_turns_alone_need_no_key_but_their_files(copied: Line) -> None:
    task = plain(copied)
    loaded = load.load(copied.spec)
    assert (task.template, task.schema, task.answer_form, task.refusal_form) == (None,) * 4
    for split in task.files:
        for check in ("encoding", "parse", "fields", "template"):
            assert checks.check_file(check, task, split, checks.options_of(loaded)).share == 1.0
    assert "data.train-sea.counts" not in {gate.id for gate in gates.expected(loaded)}


def test_records_that_need_a_template_ask_for_it_by_its_key(copied: Line) -> None:
    without(copied, "template")
    task = load.load(copied.spec).tasks["sea"]
    with pytest.raises(DataError, match=r"sea\.jsonl:1: .* without a template .*: name one, tasks\.sea\.template"):
        checks.items_of(task, "dev")
    (finding, *_) = checks.check_file("template", task, "dev", checks.options_of(load.load(copied.spec))).tally.kept
    assert (finding.line, finding.kind) == (1, "unusable")


def test_items_without_a_topic_count_by_themselves(copied: Line) -> None:
    items = checks.items_of(plain(copied), "benchmark")
    assert len({item.topic for item in items}) == len(items) == 24


def test_what_is_not_declared_is_not_judged_by_any_metric(copied: Line) -> None:
    items = checks.items_of(task := plain(copied), "benchmark")
    forms = scoring.forms_of({"sea": task})
    without = {name for name, metric in registry.OWN.items() if scoring.concerned(metric, items, forms)}
    assert without.isdisjoint({"format", "refused", "answered", "refusal-pooled", "coverage", "citation-recall"})
    assert "non_empty" in without


def test_what_is_not_judged_is_told_task_by_task(copied: Line) -> None:
    plain(copied)
    told = limits.not_judged(load.load(copied.spec))
    assert [one for one in told if "sea" in one] == [
        "tasks.sea.schema is not declared: records are held to no schema, so a field that is missing or misspelt is "
        "not told",
        "tasks.sea.answer_form is not declared: the form of answers is not judged",
        "tasks.sea.refuse is not declared: whether anything is refused that should be is not judged",
        "tasks.sea.look_alike is not declared: whether anything is refused that should be answered is not judged by "
        "items of its own",
        "no benchmark item of sea has points: coverage cannot say whether answers hold what they should",
        "no benchmark item of sea names a topic: each counts by itself, as if none were of one source",
    ]


def test_a_task_that_declares_all_leaves_nothing_open(line: Line) -> None:
    assert limits.not_judged(load.load(line.spec)) == ()


def test_records_of_the_benchmark_that_no_adapter_is_asked_are_counted(copied: Line) -> None:
    path = copied.spec.parent / "benchmark" / "sea.jsonl"
    first, *others = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(first[: len(first) // 2] + "\n" + "".join(others), encoding="utf-8")
    told = limits.not_judged(load.load(copied.spec))
    assert "records of sea's benchmark that cannot be used, and that no adapter is asked: 1" in told


def test_the_report_tells_what_was_not_judged_among_its_limits() -> None:
    (listed,) = conclusions.limits(
        {"not_judged": ["the form of answers"], "environment": {"git_dirty": False}}, {}, Say()
    )
    assert "Not judged: the form of answers." in listed


def test_another_kind_to_refuse_is_another_meaning(copied: Line) -> None:
    loaded = load.load(copied.spec)
    table = {"tasks": {"sea": {"refuse": ["graded", "unsafe"], "look_alike": ["look-alike"]}}}
    told = [one for one in meaning.changes(table, {}, loaded) if ".refuse:" in one or ".look_alike:" in one]
    assert told == ["tasks.sea.refuse: ['graded', 'unsafe'], now ['graded']"]


def test_a_release_of_turns_alone_is_released_and_says_what_it_did_not_judge(copied: Line) -> None:
    """Answers of the right content, from records with turns and points: what they were not asked for blocks nothing."""
    answered = {
        path: [row for row in rows_of(path) if row["kind"] != "graded"]
        for task in load.load(copied.spec).tasks.values()
        for path in task.files.values()
    }
    for path, rows in answered.items():
        write(path, [as_turns(row) | {"points": row["points"]} for row in rows])
    without(copied, *ALL_KEYS)
    beginning = copied.spec.read_text(encoding="utf-8").partition("[[gates.eval]]")[0]
    row = '[[gates.eval]]\nadapter = "both"\ntask = "{}"\nabove = {{ coverage = 0.2 }}\n\n'
    rows_of_gates = "".join(row.format(task) for task in ("sea", "shore"))
    copied.spec.write_text(
        beginning + rows_of_gates + '[gates.data]\nduplicates_of = ["prompt", "both"]\n', encoding="utf-8"
    )
    copied.edit('[[experiments]]\nname = "long"\nepochs = 24\nlearning_rate = 1e-2\n\n', "")
    copied.edit('name = "tiny"', 'name = "turns"')  # no release of the line's is compared with this one
    finished = release(copied, "turns")
    assert finished.status == 0, finished.output[-2000:]
    assert finished.verdict["verdict"] == "released"
    assert "tasks.sea.refuse is not declared" in " ".join(finished.verdict["not_judged"])
    report = (finished.run / "report.md").read_text(encoding="utf-8")
    assert "- Not judged: tasks.shore.answer_form is not declared" in report.partition("## Limits")[2]
    page = (finished.run / "report.html").read_text(encoding="utf-8")
    assert "tasks.shore.answer_form is not declared" in page.partition('id="limits"')[2]
