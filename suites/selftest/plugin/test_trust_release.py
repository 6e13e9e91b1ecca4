"""Real runs that used to end in RELEASED and decided nothing, or decided it on what nobody knew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from suites.sabotage import spec, stored
from suites.sabotage.campaign import own
from suites.sabotage.spec import Table
from suites.selftest.plugin.crimes import assert_withheld, commit
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]


def _nothing_asked_of_the_shore(line: Line, table: Table) -> None:
    table["gates"]["eval"] = [row for row in table["gates"]["eval"] if row["task"] != "shore"]
    table["gates"]["regression"]["accept_weaker"] = "the shore is dry this year"


def test_a_release_that_asks_nothing_of_a_task_is_stamped_wherever_it_is_named(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    lax = own(line, tmp_path / "own")
    spec.changed(_nothing_asked_of_the_shore)(lax)
    finished = commit(lax, fresh_id(), tmp_path, "")
    assert finished.status == 0, finished.output
    assert finished.release.name.endswith("-UNPROVEN")
    assert finished.last.startswith(f"RELEASED UNPROVEN {finished.release} (no blocking threshold above 0")
    assert "on shore" in finished.last
    assert (finished.verdict["unproven"], "on shore" in finished.verdict["doubts"][0]) == (True, True)


def test_a_given_candidate_of_unknown_training_is_refused_though_another_adapter_is_trained_here(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    spoilt = own(line, tmp_path / "own")
    folder = stored.artifact(spoilt, "adapter", "{made} both") / "content"
    finished = commit(spoilt, fresh_id(), tmp_path, "", f"--adapter=both={folder}")
    assert_withheld(finished, "refused", "leakage is unknown: the candidate both was trained elsewhere")
    assert {"data.sea.text_apart", "data.shore.topics_apart"} <= set(finished.red)
