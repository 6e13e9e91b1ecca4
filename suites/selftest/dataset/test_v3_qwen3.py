"""The mission's own release line: its spec loads, its items are what it declares, and no data check finds a thing.

The checks that need the base model's tokenizer are left to a run that has the base.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from harness import gates
from harness.dataset import checks
from harness.dataset import registry as registered
from harness.dataset.check import SplitsCheck
from harness.dataset.item import Item
from harness.gates import aims, evaluation, limits
from harness.metrics import registry, scoring
from harness.metrics.metric import concerns
from harness.project import ROOT
from harness.spec import load
from harness.spec.objects import Spec
from harness.text.units import units

LINE = ROOT / "data" / "v3-qwen3"
TASKS = ("style", "writing")
SPLITS = ("train", "dev", "benchmark", "parity")


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load.load(LINE / "release.toml")


@pytest.fixture(scope="module")
def items(spec: Spec) -> dict[tuple[str, str], tuple[Item, ...]]:
    return {(task, split): checks.items_of(spec.tasks[task], split) for task in TASKS for split in SPLITS}


def test_every_threshold_can_be_proved_and_dev_can_choose(spec: Spec) -> None:
    expected = gates.expected(spec)
    aims.check(spec)
    limits.check_kinds(spec)
    assert evaluation.check_provable(spec, expected, evaluation.sizes(spec, expected)) == []
    assert limits.not_judged(spec) == ()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("split", SPLITS)
def test_no_check_of_one_file_finds_anything(spec: Spec, task: str, split: str) -> None:
    chosen = checks.options_of(spec)
    for check in checks.file_checks(spec.tasks[task], split):
        found = checks.check_file(check.name, spec.tasks[task], split, chosen)
        assert (check.name, list(found.tally.shown()), found.share) == (check.name, [], 1.0)


@pytest.mark.parametrize("task", TASKS)
def test_no_check_between_the_files_finds_anything(spec: Spec, task: str) -> None:
    chosen = checks.options_of(spec)
    for check in registered.looking_at(SplitsCheck):
        found = checks.check_task(check.name, spec.tasks[task], chosen, spec.tasks.values())
        assert (check.name, list(found.tally.shown()), found.share) == (check.name, [], 1.0)


def test_every_reference_earns_all_that_it_can(spec: Spec, items: dict[tuple[str, str], tuple[Item, ...]]) -> None:
    forms = scoring.forms_of(spec.tasks)
    lost = [
        (item.id, metric.name)
        for (task, _), found in items.items()
        for item in found
        for metric in registry.OWN.values()
        if concerns(metric, item, forms[task]) and metric.score(item, item.reference, forms[task]) < 1.0
    ]
    assert lost == []


def test_fifty_nine_items_train_in_two_parts(items: dict[tuple[str, str], tuple[Item, ...]]) -> None:
    origins = {task: Counter(item.fields["origin"] for item in items[task, "train"]) for task in TASKS}
    assert origins == {"style": {"base": 11, "added": 24}, "writing": {"base": 6, "added": 18}}
    added = [item.fields for item in items["style", "train"] if item.fields["origin"] == "added"]
    assert {(one["chapter"], one["difficulty"]) for one in added} == {
        (chapter, difficulty) for chapter in ("ch1", "ch2", "ch3") for difficulty in ("easy", "medium", "hard")
    }


def tutor(items: dict[tuple[str, str], tuple[Item, ...]]) -> Iterator[Item]:
    for split in SPLITS:
        yield from items["style", split]


def test_the_points_of_a_question_are_those_of_its_notes_one_by_one(
    items: dict[tuple[str, str], tuple[Item, ...]],
) -> None:
    for item in tutor(items):
        notes = item.fields["notes"]
        assert [point.source for point in item.points] in ([note["id"] for note in notes], [])
        for point, note in zip(item.points, notes, strict=False):
            assert point.wordings[0] in note["text"], item.id


def test_a_tutor_with_notes_that_do_not_answer_has_no_point_to_say(
    items: dict[tuple[str, str], tuple[Item, ...]],
) -> None:
    off = [item for item in tutor(items) if item.kind == "off-notes"]
    assert len(off) == 32
    assert all(item.must_refuse and item.fields["notes"] and not item.points for item in off)


def test_no_cue_of_eight_characters_is_common_to_what_must_be_refused(
    items: dict[tuple[str, str], tuple[Item, ...]],
) -> None:
    """In the set that is learned from, no run of a question or request tells graded work by itself."""
    for task, field in (("style", "question"), ("writing", "request")):
        runs: Counter[tuple[str, ...]] = Counter()
        for item in items[task, "train"]:
            if item.kind == "graded":
                said = tuple(units(item.fields[field]))
                runs.update({said[at : at + 8] for at in range(len(said) - 7)})
        assert max(runs.values()) == 1
