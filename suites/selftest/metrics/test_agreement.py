"""Metrics agree with a reader: each with a table of invented answers that were judged by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from harness import project
from harness.dataset import checks
from harness.metrics import references_score, registry
from harness.spec import load
from harness.spec.objects import SPLITS
from suites.selftest.metrics import judged_answers

AGREEMENT = {
    "coverage": 0.95,
    "format": 0.99,
    "refused": 0.97,
    "answered": 0.95,
    "refusal-pooled": 0.96,
    "citation-precision": 0.93,
    "citation-recall": 0.96,
    "non_empty": 0.99,
}
"""Metric -> least share of its table's rows in which it says what the reader said. What is left are words that no item
declares, Chinese in its other script, and denials that take grammar to place: rows that stay to be read."""

OWN = sorted(name for name, one in registry.OWN.items() if one.settings is None)


@pytest.mark.parametrize("metric", OWN)
def test_a_metric_agrees_with_the_reader(metric: str) -> None:
    rows = judged_answers.judged(metric)
    wrong = [str(row) for row in rows if not row.agrees]
    share = judged_answers.agreement(rows)
    assert share >= AGREEMENT[metric], "\n".join([f"{metric} agrees in {share:.3f} of {len(rows)} rows", *wrong])


def test_coverage_agrees_with_the_reader_on_answers_that_nobody_had_in_mind() -> None:
    """Rows made to be hard, and the rules never fitted to them: what is said next of a wording fails most often."""
    rows = judged_answers.judged_later()
    wrong = [str(row) for row in rows if not row.agrees]
    assert judged_answers.agreement(rows) >= 0.70, "\n".join(wrong)


def test_the_matcher_of_points_agrees_with_the_reader_on_signs_numbers_scripts_and_denials() -> None:
    rows = judged_answers.judged_matcher()
    wrong = [str(row) for row in rows if not row.agrees]
    assert judged_answers.agreement(rows) >= 0.98, "\n".join(wrong)


def test_the_matcher_of_points_agrees_on_more_of_these_kinds_that_were_judged_afterwards() -> None:
    rows = judged_answers.judged_matcher(judged_answers.MATCHER_LATER)
    wrong = [str(row) for row in rows if not row.agrees]
    assert judged_answers.agreement(rows) >= 0.88, "\n".join(wrong)


@pytest.mark.parametrize("metric", OWN)
def test_a_table_holds_a_hundred_answers_and_no_answer_twice(metric: str) -> None:
    rows = judged_answers.judged(metric)
    twice = [one for one, n in Counter((row.item, row.answer) for row in rows).items() if n > 1]
    assert (len(rows) >= 100, twice) == (True, [])


@pytest.mark.parametrize("metric", OWN)
def test_a_table_has_answers_that_are_right_and_answers_that_are_not(metric: str) -> None:
    wanted = Counter(row.wanted == 1.0 for row in judged_answers.judged(metric))
    assert min(wanted[True], wanted[False]) >= 20


@pytest.mark.parametrize("split", SPLITS)
def test_every_reference_of_the_default_release_earns_all_that_it_can(split: str) -> None:
    loaded = load.load(project.ROOT / "data" / "v3" / "release.toml")
    for task in loaded.tasks.values():
        checked = references_score.check(task, split, checks.options_of(loaded))
        assert (checked.share, list(checked.tally.shown())) == (1.0, [])
        assert {"coverage", "format", "refused", "answered"} <= set(task.metrics)


def test_every_reference_of_the_tables_says_its_own_points() -> None:
    rows = [row for row in judged_answers.judged("coverage") if row.phenomenon == "reference"]
    assert rows
    assert [row.given for row in rows] == [1.0] * len(rows)
