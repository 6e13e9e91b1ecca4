"""The checks over data files accuse what they should, where it is, and nothing on the data that ships."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset.counts import count_findings
from harness.dataset.declared import Declared
from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords, read_items
from harness.dataset.leakage import text_findings, topic_findings
from harness.dataset.records import parse_lines
from harness.dataset.scan import Plan, scan
from harness.dataset.template import template_findings
from harness.errors import DataError
from harness.project import ROOT

DATA = ROOT / "data" / "v3"
SPEC = tomllib.loads((DATA / "release.toml").read_text(encoding="utf-8"))["tasks"]
SPLITS = ("train", "dev", "benchmark", "parity")
FILES = [pytest.param(task, split, id=f"{split}-{task}") for task in ("style", "writing") for split in SPLITS]
Record = dict[str, Any]


def read(path: Path, task: str) -> tuple[Item, ...]:
    template = (DATA / SPEC[task]["template"]).read_text(encoding="utf-8")
    declared = Declared(frozenset(SPEC[task]["refuse"]), frozenset(SPEC[task]["look_alike"]))
    return read_items(path, TaskRecords(task, template, SPEC[task]["system"], declared))


def shipped(task: str, split: str) -> tuple[Path, tuple[Item, ...]]:
    path = DATA / SPEC[task][split]
    return path, read(path, task)


def planted(folder: Path, task: str, split: str, line: int, change: Callable[[Record], object]) -> Path:
    """A copy of a shipped file in which one line was changed."""
    lines = (DATA / SPEC[task][split]).read_text(encoding="utf-8").split("\n")
    record = json.loads(lines[line - 1])
    change(record)
    lines[line - 1] = json.dumps(record)
    path = folder / f"{split}-{task}.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def first_line(task: str, split: str, kind: str) -> int:
    return next(item.line for item in shipped(task, split)[1] if item.kind == kind)


def field_findings(path: Path, schema: Path) -> tuple[Finding, ...]:
    return tuple(scan(Plan(path, schema)).tallies["fields"].kept)


def check_form(task: str, path: Path) -> tuple[Finding, ...]:
    return template_findings(path, read(path, task), SPEC[task]["answer_form"], SPEC[task]["refusal_form"])


@pytest.mark.parametrize(("task", "split"), FILES)
class TestShippedFile:
    def test_fits_its_schema(self, task: str, split: str) -> None:
        assert field_findings(DATA / SPEC[task][split], DATA / SPEC[task]["schema"]) == ()

    def test_references_keep_their_form(self, task: str, split: str) -> None:
        assert check_form(task, DATA / SPEC[task][split]) == ()

    def test_holds_what_the_spec_declares(self, task: str, split: str) -> None:
        path, items = shipped(task, split)
        assert count_findings(path, items, SPEC[task]["counts"][split]) == ()


@pytest.mark.parametrize("task", ["style", "writing"])
class TestShippedSplits:
    def test_share_no_topic(self, task: str) -> None:
        assert tuple(topic_findings({split: shipped(task, split) for split in SPLITS})) == ()

    def test_share_no_run_of_words(self, task: str) -> None:
        assert tuple(text_findings({split: shipped(task, split) for split in SPLITS})) == ()


def rename_question(record: Record) -> None:
    record["qestion"] = record.pop("question")


SCHEMA_DEFECTS = [
    pytest.param(rename_question, "qestion", "did you mean 'question'", id="unknown-key"),
    pytest.param(rename_question, "question", "missing", id="missing-key"),
    pytest.param(lambda r: r.update(difficulty="tough"), "difficulty", "'easy', 'medium', 'hard'", id="enum"),
    pytest.param(lambda r: r.update(notes="none"), "notes", "array expected", id="type"),
    pytest.param(lambda r: r["points"][0].update(wordings=[]), "points[0].wordings", "at least 1", id="no-wording"),
    pytest.param(lambda r: r["notes"][1].update(txt="x"), "notes[1].txt", "did you mean 'text'", id="nested-key"),
    pytest.param(lambda r: r.update(points=[]), "points", "at least 2", id="no-points"),
    pytest.param(lambda r: r.update(kind="no-notes"), "notes", "at most 0", id="notes-of-an-item-without-notes"),
    pytest.param(lambda r: r.pop("origin"), "origin", "missing", id="origin-of-a-training-item"),
]


class TestSchema:
    @pytest.mark.parametrize(("change", "field", "words"), SCHEMA_DEFECTS)
    def test_accuses_the_field_on_its_line(
        self, change: Callable[[Record], object], field: str, words: str, tmp_path: Path
    ) -> None:
        line = first_line("style", "train", "plain")
        path = planted(tmp_path, "style", "train", line, change)
        found = field_findings(path, DATA / SPEC["style"]["schema"])
        assert {finding.line for finding in found} == {line}
        assert any(finding.field == field and words in finding.problem for finding in found), found

    def test_a_receiver_without_a_brief_is_accused(self, tmp_path: Path) -> None:
        line = first_line("writing", "dev", "no-brief")
        path = planted(tmp_path, "writing", "dev", line, lambda r: r.update(to="Kofi"))
        found = field_findings(path, DATA / SPEC["writing"]["schema"])
        assert [(finding.line, finding.field) for finding in found] == [(line, "to")]

    def test_lines_are_those_of_the_file_with_its_empty_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "gaps.jsonl"
        path.write_text('\n\n{"task": "style"}\n', encoding="utf-8")
        assert {finding.line for finding in field_findings(path, DATA / SPEC["style"]["schema"])} == {3}

    def test_a_broken_schema_is_named(self, tmp_path: Path) -> None:
        broken = tmp_path / "broken.schema.json"
        broken.write_text('{"type": "objekt"}', encoding="utf-8")
        with pytest.raises(DataError, match=r"broken\.schema\.json: not a JSON Schema"):
            field_findings(DATA / SPEC["style"]["train"], broken)

    def test_a_finding_reads_path_line_field_problem(self) -> None:
        assert str(Finding(Path("a.jsonl"), 3, "topic", "empty")) == "a.jsonl:3: topic: empty"


class TestTemplate:
    @pytest.mark.parametrize(
        ("kind", "reference", "words"),
        [
            pytest.param("plain", "  \n", "empty", id="empty"),
            pytest.param("plain", "It just is so.", "answer form", id="answer-off-form"),
            pytest.param("graded", "Sorry, no.", "refusal form", id="refusal-off-form"),
            pytest.param("plain", "Declined: no.\nInstead: ask again.", "answer form", id="over-refusal"),
        ],
    )
    def test_accuses_the_reference_on_its_line(self, kind: str, reference: str, words: str, tmp_path: Path) -> None:
        line = first_line("style", "dev", kind)
        path = planted(tmp_path, "style", "dev", line, lambda r: r.update(reference=reference))
        found = [finding for finding in check_form("style", path) if finding.field == "reference"]
        assert [finding.line for finding in found] == [line]
        assert words in found[0].problem

    def test_accuses_a_point_that_the_reference_does_not_say(self, tmp_path: Path) -> None:
        line = first_line("writing", "train", "plain")
        path = planted(tmp_path, "writing", "train", line, lambda r: r["points"][1].update(wordings=["by submarine"]))
        assert [(f.line, f.field) for f in check_form("writing", path)] == [(line, "points[1]")]

    def test_a_wording_inside_a_longer_word_does_not_count(self, tmp_path: Path) -> None:
        def cut(record: Record) -> None:
            record["points"][0]["wordings"] = [record["notes"][0]["text"].split()[0][:-1]]

        line = first_line("style", "train", "plain")
        found = check_form("style", planted(tmp_path, "style", "train", line, cut))
        assert [(f.line, f.field) for f in found] == [(line, "points[0]")]

    def test_accuses_a_refusal_that_gives_the_answer_away(self, tmp_path: Path) -> None:
        def leak(record: Record) -> None:
            said = record["points"][0]["wordings"][0]
            record["reference"] = f"Declined: your own work.\nInstead: think of {said}."

        line = first_line("style", "train", "graded")
        found = check_form("style", planted(tmp_path, "style", "train", line, leak))
        assert [(f.line, f.field) for f in found] == [(line, "points[0]")]

    def test_accuses_an_empty_prompt(self) -> None:
        item = Item("a", "style", "plain", "tides", ({"role": "user", "content": " "},), "Yes.", (), line=7)
        assert [(f.line, f.field) for f in template_findings(Path("a.jsonl"), (item,), "Yes.", "No.")] == [
            (7, "messages")
        ]


class TestComposition:
    @pytest.mark.parametrize(
        ("declared", "field", "words"),
        [
            ({"items": 34}, "items", "35 items, the spec declares 34"),
            ({"refusals": 11}, "refusals", "10 items that must be refused"),
            ({"cells": {"chapter*difficulty": 8}}, "cells.chapter*difficulty", "9 distinct values"),
        ],
    )
    def test_accuses_a_count_that_differs(self, declared: Record, field: str, words: str) -> None:
        path, items = shipped("style", "train")
        (finding,) = count_findings(path, items, declared)
        assert (finding.line, finding.field) == (0, field)
        assert words in finding.problem

    def test_cells_count_added_items_only(self) -> None:
        path, items = shipped("style", "train")
        base = tuple(item for item in items if item.fields["origin"] == "base")
        (finding,) = count_findings(path, base, {"cells": {"chapter*difficulty": 9}})
        assert finding.problem.startswith("0 distinct")

    def test_cells_count_every_item_where_none_has_an_origin(self) -> None:
        path, items = shipped("style", "dev")
        assert count_findings(path, items, {"cells": {"chapter": 3}}) == ()

    def test_a_cell_over_a_missing_field_is_accused_on_its_line(self) -> None:
        path, items = shipped("style", "dev")
        found = count_findings(path, items[:1], {"cells": {"chaptr": 1}})
        assert (found[0].line, found[0].field) == (1, "chaptr")

    def test_an_unknown_count_names_the_nearest(self) -> None:
        with pytest.raises(ValueError, match="did you mean 'refusals'"):
            count_findings(Path("a.jsonl"), (), {"refusal": 1})


def with_dev_change(folder: Path, line: int, change: Callable[[Record], object]) -> Any:
    path = planted(folder, "style", "dev", line, change)
    return {"train": shipped("style", "train"), "dev": (path, read(path, "style"))}


class TestLeakage:
    @pytest.mark.parametrize("spelling", ["soap", "  SOAP!", "\uff53\uff4f\uff41\uff50", "The soap"])
    def test_accuses_a_topic_of_another_split_however_spelled(self, spelling: str, tmp_path: Path) -> None:
        named = with_dev_change(tmp_path, 5, lambda r: r.update(topic=spelling))
        (finding,) = topic_findings(named)
        assert (finding.path, finding.line, finding.field) == (named["dev"][0], 5, "topic")

    def test_another_field_may_keep_the_splits_apart(self) -> None:
        def item(line: int, **fields: str) -> Item:
            return Item(f"i{line}", "style", "plain", f"t{line}", (), "", (), line, fields)

        train = [item(1, scene="the harbour"), item(2, scene="an airport")]
        dev = [item(1, scene="Harbour"), item(2), item(3, scene=" "), item(4, scene="a school")]
        found = topic_findings({"train": (Path("a"), train), "dev": (Path("b"), dev)}, "scene")
        assert [(one.line, one.field, one.kind) for one in found] == [
            (1, "scene", "shared-topic"),
            (2, "scene", "no-topic"),
            (3, "scene", "no-topic"),
        ]

    def test_items_that_name_no_topic_are_topics_by_themselves(self) -> None:
        def item(line: int) -> Item:
            return Item(f"line-{line}", "style", "plain", f"line-{line}", (), "", (), line, {"messages": []})

        assert not list(topic_findings({"train": (Path("a"), [item(1)]), "benchmark": (Path("b"), [item(1)])}))

    def test_accuses_a_topic_that_the_benchmark_holds_twice(self, tmp_path: Path) -> None:
        first = shipped("writing", "benchmark")[1][0].topic
        path = planted(tmp_path, "writing", "benchmark", 9, lambda r: r.update(topic=first))
        (finding,) = topic_findings({"benchmark": (path, read(path, "writing"))})
        assert finding.line == 9
        assert "line 1 already" in finding.problem

    def test_accuses_a_copied_question_and_names_its_source(self, tmp_path: Path) -> None:
        source = next(item for item in shipped("style", "train")[1] if len(item.fields["question"].split()) > 9)
        named = with_dev_change(tmp_path, 4, lambda r: r.update(question=source.fields["question"].upper()))
        (finding,) = text_findings(named)
        assert (finding.line, finding.field) == (4, "question")
        assert f"style.jsonl:{source.line}\n" in finding.problem

    def test_accuses_a_copied_reference_of_an_answer(self, tmp_path: Path) -> None:
        source = next(item for item in shipped("style", "train")[1] if not item.must_refuse)
        line = first_line("style", "dev", "plain")
        named = with_dev_change(tmp_path, line, lambda r: r.update(reference=source.reference))
        assert {(f.line, f.field) for f in text_findings(named)} == {(line, "reference")}

    @pytest.mark.parametrize(("words", "findings"), [(7, 0), (8, 1)])
    def test_a_run_starts_at_eight_words(self, words: int, findings: int, tmp_path: Path) -> None:
        source = next(item for item in shipped("style", "train")[1] if len(item.fields["question"].split()) > 9)
        copied = " ".join(re.findall(r"\w+", source.fields["question"])[:words])
        named = with_dev_change(tmp_path, 2, lambda r: r.update(question=copied))
        assert len(tuple(text_findings(named))) == findings

    def test_a_run_of_ideographs_is_found_without_spaces(self) -> None:
        def item(question: str) -> Item:
            return Item("a", "style", "plain", "t", ({"role": "user", "content": question},), "", (), line=1)

        text = "".join(chr(0x4E00 + 3 * i) for i in range(16))
        named = {"train": (Path("a"), (item(text),)), "dev": (Path("b"), (item(f"x{text}"),))}
        assert len(tuple(text_findings(named))) == 1

    def test_prompts_in_messages_form_are_compared(self) -> None:
        turns = ({"role": "user", "content": "one two three four five six seven eight nine"},)
        item = Item("a", "style", "plain", "t", turns, "", (), line=1)
        named = {"train": (Path("a"), (item,)), "dev": (Path("b"), (item,))}
        assert [finding.field for finding in text_findings(named)] == ["messages[0].content"]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=4), min_size=1, max_size=5)
ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


class TestParseLines:
    @ONE_FILE
    @given(records=RECORDS, ascii_only=st.booleans())
    def test_any_json_objects_round_trip(self, records: list[Record], ascii_only: bool, tmp_path: Path) -> None:
        path = tmp_path / "any.jsonl"
        path.write_bytes("\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records).encode())
        assert parse_lines(path) == list(enumerate(records, 1))

    @ONE_FILE
    @given(records=RECORDS, choice=st.data())
    def test_a_corrupt_byte_is_located(self, records: list[Record], choice: st.DataObject, tmp_path: Path) -> None:
        lines = [json.dumps(record, ensure_ascii=False).encode() for record in records]
        number = choice.draw(st.integers(1, len(lines)))
        at = choice.draw(st.integers(0, len(lines[number - 1])))
        lines[number - 1] = lines[number - 1][:at] + b"\xff" + lines[number - 1][at:]
        path = tmp_path / "corrupt.jsonl"
        path.write_bytes(b"\n".join(lines))
        with pytest.raises(DataError) as caught:
            parse_lines(path)
        assert caught.value.line == number
