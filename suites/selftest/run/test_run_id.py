"""A run's id is the name of its folder, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.run.run import new_id


@pytest.mark.parametrize("wanted", ["../x", "a/b", "/tmp/x", "..", ".hidden", "", "-x", "a\nb", "a" * 82, "\x1b[2J"])
def test_an_id_that_is_no_plain_name_is_refused(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(SpecError, match="is no plain name"):
        new_id(tmp_path, wanted)


def test_an_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    with pytest.raises(SpecError, match="exists already"):
        new_id(tmp_path, "mine")


def test_ids_made_up_in_the_same_second_differ(tmp_path: Path) -> None:
    first = new_id(tmp_path, None)
    (tmp_path / "runs" / first).mkdir(parents=True)
    assert new_id(tmp_path, None) != first
