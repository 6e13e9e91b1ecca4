"""The data files come from the banks beside them, byte for byte, as the line's own declaration says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.dataset import assembly
from harness.dataset.assemble import assemble, count_table, encode
from harness.errors import DataError
from harness.project import ROOT

LINES = sorted(path.parent.parent for path in (ROOT / "data").glob(f"*/bank/{assembly.FILE}"))

DECLARED = """\
kinds = ["sum", "unsafe"]
kind = "what"
split = "where"
order = "ask"

[splits.train]
label = "t"
digits = 2
rows = [{ split = "old", origin = "taken" }, { split = "new" }]

[splits.dev]
label = "dev"
rows = [{ split = "dev" }]

[tasks.sums]
banks = ["sums*.jsonl"]

[tasks.sums.record]
question = "ask"
steps = { each = "steps", beside = "names", name = "other", nth = "number" }
shouted = { each = "names", value = "it.upper()" }

[tasks.sums.reference]
unsafe = "No."
otherwise = "{{ question }}: {{ steps | length }}"
"""


def row(**columns: Any) -> dict[str, Any]:
    return {"where": "old", "what": "sum", "ask": "1 + 1", "steps": ["a"], "names": ["b"], **columns}


@pytest.fixture
def banks(tmp_path: Path) -> Path:
    bank = tmp_path / "bank"
    bank.mkdir()
    (bank / assembly.FILE).write_text(DECLARED, encoding="utf-8")
    write(bank / "sums.jsonl", [row(), row(ask="2 + 2", where="new"), row(what="unsafe", where="dev")])
    return bank


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
class TestCommittedLine:
    def test_its_files_come_from_its_banks_byte_for_byte(self, line: Path, tmp_path: Path) -> None:
        shutil.copytree(line / "bank", tmp_path / "bank")
        assembled = {name: encode(records) for name, records in assemble(tmp_path).items()}
        assert assembled == {name: (line / name).read_bytes() for name in assembled}

    def test_the_order_does_not_depend_on_the_order_of_the_banks(self, line: Path, tmp_path: Path) -> None:
        shutil.copytree(line / "bank", tmp_path / "bank")
        for path in (tmp_path / "bank").glob("*.jsonl"):
            lines = path.read_text(encoding="utf-8").strip().split("\n")
            path.write_text("\n".join(reversed(lines)), encoding="utf-8")
        assert assemble(tmp_path) == assemble(line)

    def test_its_data_card_holds_the_counts(self, line: Path) -> None:
        table = count_table(assemble(line), assembly.read(line / "bank").kinds)
        assert table in (line / "README.md").read_text(encoding="utf-8")


def test_there_is_a_line_to_look_at() -> None:
    assert "v3" in {line.name for line in LINES}


def test_a_record_is_what_the_declaration_says_of_a_row(banks: Path) -> None:
    found = assemble(banks.parent)
    assert found["train/sums.jsonl"] == [
        {
            "id": "sums-t-01", "task": "sums", "kind": "sum", "origin": "taken", "question": "1 + 1",
            "steps": [{"name": "b", "nth": 1}], "shouted": ["B"], "reference": "1 + 1: 1",
        },
        {
            "id": "sums-t-02", "task": "sums", "kind": "sum", "question": "2 + 2",
            "steps": [{"name": "b", "nth": 1}], "shouted": ["B"], "reference": "2 + 2: 1",
        },
    ]  # fmt: skip
    assert [(one["id"], one["reference"]) for one in found["dev/sums.jsonl"]] == [("sums-dev-001", "No.")]


BAD_ROWS = {
    "another split": (row(where="odl"), r"sums\.jsonl:2: where is 'odl'; did you mean 'old'"),
    "another kind": (row(what="unsaf"), r"sums\.jsonl:2: what is 'unsaf'; did you mean 'unsafe'"),
    "nothing to order by": (row(ask=3), r"sums\.jsonl:2: ask is no text"),
    "a list that is shorter": (row(names=[]), r"sums\.jsonl:2: steps and names must be lists, equally many"),
    "a list that is none": (row(names="b"), r"sums\.jsonl:2: steps and names must be lists"),
    "a value of another type": (row(names=[3]), r"sums\.jsonl:2: .*upper.*tasks\.sums"),
}


@pytest.mark.parametrize(("bad", "told"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_cannot_be_used_is_named_by_bank_and_line(banks: Path, bad: dict[str, Any], told: str) -> None:
    write(banks / "sums.jsonl", [row(), bad])
    with pytest.raises(DataError, match=told):
        assemble(banks.parent)


def test_a_column_that_a_row_lacks_is_named(banks: Path) -> None:
    lacking = {key: value for key, value in row().items() if key != "steps"}
    write(banks / "sums.jsonl", [row(), lacking])
    with pytest.raises(DataError, match=r"sums\.jsonl:2: .*steps: no such column"):
        assemble(banks.parent)


BAD_DECLARATIONS = {
    "unknown key": ("digits = 2", "digitz = 2", r"splits\.train\.digitz: unknown key; did you mean 'digits'"),
    "wrong type": ("digits = 2", 'digits = "2"', r"splits\.train\.digits: '2' is not of type 'integer'"),
    "a field of another type": (
        'question = "ask"',
        "question = 3",
        r"record\.question: 3 is not of type 'string', 'object'",
    ),
    "missing key": ('kind = "what"\n', "", r"assemble\.toml: kind: missing"),
    "no TOML": ("[splits.train]", "[splits.train", r"assemble\.toml: no TOML .*line 6"),
    "no bank of that name": ("sums*.jsonl", "sum.jsonl", r"tasks\.sums\.banks: no file is called sum\.jsonl"),
    "unknown kind": ("unsafe = ", "unsaf = ", r"tasks\.sums\.reference\.unsaf: unknown kind; did you mean 'unsafe'"),
    "rows taken twice": ('"dev" }', '"new" }', r"splits\.dev\.rows: split 'new' is taken by train already"),
    "a list of nothing": ('each = "names", ', "", r"tasks\.sums\.record\.shouted\.each: missing"),
    "no expression": ("it.upper()", "it.upper(", r"tasks\.sums\.record\.shouted: "),
    "no template": ("{{ question }}", "{{ question", r"tasks\.sums\.reference\.otherwise: "),
    "a field that is not there": ("{{ question }}", "{{ qestion }}", r"sums\.jsonl:1: 'qestion' is undefined"),
    "no reference": ('otherwise = "{{ question }}: {{ steps | length }}"\n', "", r"reference\.sum: missing, and sums"),
}


@pytest.mark.parametrize(("old", "new", "told"), BAD_DECLARATIONS.values(), ids=BAD_DECLARATIONS)
def test_a_declaration_that_cannot_be_used_is_named_by_its_key(banks: Path, old: str, new: str, told: str) -> None:
    assert DECLARED.count(old) == 1
    (banks / assembly.FILE).write_text(DECLARED.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        assemble(banks.parent)


def test_banks_without_a_declaration_are_refused(banks: Path) -> None:
    (banks / assembly.FILE).unlink()
    with pytest.raises(DataError, match=r"assemble\.toml: cannot be read .*; it says how the banks"):
        assemble(banks.parent)


def test_a_folder_without_banks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no bank"):
        assemble(tmp_path)
