"""Records are shared out by what they say, and files that are named keep their names' meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.new.json_shape import schema_of
from harness.new.look import scripts
from harness.new.roles import role
from suites.selftest.new import shapes
from suites.selftest.new.conftest import Made, New

SPLITS = ("train", "dev", "benchmark")


def _apart(made: Made, key: str) -> bool:
    values = [{str(one[key]) for one in made.split(split)} for split in SPLITS]
    return not (values[0] & values[1] or values[0] & values[2] or values[1] & values[2])


def test_questions_on_one_passage_stay_together(new: New, tmp_path: Path) -> None:
    made = new(shapes.write("passages", tmp_path, 60))
    assert _apart(made, "context")
    assert 'topic = "context"' in made.spec
    assert 'allow = ["repeated-topic"]' in made.spec


def test_questions_on_few_passages_count_as_few(new: New, tmp_path: Path) -> None:
    made = new(shapes.write("passages", tmp_path, 30))
    assert made.status == 0, made.error
    assert 'topic = "context"' in made.spec
    assert any("only advises" in line for line in made.screen)


def test_items_of_one_topic_stay_together(new: New, tmp_path: Path) -> None:
    made = new(shapes.write("points", tmp_path, 60))
    assert _apart(made, "topic")


def test_near_copies_and_a_question_inside_a_text_stay_together(new: New, tmp_path: Path) -> None:
    rows = shapes.completion(40)
    for n in range(20):
        text = shapes.words(14, 500 + n)
        rows += [
            {"prompt": f"Tell me of {text} now.", "completion": shapes.words(3, n), "pair": f"near {n}"},
            {"prompt": f"Tell us of {text} now.", "completion": shapes.words(3, 50 + n), "pair": f"near {n}"},
        ]
        asked = f"What is the {shapes.words(4, 800 + n)}?"
        rows += [
            {"prompt": asked, "completion": shapes.words(2, 70 + n), "pair": f"inside {n}"},
            {"prompt": f"{shapes.words(9, 900 + n)}. {asked} {shapes.words(6, 950 + n)}.",
             "completion": shapes.words(2, 90 + n), "pair": f"inside {n}"},
        ]  # fmt: skip
    for n, row in enumerate(rows):
        row.setdefault("pair", f"alone {n}")
    made = new(shapes.lines(tmp_path / "mixed.jsonl", rows))
    assert made.status == 0, made.error
    assert _apart(made, "pair")


def test_named_files_are_taken_for_what_their_names_say(new: New, tmp_path: Path) -> None:
    rows = shapes.structured(90)
    parts = {"train": rows[:40], "validation": rows[40:60], "test": rows[60:]}
    files = [shapes.lines(tmp_path / f"{name}.jsonl", part) for name, part in parts.items()]

    made = new(*files)

    assert made.status == 0, made.error
    assert [made.split(split) for split in SPLITS] == list(parts.values())
    assert any("dev is validation.jsonl" in line for line in made.screen)


def test_what_is_missing_is_cut_from_what_would_be_trained_on(new: New, tmp_path: Path) -> None:
    rows = shapes.labelled(90)
    files = [shapes.lines(tmp_path / "train.jsonl", rows[:60]), shapes.lines(tmp_path / "test.jsonl", rows[60:])]
    made = new(*files)
    assert made.status == 0, made.error
    assert made.split("benchmark") == rows[60:]
    assert len(made.split("train")) + len(made.split("dev")) == 60


def test_a_file_without_a_name_is_the_split_that_is_missing(new: New, tmp_path: Path) -> None:
    rows = shapes.labelled(90)
    parts = {"dev": rows[:20], "test": rows[20:50], "tickets": rows[50:]}
    made = new(*(shapes.lines(tmp_path / f"{name}.jsonl", part) for name, part in parts.items()))
    assert made.status == 0, made.error
    assert made.split("train") == parts["tickets"]
    assert any("train is tickets.jsonl" in line for line in made.screen)


@pytest.mark.parametrize("name", ["train", "dev", "test"])
def test_one_file_of_any_name_fills_all_splits(name: str, new: New, tmp_path: Path) -> None:
    made = new(shapes.lines(tmp_path / f"{name}.jsonl", shapes.labelled(40)))
    assert made.status == 0, made.error
    assert sum(len(made.split(split)) for split in SPLITS) == 40
    assert len(made.split("train")) >= 16


def test_too_few_items_only_advise_and_say_how_many_are_missing(new: New, tmp_path: Path) -> None:
    made = new(shapes.lines(tmp_path / "few.jsonl", shapes.labelled(15)))
    assert made.status == 0, made.error
    assert "blocking = true" not in made.spec
    assert "13 are missing, so it only advises" in " ".join(made.spec.replace("\n# ", " ").split())
    assert any("13 short of the 19 that prove it" in line for line in made.screen)
    assert any(line.startswith("unproven") and "13 more benchmark items" in line for line in made.screen)


def test_a_copy_that_named_files_share_is_told_before_anything_is_trained(new: New, tmp_path: Path) -> None:
    rows = shapes.structured(90)
    parts = {"train": rows[:40], "dev": rows[40:60], "test": [*rows[60:], rows[3]]}
    made = new(*(shapes.lines(tmp_path / f"{name}.jsonl", part) for name, part in parts.items()))
    (line,) = [one for one in made.screen if one.startswith("data gates")]
    assert "whole-prompt" in line or "run-prompt" in line
    assert any("text_apart" in one for one in made.screen)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("train.jsonl", "train"), ("my_dev.csv", "dev"), ("valid-00000-of-00001.parquet", "dev"),
     ("test.json.gz", "benchmark"), ("hf:owner/name#validation", "dev"), ("squad.jsonl", ""),
     ("test_train.jsonl", ""), ("trainer.jsonl", ""),
     ("测试集.jsonl", "benchmark"), ("dev/part1.jsonl", "dev")],
)  # fmt: skip
def test_a_name_says_which_split_a_file_is(name: str, wanted: str) -> None:
    assert role(Path(name)) == wanted


def test_a_drafted_schema_keeps_what_all_have_and_names_what_some_have() -> None:
    found = schema_of([{"a": 1, "b": None}, {"a": 2.5, "c": [{"d": "x"}]}])
    assert found["required"] == ["a"]
    assert found["properties"]["a"] == {"type": "number"}
    assert found["properties"]["c"]["items"]["required"] == ["d"]


def test_scripts_are_told_by_their_letters() -> None:
    assert [name for name, _ in scripts(["Привет, мир", "你好"])] == ["Cyrillic letters", "Chinese characters"]
    assert scripts(["12 + 3"]) == ()
