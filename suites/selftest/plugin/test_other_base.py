"""A release tried on another base (``--base``): judged like any, and never released under the name of the spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report import rejudge
from harness.report.publish import NOTHING_RELEASED
from suites.tiny.child import Finished, Line, release

SAID = "--base put path:base in place of path:base: of another base than the spec's nothing is released"
"""Folders are told by their names."""


@pytest.fixture(scope="module")
def tried(line: Line, green: Finished) -> Finished:
    """The green line on its own base, named on the command line: every gate passes, from what the store holds."""
    return release(line, "tried-on-another-base", f"--base=path:{line.spec.parent / 'base'}")


def test_a_run_whose_gates_all_pass_releases_nothing(tried: Finished) -> None:
    assert (tried.status, tried.verdict["verdict"], tried.red) == (NOTHING_RELEASED, "incomplete", []), tried.output
    assert not tried.release.exists()


def test_header_report_verdict_and_last_line_say_so(tried: Finished) -> None:
    assert tried.last.startswith(f"INCOMPLETE {SAID} (verdict: ")
    assert SAID in tried.output.partition("judged: ")[0]
    assert tried.verdict["reasons"] == [SAID]
    assert SAID in (tried.run / "report.md").read_text(encoding="utf-8")
    assert tried.verdict["origin"]["instead_of"] == "path:base"
    assert tried.verdict["origin"]["pin"].startswith("sha256:")


def test_the_journal_alone_reaches_the_same_verdict(tried: Finished) -> None:
    assert rejudge.judge(tried.run)["verdict"] == "incomplete"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("path:nowhere", "nowhere does not exist"),
        ("package:not-installed/x.gguf", "package not-installed is not installed"),
        ("hf:some/model", "'hf:some/model' is none of path:... and package:...; of a hub name the folder of a copy"),
    ],
)
def test_a_base_that_is_not_there_is_told_of_the_option(line: Line, tmp_path: Path, source: str, problem: str) -> None:
    finished = release(Line(line.spec, tmp_path), "absent", f"--base={source}")
    assert finished.status == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --base: " in finished.output
    assert problem in finished.output
    assert not (tmp_path / "runs").exists()
