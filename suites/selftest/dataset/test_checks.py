"""The registry of data checks: what a spec may name, and that no check finds what nobody could allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import gates
from harness.dataset import checks, registry
from harness.dataset.check import Check, ItemsCheck, SplitsCheck
from harness.dataset.findings import Finding, UndeclaredError
from harness.errors import SpecError
from harness.gates import data
from harness.spec import load
from harness.spec.objects import Spec
from suites.release import test_data
from suites.tiny.child import Line


@pytest.fixture(scope="module")
def spec(line: Line) -> Spec:
    return load.load(line.spec)


def asking(spec: Spec, **options: Any) -> Spec:
    """The spec with other settings of ``[gates.data]``."""
    return replace(spec, gates=replace(spec.gates, data=replace(spec.gates.data, **options)))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"advisory": {"secrets", "duplicate"}}, "advisory: unknown check 'duplicate'; did you mean 'duplicates'?"),
        ({"at_least": (("templat", 0.9),)}, "at_least: unknown check 'templat'; did you mean 'template'?"),
        ({"allow": {"crlv"}}, "allow: unknown kind of finding 'crlv'; did you mean 'crlf'?"),
        ({"allow": {"exact-both", "near-booth"}}, "'near-booth'; did you mean 'near-both'?"),
    ],
    ids=["advisory", "at_least", "allow", "the second"],
)
def test_a_name_that_no_check_has_is_refused_with_the_nearest(spec: Spec, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError) as refused:
        gates.expected(asking(spec, **options))
    assert told in str(refused.value)


def test_every_check_may_advise_hold_in_part_and_have_its_findings_allowed(spec: Spec) -> None:
    shares = tuple((name, 0.5) for name in data.NAMES)
    asked = asking(spec, advisory=data.NAMES, at_least=shares, allow=data.KINDS)
    found = [one for one in gates.expected(asked) if one.area == "data"]
    assert {(one.blocking, one.threshold) for one in found} == {(False, 0.5)}


def test_a_kind_of_finding_belongs_to_one_check() -> None:
    assert sum(len(check.kinds) for check in registry.CHECKS) == len(registry.KINDS)


@pytest.mark.parametrize("check", registry.CHECKS, ids=lambda check: check.name)
def test_every_check_has_its_test_in_the_release_suite(check: Check) -> None:
    test: Callable[..., None] = getattr(test_data, f"test_{check.name}")
    assert (test.__name__, test.__doc__) == (f"test_{check.name}", check.holds)


def _accusing(path: Path) -> list[Finding]:
    return [Finding(path, 1, "", "is loud", "loud")]


def test_a_finding_that_its_check_does_not_declare_is_an_error_and_neither_kept_nor_dropped(
    spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, chosen = spec.tasks["sea"], checks.options_of(spec)
    one = ItemsCheck(
        name="quiet",
        holds="Nobody shouts.",
        kinds=frozenset(),
        findings=lambda task, split, items, options: _accusing(task.files[split]),
    )
    two = SplitsCheck(
        name="calm",
        holds="Nobody shouts back.",
        kinds=frozenset(),
        findings=lambda files, elsewhere, held_out, options: _accusing(files["dev"][0]),
    )
    monkeypatch.setattr(registry, "BY_NAME", {"quiet": one, "calm": two})
    with pytest.raises(UndeclaredError, match="'quiet' found 'loud', which it does not declare"):
        checks.check_file("quiet", task, "dev", chosen)
    with pytest.raises(UndeclaredError, match="'calm' found 'loud', which it does not declare"):
        checks.check_task("calm", task, chosen)
