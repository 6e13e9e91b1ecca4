"""Options of pytest that leave gates out, run them again or shuffle them: none releases less than everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report.publish import NOTHING_RELEASED
from suites.selftest.plugin.crimes import assert_released, assert_withheld, commit
from suites.tiny.child import Finished, Line, release

FreshId = Callable[[], str]

FAIL_ONE = """
def pytest_runtest_call(item):
    if gate_of(item) == "data.sea.text_apart":
        raise AssertionError("red")
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "parse"),
        ("--deselect", "suites/release/test_bundle.py"),
        ("--ignore", "suites/release/test_bundle.py"),
        ("--setup-only",),
    ],
    ids=lambda arguments: arguments[0].strip("-"),
)
def test_option_that_leaves_gates_out_makes_the_run_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", *arguments)
    assert_withheld(finished, "incomplete", "bundle.checksums_ok: did not run")
    assert finished.status == NOTHING_RELEASED


def test_listing_the_gates_releases_nothing(line: Line, fresh_id: FreshId) -> None:
    finished = release(line, fresh_id(), "--collect-only", "-q")
    assert finished.status == NOTHING_RELEASED
    assert not finished.run.exists()


def test_a_place_that_nothing_can_be_written_to_is_a_usage_error(line: Line, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    finished = release(Line(line.spec, tmp_path / "file"), "fresh")
    assert finished.status == pytest.ExitCode.USAGE_ERROR
    assert f"--out: nothing can be written below {tmp_path / 'file'}" in finished.output
    assert "Traceback" not in finished.output


def test_a_plan_of_data_that_cannot_be_read_is_a_usage_error(line: Line, tmp_path: Path) -> None:
    spoilt = line.copy(tmp_path / "line")
    (spoilt.spec.parent / "train" / "sea.jsonl").write_text("no JSON\n", encoding="utf-8")
    finished = release(spoilt, "fresh", "--plan")
    assert finished.status == pytest.ExitCode.USAGE_ERROR
    assert "train/sea.jsonl:1" in finished.output
    assert "Traceback" not in finished.output


def test_option_from_the_environment_leaves_no_gate_out_unseen(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", env={"PYTEST_ADDOPTS": "-k parse"})
    assert_withheld(finished, "incomplete", "restricted by -k")
    assert finished.status == NOTHING_RELEASED


def test_rerun_of_the_last_failures_alone_is_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    cache = ("-o", f"cache_dir={tmp_path / 'cache'}")
    commit(line, fresh_id(), tmp_path, FAIL_ONE, "-x", *cache)
    finished = commit(line, fresh_id(), tmp_path, "", "--lf", *cache)
    assert_withheld(finished, "incomplete", "restricted by --lf")
    assert finished.gate("data.sea.text_apart")["outcome"] == "passed"
    assert finished.gate("data.shore.text_apart")["outcome"] == "not_run"


def test_stop_at_the_first_failure_refuses_and_names_the_failure_first(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, FAIL_ONE, "-x")
    assert_withheld(finished, "refused", "restricted by -x")
    assert finished.verdict["reasons"][0] == "data.sea.text_apart: AssertionError: red"
    assert finished.gate("data.shore.text_apart")["outcome"] == "not_run"


def test_run_that_is_partial_on_purpose_releases_nothing(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", "--partial")
    assert finished.status == 0, finished.output
    assert finished.verdict["verdict"] == "incomplete"
    assert not finished.release.exists()


@pytest.mark.parametrize("argument", ["--reruns=2", "--runxfail"])
def test_option_that_turns_failures_into_passes_is_refused_before_anything_runs(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, argument: str
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", argument)
    assert finished.status == 4, finished.output
    assert f"{argument.partition('=')[0]}: is refused" in finished.output
    assert not finished.run.exists()


def test_release_needs_no_cache(line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path) -> None:
    assert_released(commit(line, fresh_id(), tmp_path, "", "-p", "no:cacheprovider"))


def test_publishing_cannot_be_left_out_of_a_released_run(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    """Exit status 0 means released, and released means that the bundle is there."""
    assert_released(commit(line, fresh_id(), tmp_path, "", "-p", "no:greenrun-publisher"))


@pytest.mark.parametrize("hooks", ["collection", "outcomes", "session_end"])
def test_run_without_a_part_of_the_plugin_releases_nothing(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, hooks: str
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", "-p", f"no:harness.plugin.{hooks}")
    assert finished.status != 0, finished.output
    assert not finished.release.exists()


def test_shuffled_gates_run_in_the_order_of_the_release(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "", "-p", "randomly")
    assert_released(finished)
    assert "--randomly-seed=" in finished.output, "the plugin was not loaded, so nothing was shuffled"
    journal = (finished.run / "evidence" / "main.jsonl").read_text(encoding="utf-8").splitlines()
    attempted = [record["gate"] for record in map(json.loads, journal) if record["kind"] == "attempt"]
    assert attempted == [gate["id"] for gate in finished.verdict["gates"]]
