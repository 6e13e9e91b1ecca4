"""Reports are rendered again from a finished run, which a mistake on the command line leaves as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.report import markdown
from harness.report.__main__ import NO_RUN, main
from harness.spec import papers
from harness.store import digests
from suites.selftest.report import small_run
from suites.selftest.report.small_run import GATES, journal

NOTES = 'limits = ["only a rehearsal"]\n'


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A finished run with its spec, whose notes lie in a folder `line` beside it."""
    (tmp_path / "line").mkdir()
    (tmp_path / "line" / "notes.toml").write_text(NOTES, encoding="utf-8")
    folder = small_run.write(tmp_path / "run_1", journal())
    (folder / "release.toml").write_text('[release]\nname = "demo"\nnotes = "prose/notes.toml"\n', encoding="utf-8")
    return folder


def document_of(folder: Path) -> Any:
    return json.loads((folder / "verdict.json").read_text(encoding="utf-8"))


def test_rendering_again_takes_the_notes_that_lie_in_the_run(run_folder: Path) -> None:
    (run_folder / "notes.toml").write_text(NOTES, encoding="utf-8")
    status = main([str(run_folder)])
    expected = markdown.render(document_of(run_folder), NOTES)
    assert (status, (run_folder / "report.md").read_text(encoding="utf-8")) == (0, expected)


def test_rendering_again_takes_the_notes_that_are_given(run_folder: Path) -> None:
    status = main([str(run_folder), "--notes", str(run_folder.parent / "line" / "notes.toml")])
    expected = markdown.render(document_of(run_folder), NOTES)
    assert (status, (run_folder / "report.md").read_text(encoding="utf-8")) == (0, expected)


def test_rendering_again_writes_markdown_and_page_in_every_language_of_the_release(run_folder: Path) -> None:
    (run_folder / "release.toml").write_text('[release]\nname = "demo"\nlanguages = ["en", "zh"]\n', encoding="utf-8")
    assert main([str(run_folder)]) == 0
    said = {name: (run_folder / name).read_text(encoding="utf-8") for name in papers.translated(["en", "zh"])}
    assert sorted(said) == ["report.zh.html", "report.zh.md"]
    assert said["report.zh.md"] == markdown.render(document_of(run_folder), "", "zh")
    assert (run_folder / "report.md").read_text(encoding="utf-8") == markdown.render(document_of(run_folder), "")
    assert 'lang="zh"' in said["report.zh.html"]


def test_the_first_language_has_the_plain_names(run_folder: Path) -> None:
    (run_folder / "release.toml").write_text('[release]\nname = "demo"\nlanguages = ["zh"]\n', encoding="utf-8")
    assert main([str(run_folder)]) == 0
    assert (run_folder / "report.md").read_text(encoding="utf-8") == markdown.render(document_of(run_folder), "", "zh")
    assert not list(run_folder.glob("report.*.*"))


def test_rendering_again_writes_the_junit_file(run_folder: Path) -> None:
    main([str(run_folder)])
    assert len(list(ElementTree.parse(run_folder / "junit.xml").iter("testcase"))) == len(GATES) + 1


