"""The data gates as a user meets them: a pytest child over data alone, green on sound files, red on spoilt ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.dataset import checks, registry, way_out
from harness.dataset.check import Check
from harness.dataset.findings import Checked, Finding, dump, load, tally
from harness.errors import SpecError
from harness.gates import data
from harness.spec import load as spec_file
from harness.spec import objects
from harness.spec.data import Options
from suites.tiny.child import COMMAND, ROOT, Line

PLUGIN = """\
import pathlib, sys

def pytest_sessionfinish(session):
    heavy = sorted({"torch", "transformers", "peft", "bitsandbytes"} & set(sys.modules))
    pathlib.Path(__file__).with_name("imported.txt").write_text(" ".join(heavy))
"""


@dataclass(frozen=True, slots=True)
class DataRun:
    status: int
    output: str
    folder: Path
    imported: str

    def outcome(self, gate: str) -> str:
        verdict = json.loads((self.folder / "verdict.json").read_text(encoding="utf-8"))
        return str(next(one["outcome"] for one in verdict["gates"] if one["id"] == gate))

    def red(self) -> dict[str, str]:
        """Gates of data that did not pass, with their outcomes."""
        verdict = json.loads((self.folder / "verdict.json").read_text(encoding="utf-8"))
        found = {one["id"]: one["outcome"] for one in verdict["gates"] if one["area"] == "data"}
        return {gate: outcome for gate, outcome in found.items() if outcome != "passed"}

    def findings(self, gate: str) -> list[dict[str, Any]]:
        text = (self.folder / "findings" / f"{gate}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line]


def judge(line: Line, folder: Path, *arguments: str) -> DataRun:
    """``pytest suites/release/test_data.py --partial`` on a release line."""
    folder.mkdir(exist_ok=True)
    (folder / "heavy.py").write_text(PLUGIN, encoding="utf-8")
    out = folder / "out"
    options = (f"--release={line.spec}", f"--out={out}", "--run-id=data", "--partial", "-p", "no:cacheprovider")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*COMMAND, "suites/release/test_data.py", *options, "-p", "heavy", "-p", "no:hypothesispytest", *arguments],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(folder), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    imported = (folder / "imported.txt").read_text(encoding="utf-8")
    return DataRun(done.returncode, done.stdout + done.stderr, out / "runs" / "data", imported)


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    return line.copy(tmp_path / "line")


def change(line: Line, split: str, number: int, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change one record of the task "sea"."""
    path = line.spec.parent / split / "sea.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")
    record = json.loads(lines[number - 1])
    edit(record)
    lines[number - 1] = json.dumps(record)
    path.write_text("\n".join(lines), encoding="utf-8")


def record(line: Line, split: str, number: int) -> dict[str, Any]:
    text = (line.spec.parent / split / "sea.jsonl").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text.split("\n")[number - 1])
    return loaded


def test_sound_data_is_judged_green_without_importing_torch(copied: Line, tmp_path: Path) -> None:
    ran = judge(copied, tmp_path / "run")
    assert ran.status == 0, ran.output
    assert ran.imported == ""
    assert ran.outcome("data.train-sea.duplicates") == "passed"
    assert not (ran.folder / "findings").exists()


def test_labels_are_counted_with_the_base_models_own_tokenizer(copied: Line, tmp_path: Path) -> None:
    copied.edit('duplicates_of = ["prompt", "both"]', 'tokens = true\nduplicates_of = ["prompt", "both"]')
    change(copied, "train", 2, lambda r: r.update(question=f"Help me study {'of the sea ' * 60}."))
    ran = judge(copied, tmp_path / "run", "-k", "test_labels")
    assert (ran.outcome("data.train-sea.labels"), ran.outcome("data.train-shore.labels")) == ("failed", "passed")
    (finding, counts) = ran.findings("data.train-sea.labels")
    assert (finding["line"], finding["kind"], counts["counts"]) == (2, "no-label", {"no-label": 1})
    assert "tokens an item:" in ran.output


