"""The kit for users: what their gates catch, what would ship, what could not be tried; and their files stay theirs."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness import digests
from suites.selftest.child import COMMAND, ROOT, Finished, Line, environment


def sabotaged(line: Line, folder: Path, *names: str) -> tuple[int, dict[str, str]]:
    """Exit status of the kit over some sabotages, and their rows of the kill table by name."""
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
    rows = {row.partition(" ")[0]: row.partition(" ")[2].strip() for row in done.stdout.splitlines()}
    output = {"output": done.stdout + done.stderr}
    return done.returncode, output | {name: rows[name] for name in names if name in rows}


def test_defects_of_a_sound_release_are_caught_and_its_own_files_stay_as_they_were(
    line: Line, green: Finished, tmp_path: Path
) -> None:
    places = (line.spec.parent, line.out / "store", line.out / "releases", line.out / "runs")
    before = [digests.of_folder(place) for place in places]

    status, rows = sabotaged(line, tmp_path / "kit", "byte-order-mark", "answers-of-other-items", "stray-keyword")

    assert status == 0, rows["output"]
    assert rows["byte-order-mark"].startswith("caught     data.train-sea.encoding")
    assert rows["answers-of-other-items"].startswith("caught     eval.both.all.coverage")
    assert rows["stray-keyword"].startswith("caught     incomplete")
    assert [digests.of_folder(place) for place in places] == before


def test_a_defect_that_a_spec_only_advises_against_would_ship(line: Line, green: Finished, tmp_path: Path) -> None:
    lax = line.copy_with_store(tmp_path / "lax")
    lax.edit("[gates.data]\nblocking = true", "[gates.data]\nblocking = false")
    lax.edit('[gates.bnb]\nblocking = true\nmounts = ["both"]\n', "")
    chosen = ("reference-out-of-form", "adapter-that-moves-no-logit", "adapter-turned-round")

    status, rows = sabotaged(lax, tmp_path / "kit", *chosen)

    assert status == 1, rows["output"]
    assert rows["reference-out-of-form"].startswith("would ship")
    assert "data.train-sea.template" in rows["reference-out-of-form"]
    assert "no gates over the 4-bit form" in rows["adapter-that-moves-no-logit"]
    assert rows["adapter-turned-round"].startswith("not tried")


def test_a_release_without_stored_artifacts_is_to_be_released_first(line: Line, tmp_path: Path) -> None:
    status, rows = sabotaged(Line(line.spec, tmp_path / "out"), tmp_path / "kit", "byte-order-mark")

    assert status == 4, rows["output"]
    assert "release the spec once" in rows["output"]
