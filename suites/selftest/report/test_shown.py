"""The file of answers beside a page: what the run wrote, and nobody's edit of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gates.entry import Entry
from harness.gates.records import AnswersShown
from harness.report.page import shown
from harness.report.page.shown import Shown
from suites.selftest.report.hostile_text import many
from suites.selftest.report.test_page import row


def journal(record: AnswersShown) -> list[Entry]:
    return [Entry("main", 1.0, record)]


@given(answers=st.lists(st.text(), max_size=4), before=st.none() | st.text())
@many
def test_answers_are_read_back_as_they_were_written(
    answers: list[str], before: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    scores = None if before is None else {"coverage": 1.0}
    rows = tuple(row(text, before=before, before_scores=scores) for text in answers)
    record = shown.write(folder, Shown(rows, "" if rows else "nothing was asked"))
    assert shown.again(folder, journal(record)) == Shown(rows, record.why)


def test_an_edited_file_is_not_shown(tmp_path: Path) -> None:
    record = shown.write(tmp_path, Shown((row("right"),)))
    path = tmp_path / shown.FILE
    path.write_text(path.read_text().replace("right", "wrong"))
    assert shown.again(tmp_path, journal(record)) == Shown(why="answers.jsonl is not the file that the run wrote")


def test_a_missing_file_and_a_run_that_wrote_none_are_told_apart(tmp_path: Path) -> None:
    record = shown.write(tmp_path, Shown((row(),)))
    (tmp_path / shown.FILE).unlink()
    missing, never = shown.again(tmp_path, journal(record)), shown.again(tmp_path, [])
    assert "cannot be read" in missing.why
    assert "ended before" in never.why