def test_every_item_is_rendered_by_the_base_models_own_chat_template(copied: Line, tmp_path: Path) -> None:
    copied.edit('duplicates_of = ["prompt", "both"]', 'tokens = true\nduplicates_of = ["prompt", "both"]')
    change(copied, "train", 2, lambda r: r.update(question=f"Help me study {'of the sea ' * 60}."))
    change(copied, "dev", 3, lambda r: r.update(question="Help me study <|end|> of the tides."))
    ran = judge(copied, tmp_path / "run", "-k", "test_rendered")
    assert ran.outcome("data.benchmark-sea.rendered") == "passed"
    assert [ran.outcome(f"data.{split}-sea.rendered") for split in ("train", "dev")] == ["failed", "failed"]
    assert [(one["line"], one["kind"]) for one in ran.findings("data.train-sea.rendered")[:-1]] == [(2, "truncated")]
    assert [(one["line"], one["kind"]) for one in ran.findings("data.dev-sea.rendered")[:-1]] == [(3, "special-tokens")]


def test_what_was_tokenized_once_is_not_tokenized_again(copied: Line, tmp_path: Path) -> None:
    copied.edit('duplicates_of = ["prompt", "both"]', 'tokens = true\nduplicates_of = ["prompt", "both"]')
    first = judge(copied, tmp_path / "run")
    again = judge(copied, tmp_path / "run", "--run-id=again")
    assert (first.status, again.status) == (0, 0), first.output + again.output
    assert ("transformers" in first.imported, again.imported) == (True, "")


def test_stored_findings_are_told_where_the_file_lies_now(tmp_path: Path) -> None:
    finding = Finding(tmp_path / "old.jsonl", 3, "reference", "too long", "truncated", 7, "an answer")
    found = Checked(tally([finding]), 16, {"old.jsonl": "ab"}, "tokens an item: 1 to 2")
    moved = load(dump(found), tmp_path / "new.jsonl")
    assert moved == replace(found, tally=tally([replace(finding, path=tmp_path / "new.jsonl")]))


ONE_IN_SIXTEEN = "15 of 16 hold; all must"


def test_each_gate_turns_red_for_its_own_reason_and_lists_its_findings(copied: Line, tmp_path: Path) -> None:
    """One spoilt line, sixteen in the file: each defect in a line of its own."""
    copied.edit('duplicates_of = ["prompt", "both"]', 'advisory = []\nduplicates_of = ["prompt", "both"]')
    topic, name, question = (record(copied, "train", 9)[key] for key in ("topic", "id", "question"))
    change(copied, "train", 1, lambda r: r.update(difficulty="x"))
    change(copied, "train", 2, lambda r: r.update(reference="Sorry."))
    change(copied, "train", 3, lambda r: r.update(question="Mail ann@" + "postbox.org."))
    change(copied, "train", 4, lambda r: r.update(topic=topic, question=question))
    change(copied, "dev", 1, lambda r: r.update(topic=topic, id=name, question=question))
    path = copied.spec.parent / "train" / "sea.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b"\r\n")
    ran = judge(copied, tmp_path / "run")
    red = {
        "data.train-sea.encoding": (16, "crlf"),
        "data.train-sea.fields": (1, "schema"),
        "data.train-sea.template": (2, "off-form"),
        "data.train-sea.secrets": (3, "e-mail"),
        "data.train-sea.duplicates": (9, "exact-both"),
        "data.sea.ids_unique": (1, "repeated-id"),
        "data.sea.topics_apart": (1, "shared-topic"),
        "data.sea.text_apart": (1, "whole-prompt"),
    }
    assert {gate: ran.outcome(gate) for gate in red} == dict.fromkeys(red, "failed"), ran.output
    assert {gate: tuple(ran.findings(gate)[0][key] for key in ("line", "kind")) for gate in red} == red
    assert ran.outcome("data.train-sea.parse") == "passed"
    assert f"data.train-sea.fields: failed, {ONE_IN_SIXTEEN}" in ran.output
    assert "listed in" in ran.output


def test_an_unreadable_line_turns_parse_red_and_no_gate_that_has_nothing_to_say(copied: Line, tmp_path: Path) -> None:
    path = copied.spec.parent / "train" / "sea.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"points"', b'"topic": 1, "points"', 1).replace(b'"id"', b"'id'", 1))
    ran = judge(copied, tmp_path / "run")
    assert ran.red() == {"data.train-sea.parse": "failed", "data.train-sea.counts": "failed"}, ran.output
    assert [one.get("kind") for one in ran.findings("data.train-sea.parse")] == ["not-json", None]
    assert '1 not-json (sea.jsonl:1); where that is meant: [gates.data] allow = ["not-json"]' in ran.output
    assert "at_least = { parse = 0.93 }" in ran.output


