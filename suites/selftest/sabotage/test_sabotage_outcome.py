"""A defect is caught by what is red because of it, and by nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suites.sabotage import outcome
from suites.sabotage.case import Sabotage
from suites.sabotage.frugal import NOT_MADE
from suites.tiny.child import Finished

Verdict = dict[str, Any]
DATA = Sabotage("of-data", lambda line: (), "data.train-sea.parse", "")
EVALUATION = Sabotage("of-answers", lambda line: (), "eval.both.all.coverage", "")


def gate(name: str, result: str = "passed", message: str = "", blocking: bool = True) -> Verdict:
    return {"id": name, "outcome": result, "message": message, "blocking": blocking}


def verdict(word: str, *gates: Verdict, reasons: tuple[str, ...] = ()) -> Verdict:
    return {"verdict": word, "gates": list(gates), "reasons": list(reasons)}


GREEN = verdict("released", gate("data.parse"), gate("eval.coverage"))


@pytest.fixture
def told(tmp_path: Path) -> Any:
    """``told(sabotage, verdict, control)``: what is said of a run that ended with that verdict."""

    def told(sabotage: Sabotage, found: Verdict, control: Verdict = GREEN) -> tuple[str, str, str]:
        run = tmp_path / "out" / "runs" / "spoilt"
        run.mkdir(parents=True)
        (run / "verdict.json").write_text(json.dumps(found), encoding="utf-8")
        said = outcome.of(sabotage, Finished(1, "", run, tmp_path / "none"), control)
        return said.word, said.gate, said.message

    return told


def test_a_blocking_gate_that_turned_red_caught_it(told: Any) -> None:
    red = gate("data.parse", "failed", "data.parse: failed, 1 of 2 hold\nsea.jsonl:1: cut")
    assert told(DATA, verdict("refused", red)) == ("caught", "data.parse", "failed, 1 of 2 hold; sea.jsonl:1: cut")


def test_a_gate_that_was_red_before_caught_nothing(told: Any) -> None:
    red = verdict("refused", gate("data.parse", "failed"), gate("eval.coverage"), reasons=("data.parse: failed",))
    word, _, message = told(DATA, red, red)
    assert (word, "refused already" in message) == ("not tried", True)


def test_a_gate_that_only_advises_and_was_red_before_is_named(told: Any) -> None:
    control = verdict("released", gate("eval.style.coverage", "failed", blocking=False))
    word, _, message = told(EVALUATION, control, control)
    assert (word, message) == ("would ship", "red without it already, and only advising: eval.style.coverage")


def test_what_is_released_would_ship(told: Any) -> None:
    assert told(DATA, GREEN) == ("would ship", "", "no gate saw it, and it was released")


def test_an_advisory_gate_that_saw_it_is_named_and_ships_it_all_the_same(told: Any) -> None:
    advice = gate("data.secrets", "failed", "a key", blocking=False)
    word, _, message = told(DATA, verdict("released", gate("data.parse"), advice))
    assert (word, "data.secrets" in message) == ("would ship", True)


def test_what_gates_only_advise_against_by_default_is_told_as_advice(told: Any) -> None:
    advice = gate("data.secrets", "failed", "a key", blocking=False)
    secret = replace(DATA, verdict="released")
    word, _, message = told(secret, verdict("released", gate("data.parse"), advice))
    assert (word, "data.secrets" in message) == ("advised", True)


def test_data_that_nothing_refuses_before_training_would_ship(told: Any) -> None:
    wanted = gate("training.sample.runs", "error", f"it {NOT_MADE}")
    word, _, message = told(DATA, verdict("refused", gate("data.parse"), wanted))
    assert (word, "before a model is trained" in message) == ("would ship", True)


def test_what_only_new_answers_would_show_is_not_tried(told: Any) -> None:
    wanted = gate("eval.coverage", "error", f"it {NOT_MADE}")
    assert told(EVALUATION, verdict("refused", gate("data.parse"), wanted))[0] == "not tried"


def test_a_refusal_that_no_gate_is_to_blame_for_is_told_by_its_reason(told: Any) -> None:
    found = verdict("incomplete", gate("data.parse"), reasons=("restricted by -k",))
    assert told(DATA, found) == ("caught", "incomplete", "restricted by -k")


def test_an_end_by_the_kit_itself_catches_nothing(told: Any) -> None:
    found = verdict("incomplete", gate("data.parse"), reasons=("interrupted: Interrupted data.parse is red",))
    assert told(DATA, found)[0] == "not tried"


@pytest.mark.parametrize(
    ("status", "output", "expected"),
    [
        (4, "ERROR: recipe.alhpa: unknown key\n", ("caught", "usage error", "ERROR: recipe.alhpa: unknown key")),
        (3, "INTERNALERROR> boom\n", ("caught", "exit status 3", "")),
        (0, "", ("would ship", "", "exit status 0 without a verdict")),
    ],
    ids=["usage", "internal", "nothing"],
)
def test_a_run_that_never_began_is_told_by_its_error(
    tmp_path: Path, status: int, output: str, expected: tuple[str, str, str]
) -> None:
    said = outcome.of(DATA, Finished(status, output, tmp_path, tmp_path / "none"), GREEN)
    assert (said.word, said.gate, said.message) == expected