def test_a_report_whose_notes_are_gone_is_rendered_and_says_so(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (main([str(run_folder)]), "notes" in capsys.readouterr().err) == (0, True)


def test_given_notes_that_are_not_there_leave_the_old_report_alone(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_folder / "report.md").write_text("old", encoding="utf-8")
    status = main([str(run_folder), "--notes", str(run_folder / "absent.toml")])
    assert (status, capsys.readouterr().err.count("\n"), (run_folder / "report.md").read_text()) == (NO_RUN, 1, "old")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def refusal(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says on refusing the folder, whose reports it must leave alone."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main([str(folder)]) == NO_RUN
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return capsys.readouterr().err


def test_the_verdict_is_reached_again_from_the_journal_alone(run_folder: Path) -> None:
    before = json.loads((run_folder / "verdict.json").read_text(encoding="utf-8"))
    main([str(run_folder)])
    assert json.loads((run_folder / "verdict.json").read_text(encoding="utf-8")) == before
    assert before["verdict"] == "released"


def test_a_run_that_died_before_its_verdict_is_incomplete(run_folder: Path) -> None:
    (run_folder / "verdict.json").unlink()
    assert main([str(run_folder)]) == 0
    verdict = json.loads((run_folder / "verdict.json").read_text(encoding="utf-8"))
    assert (verdict["verdict"], verdict["reasons"]) == ("incomplete", ["the run died before it wrote a verdict"])


def test_a_run_that_was_cut_in_the_middle_of_its_journal_is_incomplete(tmp_path: Path) -> None:
    folder = small_run.write(tmp_path / "run_1", journal())
    (folder / "verdict.json").unlink()
    path = folder / "evidence" / "main.jsonl"
    path.write_bytes(path.read_bytes()[:-900])
    assert main([str(folder)]) == 0
    assert json.loads((folder / "verdict.json").read_text(encoding="utf-8"))["verdict"] == "incomplete"


@pytest.mark.parametrize("left", ["{}", "", "[]", '"released"', "without evidence", "evidence of nothing"])
def test_a_verdict_that_does_not_say_what_it_was_reached_from_is_refused(
    run_folder: Path, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Emptied, it used to agree with any journal, and the edited one was written out as released."""
    paper = document_of(run_folder)
    texts = {"without evidence": {**paper, "evidence": None}, "evidence of nothing": {**paper, "evidence": {}}}
    edit(run_folder / "evidence" / "main.jsonl", "0.9471", "0.9999")
    text = json.dumps(texts[left]) if left in texts else left
    (run_folder / "verdict.json").write_text(text, encoding="utf-8")
    assert "verdict.json: says no verdict with the digests" in refusal(run_folder, capsys)


def test_an_edited_journal_is_refused_with_both_digests(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_folder / "evidence" / "main.jsonl"
    before = digests.of_file(path)
    edit(path, "0.9471", "0.9999")
    told = refusal(run_folder, capsys)
    assert before in told
    assert digests.of_file(path) in told


def test_evidence_of_another_process_slipped_in_is_refused(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_folder / "evidence" / "gw7.jsonl").write_text("{}\n", encoding="utf-8")
    assert "gw7.jsonl: the verdict was reached from sha256 no such file" in refusal(run_folder, capsys)


def test_a_renamed_run_is_refused_with_both_names(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renamed = run_folder.rename(run_folder.with_name("run_2"))
    told = refusal(renamed, capsys)
    assert "run_2: holds the journal of run 'run_1'" in told


def test_an_edited_verdict_is_refused(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(run_folder / "verdict.json", '"verdict": "released"', '"verdict": "refused"')
    assert "says 'refused', its journal says 'released'" in refusal(run_folder, capsys)


def test_an_artifact_swapped_in_the_store_is_refused_with_both_digests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = small_run.write(tmp_path / "out" / "runs" / "run_1", journal("sheet"))
    content = tmp_path / "out" / "store" / "adapter" / ("e" * 24) / "content"
    content.mkdir(parents=True)
    (content / "answers.jsonl").write_text("another run's answers\n", encoding="utf-8")
    told = refusal(run, capsys)
    assert "b" * 64 in told
    assert digests.of_value(digests.of_folder(content)) in told


@pytest.mark.parametrize(
    "lines",
    [None, "", "[]\n", '{"kind": "hello", "process": "main", "at": 1.0}\n'],
    ids=["none", "empty", "list", "hello"],
)
def test_a_folder_that_is_no_run_is_refused_in_one_line(
    tmp_path: Path, lines: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if lines is not None:
        (tmp_path / "evidence").mkdir()
        (tmp_path / "evidence" / "main.jsonl").write_text(lines, encoding="utf-8")
    told = refusal(tmp_path, capsys)
    assert told.count("\n") == 1
    assert "no run's folder" in told