UNUSABLE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no-reference": lambda r: r.pop("reference"),
    "no-question": lambda r: r.pop("question"),
    "a-turn-without-content": lambda r: r.update(messages=[{"role": "user"}]),
    "a-preference-pair": lambda r: (r.pop("reference"), r.update(chosen="x", rejected="y")),
    "points-of-another-shape": lambda r: r.update(points=7),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_one_unusable_record_is_one_gates_finding_and_a_share_lets_it_be(
    name: str, copied: Line, tmp_path: Path
) -> None:
    copied.edit('schema = "record.schema.json"\n', "")
    change(copied, "train", 2, UNUSABLE[name])
    ran = judge(copied, tmp_path / "run")
    assert ran.red() == {"data.train-sea.template": "failed", "data.train-sea.counts": "failed"}, ran.output
    assert [one.get("kind") for one in ran.findings("data.train-sea.counts")] == ["count", None]  # 15 of 16
    assert [one.get("kind") for one in ran.findings("data.train-sea.template")] == ["unusable", None]
    loaded = table(copied, 'at_least = { template = 0.9 }\nallow = ["count"]')
    assert checks.blocking_findings(loaded, ["sea"]) == []
    items = checks.items_of(loaded.tasks["sea"], "train", checks.options_of(loaded))
    assert [item.line for item in items] == [1, *range(3, 17)]
    note = checks.check_file("duplicates", loaded.tasks["sea"], "train", checks.options_of(loaded)).note
    assert note.startswith("1 record of sea.jsonl cannot be used and is not judged here (data.train-sea.parse and")


def as_array(line: Line, split: str) -> None:
    path = line.spec.parent / split / "sea.jsonl"
    records = [json.loads(one) for one in path.read_text(encoding="utf-8").splitlines()]
    path.write_text(json.dumps(records, indent=1), encoding="utf-8")


def test_a_file_of_a_wrong_format_passes_no_gate_and_is_named_by_one(copied: Line, tmp_path: Path) -> None:
    as_array(copied, "train")
    ran = judge(copied, tmp_path / "run")
    red = ran.red()
    assert set(red.values()) == {"failed"}, red
    checked = ("encoding", "parse", "fields", "template", "duplicates", "counts", "secrets", "characters")
    of_file = {f"data.train-sea.{name}" for name in (*checked, "references_score")}
    assert set(red) == of_file | {f"data.sea.{name}" for name in ("ids_unique", "topics_apart", "text_apart")}
    assert [one.get("kind") for one in ran.findings("data.train-sea.parse")] == ["wrong-format", None]
    listed = sorted(path.name for path in (ran.folder / "findings").iterdir())
    assert listed == ["data.train-sea.counts.jsonl", "data.train-sea.parse.jsonl"]


