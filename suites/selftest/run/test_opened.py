"""What is judged is what the run opened with: other bytes under the same name are an error, and no finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures import builds
from harness.dataset import checks, registry
from harness.dataset.check import SplitsCheck
from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.errors import AdapterError, DataError, SpecError
from harness.run import provenance
from harness.spec import load
from harness.spec.objects import Adapter, Spec
from suites.tiny.child import Line


@pytest.fixture
def opened(line: Line, tmp_path: Path) -> Spec:
    spec = load.load(line.copy(tmp_path / "line").spec)
    return replace(spec, opened=provenance.inputs(spec))


SWAPPED = {
    "benchmark": lambda spec: spec.tasks["sea"].files["benchmark"],
    "template": lambda spec: spec.tasks["sea"].template,
}


def test_what_lies_as_it_was_opened_is_judged(opened: Spec) -> None:
    chosen = checks.options_of(opened)
    assert len(checks.items_of(opened.tasks["sea"], "benchmark", chosen)) == 24
    for check in ("encoding", "fields", "template", "duplicates"):
        assert not checks.check_file(check, opened.tasks["sea"], "benchmark", chosen).tally.total
    assert not checks.check_task("text_apart", opened.tasks["sea"], chosen).tally.total


@pytest.mark.parametrize("what", SWAPPED)
def test_items_of_a_file_that_was_swapped_are_refused_with_both_digests(opened: Spec, what: str) -> None:
    path = SWAPPED[what](opened)
    before = opened.opened[str(path)]
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(DataError, match=f"opened with sha256 {before[:12]}"):
        checks.items_of(opened.tasks["sea"], "benchmark", checks.options_of(opened))


@pytest.mark.parametrize("check", ["encoding", "fields", "template", "duplicates"])
@pytest.mark.parametrize("what", [*SWAPPED, "schema"])
def test_a_check_of_a_file_that_was_swapped_is_an_error(opened: Spec, what: str, check: str) -> None:
    task = opened.tasks["sea"]
    path = SWAPPED[what](opened) if what in SWAPPED else task.schema
    assert path is not None
    path.write_bytes(path.read_bytes() + b"\n")
    if what == "schema" and check == "duplicates":
        checks.check_file(check, task, "benchmark", checks.options_of(opened))  # reads no schema
        return
    with pytest.raises(DataError, match="the run opened with sha256"):
        checks.check_file(check, task, "benchmark", checks.options_of(opened))


@pytest.mark.parametrize("check", [one.name for one in registry.looking_at(SplitsCheck)])
def test_a_check_between_splits_of_which_one_was_swapped_is_an_error(opened: Spec, check: str) -> None:
    path = opened.tasks["sea"].files["train"]
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(DataError, match="the run opened with sha256"):
        checks.check_task(check, opened.tasks["sea"], checks.options_of(opened))


def test_a_given_adapter_that_was_swapped_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("{}", encoding="utf-8")
    (tmp_path / WEIGHTS).write_bytes(b"after")
    with pytest.raises(AdapterError, match="changed while the run was under way"):
        builds.given_adapter(Adapter(name="both", tasks=("sea",), path=tmp_path), {str(tmp_path): "0" * 64})


def test_a_spec_cannot_say_what_was_opened(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit("[gates.data]", '[gates.data]\nopened = [["a", "b"]]')
    with pytest.raises(SpecError, match=r"gates\.data\.opened: unknown key"):
        load.load(copied.spec)
