"""Each shape of data becomes a release that a run would take, judged by what fits its answers, with nothing lost."""

from __future__ import annotations

import json
import random
import re
import tomllib
from pathlib import Path

import pytest

from harness.dataset.records import parse_lines
from harness.new import proof
from harness.project import ROOT
from harness.text.columns import columns_of
from suites.selftest.new import shapes
from suites.selftest.new.conftest import New

WRITTEN = {"release.toml", "train.jsonl", "dev.jsonl", "benchmark.jsonl", "answer.schema.json", "prompt.j2"}
SCREEN = (24, 100)
"""Lines and columns."""


def _sorted(records: list[dict[str, object]]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in records)


@pytest.mark.parametrize("name", shapes.SHAPES)
def test_a_shape_becomes_a_release_that_a_run_would_take(name: str, new: New, tmp_path: Path) -> None:
    data = shapes.write(name, tmp_path, 60)
    before = data.read_bytes()

    made = new(data)

    assert made.status == 0, made.error
    spec = proof.read_back(made.out / "release.toml")
    wanted = shapes.SHAPES[name][3]
    assert {metric for row in spec.thresholds for metric in row.above} == set(wanted)
    assert data.read_bytes() == before
    assert {path.name for path in made.out.iterdir()} <= WRITTEN
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    written = [one for split in ("train", "dev", "benchmark") for one in made.split(split)]
    assert _sorted(written) == _sorted([record for _, record in parse_lines(data)])
    lines, columns = SCREEN
    assert len(made.screen) <= lines
    assert [line for line in made.screen[1:-1] if columns_of(line) > columns] == []
    assert made.screen[-1].endswith(f"--release={made.out / 'release.toml'} --plan")
    assert not proof.findings(spec).red


@pytest.mark.parametrize("name", ["labels in CSV", "passages", "tool calls"])
def test_the_same_splits_come_of_the_same_records_in_any_order(name: str, new: New, tmp_path: Path) -> None:
    rows = shapes.SHAPES[name][1](45)
    shapes.lines(tmp_path / "data.jsonl", rows)
    one = new(tmp_path / "data.jsonl", out="one")
    again = new(tmp_path / "data.jsonl", out="again")
    random.Random(4).shuffle(rows)
    shapes.lines(tmp_path / "data.jsonl", rows)
    other = new(tmp_path / "data.jsonl", out="other")

    assert one.status == 0, one.error
    for split in ("train.jsonl", "dev.jsonl", "benchmark.jsonl"):
        assert (again.out / split).read_bytes() == (one.out / split).read_bytes()
        assert (other.out / split).read_bytes() == (one.out / split).read_bytes()
    assert other.spec.replace('"other"', '"one"') == one.spec


def test_every_number_is_written_as_it_stood(new: New, tmp_path: Path) -> None:
    lines = [
        f'{{"prompt": "{shapes.words(5, n)}?", "completion": "{shapes.words(2, 99 + n)}", "w": 1.50000000000000000{n}}}'
        for n in range(10, 40)
    ]
    (tmp_path / "numbers.json").write_text("[\n" + ",\n".join(lines) + "\n]", encoding="utf-8")

    made = new(tmp_path / "numbers.json")

    assert made.status == 0, made.error
    splits = [(made.out / f"{split}.jsonl").read_text(encoding="utf-8") for split in ("train", "dev", "benchmark")]
    assert sorted("".join(splits).splitlines()) == sorted(lines)


def test_the_page_has_every_shape_with_its_metrics() -> None:
    page = (ROOT / "docs" / "new.md").read_text(encoding="utf-8")
    rows = [[part.strip() for part in line.split("|")] for line in page.splitlines() if line.startswith("|")]
    told = {row[1]: tuple(re.findall(r"`([\w-]+)`", row[3])) for row in rows if row[1] in shapes.SHAPES}
    assert told == {name: tuple(metrics) for name, (_, _, _, metrics) in shapes.SHAPES.items()}


def test_labels_are_in_every_split_and_in_the_metric(new: New, tmp_path: Path) -> None:
    made = new(shapes.write("labels in CSV", tmp_path, 60))
    for split in ("train", "dev", "benchmark"):
        assert {str(one["label"]) for one in made.split(split)} == set(shapes.LABELS)
    assert tomllib.loads(made.spec)["tasks"]["tickets"]["metrics"]["label"]["labels"] == sorted(shapes.LABELS)
    assert any("normal 20, spam 20, urgent 20" in line for line in made.screen)


