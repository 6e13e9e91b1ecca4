"""Reports are rendered again from a finished run, which a mistake on the command line leaves as it was."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.report import document, markdown
from harness.report.__main__ import NO_RUN, main
from suites.selftest.small_run import GATES, build, journal

NOTES = 'limits = ["only a rehearsal"]\n'


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A finished run with its spec, whose notes lie in a folder `line` beside it."""
    (tmp_path / "line").mkdir()
    (tmp_path / "line" / "notes.toml").write_text(NOTES, encoding="utf-8")
    folder = tmp_path / "run_1"
    folder.mkdir()
    (folder / "release.toml").write_text('[release]\nname = "demo"\nnotes = "prose/notes.toml"\n', encoding="utf-8")
    document.write(build(journal()), folder / "verdict.json")
    return folder


def test_rendering_again_takes_the_notes_that_lie_in_the_run(run_folder: Path) -> None:
    (run_folder / "notes.toml").write_text(NOTES, encoding="utf-8")
    status = main([str(run_folder)])
    expected = markdown.render(build(journal()), NOTES)
    assert (status, (run_folder / "report.md").read_text(encoding="utf-8")) == (0, expected)


def test_rendering_again_takes_the_notes_that_are_given(run_folder: Path) -> None:
    status = main([str(run_folder), "--notes", str(run_folder.parent / "line" / "notes.toml")])
    expected = markdown.render(build(journal()), NOTES)
    assert (status, (run_folder / "report.md").read_text(encoding="utf-8")) == (0, expected)


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


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{", '{"verdict": "released"}'], ids=["none", "empty", "list", "cut", "no-document"]
)
def test_a_folder_that_is_no_run_is_refused_in_one_line(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "verdict.json").write_text(content, encoding="utf-8")
    status = main([str(tmp_path)])
    assert (status, capsys.readouterr().err.count("\n"), [path.name for path in tmp_path.glob("report*")]) == (
        NO_RUN,
        1,
        [],
    )
