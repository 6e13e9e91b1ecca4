"""The kit for users: what their gates catch, what would ship, what could not be tried; and their files stay theirs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from harness.store import digests
from suites.tiny.child import COMMAND, ROOT, Finished, Line, environment


def sabotaged(line: Line, folder: Path, *names: str) -> tuple[int, dict[str, list[str]], str]:
    """Exit status of the kit over some sabotages, their rows of the kill table by name, and all that it printed."""
    arguments = (f"--release={line.spec}", f"--out={line.out}", f"--basetemp={folder}", "-k", " or ".join(names))
    done = subprocess.run(
        [*COMMAND, "suites/sabotage", *arguments],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    rows = {cells[0]: cells[1:] for cells in (re.split(r"  +", row) for row in done.stdout.splitlines())}
    return done.returncode, {name: rows.get(name, []) for name in names}, done.stdout + done.stderr


def test_defects_of_a_sound_release_are_caught_and_its_own_files_stay_as_they_were(
    line: Line, green: Finished, tmp_path: Path
) -> None:
    places = (line.spec.parent, line.out / "store", line.out / "releases", line.out / "runs")
    before = [digests.of_folder(place) for place in places]

    status, rows, output = sabotaged(
        line, tmp_path / "kit", "byte-order-mark", "answers-of-other-items", "stray-keyword"
    )

    assert status == 0, output
    assert rows["byte-order-mark"][:2] == ["caught", "data.train-sea.encoding"]
    assert rows["answers-of-other-items"][:2] == ["caught", "eval.both.all.coverage"]
    assert rows["stray-keyword"][:2] == ["caught", "incomplete"]
    assert [digests.of_folder(place) for place in places] == before


def test_a_defect_that_a_spec_only_advises_against_would_ship(line: Line, green: Finished, tmp_path: Path) -> None:
    lax = line.copy_with_store(tmp_path / "lax")
    lax.edit("[gates.data]\nblocking = true", "[gates.data]\nblocking = false")
    lax.edit('[gates.bnb]\nblocking = true\nmounts = ["both"]\n', "")
    chosen = ("reference-out-of-form", "adapter-that-moves-no-logit", "adapter-turned-round")

    status, rows, output = sabotaged(lax, tmp_path / "kit", *chosen)

    assert status == 1, output
    assert rows["reference-out-of-form"][0] == "would ship"
    assert "data.train-sea.template" in rows["reference-out-of-form"][-1]
    assert "no gates over the 4-bit form" in rows["adapter-that-moves-no-logit"][-1]
    assert rows["adapter-turned-round"][0] == "not tried"


def test_a_release_without_stored_artifacts_is_to_be_released_first(line: Line, tmp_path: Path) -> None:
    status, _, output = sabotaged(Line(line.spec, tmp_path / "out"), tmp_path / "kit", "byte-order-mark")

    assert status == 4, output
    assert "release the spec once" in output
