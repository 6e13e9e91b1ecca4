"""Whole runs: a release whose base is gone goes on from the store, and one that would have to make it never begins."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suites.selftest.plugin.crimes import assert_released
from suites.tiny.child import Finished, Line, release


@pytest.fixture
def without_base(spoilt: Line) -> Line:
    shutil.rmtree(spoilt.spec.parent / "base")
    return spoilt


def test_a_finished_release_is_green_again_with_its_base_gone(
    without_base: Line, fresh_id: Callable[[], str], green: Finished
) -> None:
    assert_released(release(without_base, fresh_id()))


def test_without_base_and_store_a_run_is_refused_in_one_line_and_writes_nothing(
    without_base: Line, tmp_path: Path
) -> None:
    finished = release(replace(without_base, out=tmp_path / "elsewhere"), "bare")
    (told,) = [row for row in finished.output.splitlines() if row.startswith("ERROR: ")]
    assert "base.source: " in told
    assert "does not exist" in told
    assert (finished.status, finished.run.exists()) == (4, False)
