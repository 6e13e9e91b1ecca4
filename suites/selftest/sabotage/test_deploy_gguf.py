"""A release that ships a GGUF file: what is judged are llama.cpp's answers, and a file of another adapter is refused.

Needs the llama.cpp that ``make release`` builds.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed
from harness.gguf.toolchain import build
from harness.releases import bundle
from harness.run.journal import read
from suites.sabotage import stored
from suites.tiny import gguf_line
from suites.tiny.child import Finished, Line, release

SHEETS = "{made} both {task} benchmark"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Line, Finished]:
    build.built()  # says how to get it where it is absent
    folder = tmp_path_factory.mktemp("shipped")
    line = Line(gguf_line.write_release(folder / "line"), folder / "out")
    finished = release(line, "green", timeout=900)
    assert finished.status == 0, finished.output
    return line, finished


@pytest.fixture
def spoilt(shipped: tuple[Line, Finished], tmp_path: Path) -> Line:
    line, _ = shipped
    copied = line.copy_with_store(tmp_path)
    shutil.copytree(line.out / "runs" / "green", copied.out / "runs" / "green")
    return copied


def _manifest(line: Line, kind: str, label: str) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((stored.artifact(line, kind, label) / "manifest.json").read_text())
    return loaded


def test_the_thresholds_are_judged_on_the_answers_of_the_quantized_file(shipped: tuple[Line, Finished]) -> None:
    line, finished = shipped
    gate = finished.gate("eval.both.all.coverage")
    assert (gate["outcome"], gate["blocking"]) == ("passed", True)
    asked = _manifest(line, "answers", "{made} both sea benchmark")["key"]
    assert isinstance(asked, dict)
    used = every(read(finished.run / "evidence"), ArtifactUsed)
    files = {one.digest for one in used if one.name.endswith("both Q4_0")}
    assert asked["file"] in files


def test_the_file_that_ships_reads_the_same_tokens_and_holds_its_adapter(shipped: tuple[Line, Finished]) -> None:
    _, finished = shipped
    for check in ("token_parity", "adapter_survives"):
        gate = finished.gate(f"gguf.q4.{check}")
        assert (gate["outcome"], gate["blocking"]) == ("passed", True), gate["message"]


def test_the_report_shows_every_form_and_recommends_one(shipped: tuple[Line, Finished]) -> None:
    _, finished = shipped
    report = (finished.run / "report.md").read_text(encoding="utf-8")
    names = [row["form"] for row in finished.verdict["forms"]["forms"]]
    assert names == ["base", "adapter", "merged", "f16", "q4"]
    assert "### Forms, from base to file" in report
    assert "Form: Ship " in report


def test_the_bundle_holds_the_very_file_that_was_judged(shipped: tuple[Line, Finished]) -> None:
    line, finished = shipped
    judged = stored.artifact(line, "gguf", "{made} both Q4_0") / "content" / "model.gguf"
    assert (finished.release / "model_both.gguf").read_bytes() == judged.read_bytes()
    assert bundle.verify(finished.release) == ()


def test_nothing_changed_builds_nothing(shipped: tuple[Line, Finished]) -> None:
    line, _ = shipped
    again = release(line, "again", timeout=300)
    assert again.status == 0, again.output
    assert all(one["reused"] for one in again.verdict["artifacts"])


def test_of_the_steps_on_the_way_to_the_file_manifests_alone_are_left(shipped: tuple[Line, Finished]) -> None:
    line, finished = shipped
    for kind, label in (("merged", "{made} both"), ("gguf", "{made} both f16")):
        assert not (stored.artifact(line, kind, label) / "content").exists()
    assert "MiB of steps on the way to a GGUF file ([store] keep)" in finished.output
    sizes = {row["form"]: row["size"] for row in finished.verdict["forms"]["forms"]}
    assert 0 < sizes["q4"] < sizes["f16"] < sizes["merged"]


def test_what_is_measured_anew_gets_its_steps_back_and_the_spec_keeps_them(spoilt: Line) -> None:
    shutil.rmtree(stored.artifact(spoilt, "parity", "f16 {made} both"))
    spoilt.edit("[release]", '[store]\nkeep = ["f16"]\n\n[release]')

    finished = release(spoilt, "anew", timeout=300)

    assert finished.status == 0, finished.output
    built = {one["name"] for one in finished.verdict["artifacts"] if not one["reused"]}
    assert {name.split()[0] for name in built} == {"merged", "gguf", "parity"}, built
    assert not (stored.artifact(spoilt, "merged", "{made} both") / "content").exists()
    assert (stored.artifact(spoilt, "gguf", "{made} both f16") / "content").exists()


def test_the_file_of_another_adapter_in_its_place_is_refused(spoilt: Line) -> None:
    own = stored.artifact(spoilt, "gguf", "{made} both Q4_0") / "content" / "model.gguf"
    other = stored.artifact(spoilt, "gguf", "{made} sea Q4_0") / "content" / "model.gguf"
    shutil.copyfile(other, own)

    finished = release(spoilt, "spoilt", timeout=300)

    assert finished.status == 1
    assert not finished.release.exists()
    assert "model.gguf: the manifest says sha256" in finished.output