def test_a_held_out_file_of_a_wrong_format_stops_the_run_with_its_mend(copied: Line, tmp_path: Path) -> None:
    as_array(copied, "dev")
    done = subprocess.run(
        [*COMMAND, "suites/release/test_data.py", f"--release={copied.spec}", f"--out={tmp_path}", "--partial"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    told = done.stdout + done.stderr
    assert told.count("is one JSON array, not one object a line; name it .json and it is read as it is") == 1


def test_arrays_are_judged_as_lines_are(copied: Line, tmp_path: Path) -> None:
    for split in ("train", "dev", "benchmark", "parity"):
        as_array(copied, split)
        (copied.spec.parent / split / "sea.jsonl").rename(copied.spec.parent / split / "sea.json")
        copied.edit(f'"{split}/sea.jsonl"', f'"{split}/sea.json"')
    ran = judge(copied, tmp_path / "run")
    assert (ran.status, ran.red()) == (0, {}), ran.output


COPY = {"topic": "x", "question": "Help me with the tides of the sea in spring, when the moon is full, please."}


def test_a_message_names_kind_number_places_and_the_option_that_lets_it_be(copied: Line) -> None:
    for line in (2, 5, 9):
        change(copied, "train", line, lambda r: r.update(COPY))
    loaded = spec_file.load(copied.spec)
    checked = checks.check_file("duplicates", loaded.tasks["sea"], "train", checks.options_of(loaded))
    told = list(way_out.lines(registry.BY_NAME["duplicates"], checked, loaded))
    (kind,) = checked.tally.counts
    side = kind.partition("-")[2]
    rest = "both" if side == "prompt" else "prompt"
    assert told[0] == (
        f'2 {kind} (sea.jsonl:5, sea.jsonl:9); where that is meant: [gates.data] duplicates_of = ["{rest}"] or '
        f'[gates.data] allow = ["{kind}"]'
    )
    assert told[1] == "or, for a file that may have some: [gates.data] at_least = { duplicates = 0.87 }"


@pytest.mark.parametrize("check", registry.CHECKS, ids=lambda check: check.name)
def test_every_kind_of_every_check_has_a_way_out_that_the_spec_takes(check: Check, copied: Line) -> None:
    loaded = spec_file.load(copied.spec)
    for kind in sorted(
        check.kinds - {"wrong-format", "broken-table", "no-records", "broken-archive", "bomb", "changed"}
    ):
        checked = Checked(tally([Finding(Path("a.jsonl"), 1, "", "x", kind)]), 10, {})
        first, share = way_out.lines(check, checked, loaded)
        assert first.startswith(f"1 {kind} (a.jsonl:1); where that is meant: [gates.data] ")
        for option in [*re.findall(r"\[gates\.data\] ([^;]+?)(?= or \[gates|$)", first), share.partition("] ")[2]]:
            for one in option.split(" or "):
                given = tomllib.loads(one.partition(", the one")[0].replace("duplicates_of = []", ""))
                assert set(given) <= {"allow", "at_least", "similarity", "duplicates_of", "overlap", "topic"}
                assert list(data.unknown_names(replace(loaded, gates=replace(loaded.gates, data=replace(
                    loaded.gates.data, allow=frozenset(given.get("allow", ()))))))) == []  # fmt: skip


def table(line: Line, text: str) -> objects.Spec:
    line.edit('duplicates_of = ["prompt", "both"]', f'{text}\nduplicates_of = ["prompt", "both"]')
    return spec_file.load(line.spec)


class TestOptions:
    def test_secrets_warn_unless_the_spec_blocks(self, copied: Line) -> None:
        def blocking(loaded: objects.Spec) -> bool:
            return next(gate.blocking for gate in data.expected(loaded) if gate.id == "data.train-sea.secrets")

        assert not blocking(spec_file.load(copied.spec))
        assert blocking(table(copied, "advisory = []"))

    def test_a_threshold_lets_the_declared_share_fail(self, copied: Line, tmp_path: Path) -> None:
        table(copied, "at_least = { template = 0.9 }")
        change(copied, "train", 2, lambda r: r.update(reference="Sorry."))
        assert judge(copied, tmp_path / "run", "-k", "train-sea").outcome("data.train-sea.template") == "passed"
        change(copied, "train", 3, lambda r: r.update(reference="Sorry."))
        assert judge(copied, tmp_path / "next", "-k", "train-sea").outcome("data.train-sea.template") == "failed"

    def test_an_unknown_option_names_the_nearest(self, copied: Line) -> None:
        with pytest.raises(SpecError, match="did you mean 'advisory'"):
            table(copied, "advisry = []")

    def test_what_no_spec_says_is_the_default(self) -> None:
        options = Options()
        assert (options.threshold("parse"), options.shingle, options.similarity, options.overlap) == (1.0, 5, 0.8, 8)


class TestFromPython:
    def test_the_gates_findings_are_objects(self, copied: Line) -> None:
        change(copied, "train", 2, lambda r: r.update(reference="Sorry."))
        loaded = spec_file.load(copied.spec)
        checked = checks.check_file("template", loaded.tasks["sea"], "train", checks.options_of(loaded))
        assert [(found.line, found.kind) for found in checked.tally.kept] == [(2, "off-form"), (2, "untold-point")]
        assert checked.share == 15 / 16

    def test_training_is_refused_for_what_blocks_and_for_nothing_else(self, copied: Line) -> None:
        change(copied, "train", 3, lambda r: r.update(question="Mail ann@" + "postbox.org."))
        loaded = spec_file.load(copied.spec)
        assert checks.blocking_findings(loaded, ["sea"]) == []
        change(copied, "train", 2, lambda r: r.update(reference="Sorry."))
        assert {found.line for found in checks.blocking_findings(loaded, ["sea"])} == {2}

    def test_a_file_that_was_mended_is_judged_anew(self, copied: Line) -> None:
        loaded = spec_file.load(copied.spec)
        chosen = checks.options_of(loaded)
        change(copied, "train", 2, lambda r: r.update(reference="Sorry."))
        assert checks.check_file("template", loaded.tasks["sea"], "train", chosen).tally.total
        change(copied, "train", 2, lambda r: r.update(reference="Answer: the sea rises twice a day."))
        assert not checks.check_file("template", loaded.tasks["sea"], "train", chosen).tally.total
