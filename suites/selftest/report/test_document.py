"""The schema takes every document that is built, and none that contradicts itself or leaves something out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from harness.report import document
from suites.selftest.report.small_run import Paper, build, journal


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(document.SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "records",
    [journal(), journal(candidate="failed", single="error"), journal()[:2], journal()[:4]],
    ids=["released", "refused", "barely-began", "died-early"],
)
def test_the_schema_accepts_what_is_built(records: list[Paper]) -> None:
    assert [error.message for error in validator().iter_errors(build(records))] == []


def change(*path: str | int, to: object) -> Callable[[Paper], None]:
    def apply(paper: Any) -> None:
        for step in path[:-1]:
            paper = paper[step]
        paper[path[-1]] = to

    return apply


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(change("signature", to=""), id="unknown-key"),
        pytest.param(change("gates", 0, "skipped", to=True), id="unknown-key-in-gate"),
        pytest.param(change("verdict", to="probably"), id="unknown-verdict"),
        pytest.param(change("verdict", to="refused"), id="refused-without-reason"),
        pytest.param(change("reasons", to=["a worker was lost"]), id="released-with-reason"),
        pytest.param(change("gates", to=[]), id="released-without-gates"),
        pytest.param(change("gates", 2, "outcome", to="failed"), id="released-with-red-blocking-gate"),
        pytest.param(change("gates", 3, "outcome", to="not_run"), id="released-with-missing-gate"),
        pytest.param(change("gates", 2, "n", to=0), id="passed-over-nothing"),
        pytest.param(change("gates", 2, "value", to=None), id="passed-without-value"),
        pytest.param(change("gates", 2, "rule", to="vibes"), id="unknown-rule"),
        pytest.param(change("data", 0, "sha256", to="abc"), id="short-digest"),
        pytest.param(change("durations", to={}), id="no-durations"),
    ],
)
def test_the_schema_refuses_a_changed_document(changed: Callable[[Paper], None]) -> None:
    paper = copy.deepcopy(build(journal()))
    changed(paper)
    assert not validator().is_valid(paper)


@pytest.mark.parametrize("key", sorted(build(journal())))
def test_the_schema_wants_every_key_of_the_document(key: str) -> None:
    paper = build(journal())
    del paper[key]
    assert not validator().is_valid(paper)


def test_answers_in_halves_that_two_processes_note_stand_once() -> None:
    records = journal()
    noted = next(one for one in records if one["kind"] == "halved")
    other = {**noted, "process": "gw1", "at": 15.6}
    assert build([*records, other])["halved"] == [{"name": noted["name"], "batches": noted["batches"]}]
