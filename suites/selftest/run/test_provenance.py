"""Every number leads to the bytes that it was measured on, and they are still there to be compared."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.run import journal
from harness.store import digests
from suites.selftest.plugin.crimes import assert_released, commit
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]


def stored(line: Line, verdict: dict[str, Any], stage: str) -> Path:
    """Content of the one artifact of that kind."""
    (found,) = (line.out / "store" / stage).glob("*/content")
    assert digests.of_value(digests.of_folder(found)) in {one["digest"] for one in verdict["artifacts"]}
    return found


def test_journal_holds_the_digests_of_base_tokenizer_and_chat_template(line: Line, green: Finished) -> None:
    base = stored(line, green.verdict, "base")
    files = digests.of_folder(base)
    model = green.verdict["model"]
    assert model["base"] == digests.of_value(files)
    assert model["weights"] == digests.of_value({"model.safetensors": files["model.safetensors"]})
    assert model["chat_template"] == files["chat_template.jinja"]
    assert len(model["tokenizer"]) == 64


def test_journal_holds_the_settings_of_the_4_bit_form_and_the_digests_of_the_code(green: Finished) -> None:
    model = green.verdict["model"]
    assert model["form"] == {
        "name": "nf4",
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "compute": "float32",
        "rest": "float32",
        "attention": "auto",
        "packed": False,
    }
    assert model["code"]["training"] == digests.of_code("training.adapter")
    assert model["code"]["judging"] == digests.of_code("harness.gates.judging")


def test_journal_holds_the_digest_of_every_data_file(line: Line, green: Finished) -> None:
    here = line.spec.parent
    tasks = tomllib.loads(line.spec.read_text(encoding="utf-8"))["tasks"]
    wanted = {
        f"{split}-{name}": digests.of_file(here / task[split])
        for name, task in tasks.items()
        for split in ("train", "dev", "benchmark", "parity")
    }
    wanted |= {f"general-{path.stem}": digests.of_file(path) for path in (here / "general").glob("*.txt")}
    assert {one["name"]: one["sha256"] for one in green.verdict["data"]} == wanted


def test_every_number_leads_to_an_artifact_a_data_file_or_the_bundle(green: Finished) -> None:
    verdict = green.verdict
    known = {one["digest"] for one in verdict["artifacts"]} | {one["sha256"] for one in verdict["data"]}
    known |= set(digests.of_folder(green.release).values()) | set(digests.of_folder(green.run / "staged").values())
    astray = {
        f"{gate['id']}: {name}" for gate in verdict["gates"] for name, of in gate["sources"].items() if of not in known
    }
    assert astray == set()


@pytest.mark.parametrize("area", ["data", "training", "eval", "bnb", "parity", "bundle"])
def test_every_measured_gate_names_what_it_was_measured_on(green: Finished, area: str) -> None:
    gates = [gate for gate in green.verdict["gates"] if gate["area"] == area and gate["value"] is not None]
    assert gates
    assert [gate["id"] for gate in gates if not gate["sources"]] == []


def test_rescored_run_says_which_answers_made_when_by_which_adapter(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", "--rescore")
    assert_released(finished)
    report = (finished.run / "report.md").read_text(encoding="utf-8")
    sheets = [one for one in finished.verdict["artifacts"] if one["stage"] == "answers"]
    assert sheets
    for one in sheets:
        # Two requests may have given the same bytes, each at its own time.
        rows = [row for row in report.splitlines() if one["digest"] in row and row.startswith("|")]
        assert any(one["built_at"] in row for row in rows)
        assert one["reused"]
    first = json.loads((green.run / "verdict.json").read_text(encoding="utf-8"))["artifacts"]
    assert {one["built_at"] for one in sheets} <= {one["built_at"] for one in first}


def test_no_record_of_a_run_is_without_its_process_and_time(green: Finished) -> None:
    records = journal.read(green.run / "evidence")
    assert records
    assert all(entry.at > 0 and entry.process for entry in records)
