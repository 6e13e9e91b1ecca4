"""The line's own adapter, weaker by a third and by a hundredth, against the release before: the first is caught."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from suites.sabotage.adapters import given, scaled
from suites.sabotage.campaign import own
from suites.selftest.plugin.crimes import assert_released, assert_withheld, commit
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]


def against_the_release_before(line: Line, green: Finished, run_id: str, folder: Path, factor: float) -> Finished:
    bundle = shutil.copytree(green.release, folder / "transferred")
    spoilable = own(line, folder / "own")
    weaker = given("both", scaled(factor))(spoilable)
    return commit(spoilable, run_id, folder, "", f"--against={bundle}", *weaker)


def test_an_adapter_a_third_weaker_is_caught(line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path) -> None:
    finished = against_the_release_before(line, green, fresh_id(), tmp_path, 0.7)
    assert_withheld(finished, "refused", "")
    assert any(name.startswith("regression.both.") for name in finished.red), finished.output


def test_an_adapter_a_hundredth_weaker_is_released(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    assert_released(against_the_release_before(line, green, fresh_id(), tmp_path, 0.99))