def test_a_schema_is_drafted_that_a_wrong_answer_does_not_fit(new: New, tmp_path: Path) -> None:
    made = new(shapes.write("structured", tmp_path, 60))
    schema = json.loads((made.out / "answer.schema.json").read_text(encoding="utf-8"))
    assert schema["required"] == ["count", "item", "state"]
    assert schema["properties"]["count"] == {"type": "integer"}
    assert schema["properties"]["state"]["enum"] == ["new", "paid", "sent"]


@pytest.mark.parametrize(("template", "told"), [("{{ messages }}", True), ("{{ tools }}{{ messages }}", False)])
def test_tools_that_the_base_cannot_write_are_told(template: str, told: bool, tmp_path: Path, new: New) -> None:
    other = tmp_path / "base"
    other.mkdir()
    (other / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}), encoding="utf-8")
    made = new(shapes.write("tool calls", tmp_path, 30), more=(f"--base={other}",))
    assert made.status == 0, made.error
    assert any("speaks of no tools" in line for line in made.screen) is told


def test_what_is_not_done_with_pairs_is_said(new: New, tmp_path: Path) -> None:
    made = new(shapes.write("DPO pairs", tmp_path, 30))
    assert any("no DPO is done" in line for line in made.screen)
    assert 'completion = "chosen"' in made.spec


def test_answers_that_are_rated_false_are_not_learned(new: New, tmp_path: Path) -> None:
    rows = [row | {"label": n % 3 != 0} for n, row in enumerate(shapes.completion(60))]
    made = new(shapes.lines(tmp_path / "rated.jsonl", rows))
    assert made.status == 0, made.error
    assert sum(len(made.split(split)) for split in ("train", "dev", "benchmark")) == 40
    assert all(one["label"] is True for one in made.split("train"))
    assert any("20 that are rated false are left out" in line for line in made.screen)


def test_few_answers_that_keep_a_metric_away_are_named(new: New, tmp_path: Path) -> None:
    rows = shapes.structured(60)
    rows[7]["messages"][1]["content"] = "I do not know that order."
    made = new(shapes.lines(tmp_path / "orders.jsonl", rows))
    assert any("1 of 60 answers keep json-schema away, first: line 8" in line for line in made.screen)


def test_a_passage_that_most_records_lack_is_an_input_and_no_topic(new: New, tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Tell of {shapes.words(6, n)}.", "context": shapes.words(9, n // 3) if n % 2 else "",
         "response": shapes.long_text(n), "category": "open"}
        for n in range(40)
    ]  # fmt: skip
    made = new(shapes.lines(tmp_path / "dolly.jsonl", rows))
    assert made.status == 0, made.error
    assert 'input = "context"' in made.spec
    assert "topic" not in tomllib.loads(made.spec)["tasks"]["dolly"]["columns"]
    assert any(line.startswith("data gates  no findings") for line in made.screen)


def test_worked_solutions_are_judged_by_their_number(new: New, tmp_path: Path) -> None:
    rows = [
        {"question": f"{shapes.words(9, n)}?", "answer": f"{shapes.words(7, 60 + n)} 3 + {n} = {n + 3}\n#### {n + 3}"}
        for n in range(30)
    ]
    made = new(shapes.lines(tmp_path / "sums.jsonl", rows))
    assert "number" in tomllib.loads(made.spec)["gates"]["eval"][0]["above"]


def test_several_columns_that_ask_make_a_template(new: New, tmp_path: Path) -> None:
    rows = [
        {"premise": shapes.words(5, n), "hypothesis": shapes.words(5, 900 + n), "title": shapes.words(3, 1800 + n),
         "label": ("entailment", "neutral")[n % 2]}
        for n in range(40)
    ]  # fmt: skip
    made = new(shapes.lines(tmp_path / "nli.jsonl", rows))
    assert made.status == 0, made.error
    assert (made.out / "prompt.j2").read_text(encoding="utf-8") == "{{ premise }}\n\n{{ hypothesis }}\n\n{{ title }}\n"
    assert 'reference = "label"' in made.spec


@pytest.mark.parametrize("text", ['"""', "\x7f\\", "# [gates]\n[release]", "\u202e\u2028", "'''\t"])
def test_no_label_breaks_out_of_the_spec(text: str, new: New, tmp_path: Path) -> None:
    labels = (f"a {text} b", "plain")
    rows = [{"text": shapes.words(6, n), "label": labels[n % 2], f"x {text}": "1"} for n in range(24)]
    made = new(shapes.lines(tmp_path / "odd.jsonl", rows))
    assert made.status == 0, made.error
    assert tomllib.loads(made.spec)["tasks"]["odd"]["metrics"]["label"]["labels"] == sorted(labels)
