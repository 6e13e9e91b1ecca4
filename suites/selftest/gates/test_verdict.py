"""The verdict is "released" for a whole and green journal, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gates import verdict as verdict_of
from harness.gates.entry import parse
from harness.gates.gate import Gate, Outcome
from harness.gates.verdict import Verdict

Record = dict[str, Any]
Spoil = Callable[[list[Record], Gate], list[Record]]


def reach(gates: list[Gate], journal: list[Record]) -> Verdict:
    return verdict_of.reach(gates, [parse(record, "main.jsonl:1") for record in journal])


PROCESSES = ("main", "gw0", "gw1")
NOT_PASSED: tuple[Outcome, ...] = ("failed", "inconclusive", "error", "blocked")


def gate(number: int, blocking: bool = True) -> Gate:
    return Gate(f"eval.both.all.metric{number}", "threshold", f"both-all-metric{number}", blocking, rule="lower_bound")


def judged(one: Gate, process: str, outcome: str = "passed", **measured: object) -> Record:
    measurement = {"value": 0.97, "lower_bound": 0.91, "n": 30, "sources": {}, **measured}
    judgement = {"gate": one.id, "outcome": outcome, "measurement": measurement, "message": f"{one.id}: {outcome}"}
    return {"kind": "gate", "process": process, "at": 2.0, "gate": one.id, "judgement": judgement}


def attempt(one: Gate, process: str) -> Record:
    return {"kind": "attempt", "process": process, "at": 1.0, "gate": one.id}


def green(gates: list[Gate]) -> list[Record]:
    """The journal of a run in which every gate was attempted once and passed, by three processes in turn."""
    journal: list[Record] = [{"kind": "hello", "process": name, "at": 0.0, "pid": 1} for name in PROCESSES]
    for number, one in enumerate(gates):
        process = PROCESSES[number % len(PROCESSES)]
        journal += [attempt(one, process), judged(one, process)]
    return journal + [{"kind": "bye", "process": name, "at": 3.0, "exitstatus": 0} for name in PROCESSES]


def taint(text: str) -> Record:
    return {"kind": "taint", "process": "main", "at": 2.5, "text": text}


def without(journal: list[Record], kind: str, one: Gate) -> list[Record]:
    return [record for record in journal if not (record["kind"] == kind and record.get("gate") == one.id)]


def instead(**changes: Any) -> Spoil:
    """Replaces the gate's judgement by one with `changes`."""

    def spoil(journal: list[Record], one: Gate) -> list[Record]:
        return [*without(journal, "gate", one), judged(one, "main", **changes)]

    return spoil


SPOILS: dict[str, Spoil] = {
    "never judged": lambda journal, one: without(journal, "gate", one),
    "neither attempted nor judged": lambda journal, one: without(without(journal, "gate", one), "attempt", one),
    "judged without an attempt": lambda journal, one: without(journal, "attempt", one),
    "attempted twice": lambda journal, one: [*journal, attempt(one, "gw0")],
    "attempted and judged twice": lambda journal, one: [*journal, attempt(one, "gw1"), judged(one, "gw1")],
    "passed, then failed": lambda journal, one: [*journal, judged(one, "main", "failed")],
    "failed, then passed": lambda journal, one: [judged(one, "main", "failed"), *journal],
    "passed without a measurement": lambda journal, one: [
        {**record, "judgement": {**record["judgement"], "measurement": None}}
        if record["kind"] == "gate" and record["gate"] == one.id
        else record
        for record in journal
    ],
    **{f"judged {outcome}": instead(outcome=outcome) for outcome in NOT_PASSED},
    **{f"n is {n!r}": instead(n=n) for n in (0, -1, None, "nan", "30", 0.5)},
    **{f"value is {value!r}": instead(value=value) for value in (None, "nan", "0.97", True)},
}
"""Ways to spoil a journal so that a blocking gate has not passed."""

gates_of_a_run = st.lists(st.booleans(), min_size=1, max_size=6).map(
    lambda blocking: [gate(number, one) for number, one in enumerate([True, *blocking])]
)


@given(gates=gates_of_a_run, data=st.data())
def test_whole_and_green_journal_is_released_in_any_order(gates: list[Gate], data: st.DataObject) -> None:
    verdict = reach(gates, data.draw(st.permutations(green(gates))))
    assert (verdict.word, verdict.reasons) == ("released", ())
    assert {result.outcome for result in verdict.gates} == {"passed"}


@pytest.mark.parametrize("name", SPOILS)
def test_one_spoilt_blocking_gate_is_never_released(name: str) -> None:
    gates = [gate(0), gate(1), gate(2, blocking=False)]
    verdict = reach(gates, SPOILS[name](green(gates), gates[1]))
    assert verdict.word != "released"
    assert [result.gate.id for result in verdict.gates if result.outcome != "passed"] == [gates[1].id]
    assert gates[1].id in verdict.reasons[0]


@given(gates=gates_of_a_run, data=st.data())
def test_any_mixture_of_spoilt_blocking_gates_is_never_released(gates: list[Gate], data: st.DataObject) -> None:
    blocking = [one for one in gates if one.blocking]
    chosen = data.draw(st.lists(st.sampled_from(blocking), min_size=1, unique_by=lambda one: one.id))
    journal = green(gates)
    for one in chosen:
        journal = SPOILS[data.draw(st.sampled_from(sorted(SPOILS)))](journal, one)
    verdict = reach(gates, data.draw(st.permutations(journal)))
    assert verdict.word != "released"
    assert {one.id for one in chosen} == {result.gate.id for result in verdict.gates if result.outcome != "passed"}


@given(gates=gates_of_a_run, data=st.data())
def test_any_loss_of_records_is_never_released(gates: list[Gate], data: st.DataObject) -> None:
    """Only a hello may be lost: whoever judged and said goodbye was there."""
    journal = green(gates)
    lost = data.draw(st.sets(st.integers(0, len(journal) - 1), min_size=1))
    kept = [record for number, record in enumerate(journal) if number not in lost]
    taken = {journal[number]["kind"] for number in lost}
    verdict = reach(gates, kept)
    silent = {record["process"] for record in kept} - {r["process"] for r in kept if r["kind"] == "bye"}
    if silent or "gate" in taken or _lost_blocking_attempt(gates, journal, lost):
        assert verdict.word != "released"


def _lost_blocking_attempt(gates: list[Gate], journal: list[Record], lost: set[int]) -> bool:
    blocking = {one.id for one in gates if one.blocking}
    return any(journal[number]["kind"] == "attempt" and journal[number]["gate"] in blocking for number in lost)


@pytest.mark.parametrize("outcome", NOT_PASSED)
def test_advisory_gate_that_does_not_pass_blocks_nothing(outcome: Outcome) -> None:
    gates = [gate(0), gate(1, blocking=False)]
    assert reach(gates, instead(outcome=outcome)(green(gates), gates[1])).word == "released"


def test_advisory_gate_that_did_not_run_makes_the_run_incomplete() -> None:
    gates = [gate(0), gate(1, blocking=False)]
    verdict = reach(gates, without(green(gates), "gate", gates[1]))
    assert (verdict.word, verdict.reasons) == ("incomplete", (f"{gates[1].id}: did not run",))


@given(gates=gates_of_a_run, text=st.text(min_size=1))
def test_any_taint_withholds_a_green_run(gates: list[Gate], text: str) -> None:
    verdict = reach(gates, [*green(gates), taint(text)])
    assert (verdict.word, verdict.reasons) == ("incomplete", (text,))


@given(gates=gates_of_a_run)
def test_another_base_than_the_specs_withholds_a_green_run_and_is_a_reason_of_a_red_one(gates: list[Gate]) -> None:
    own = {"kind": "origin", "process": "main", "at": 0.5, "base": "path:tiny", "pin": "sha256:0", "licences": {}}
    other = {**own, "instead_of": "hf:some/base"}
    said = "--base put path:tiny in place of hf:some/base: of another base than the spec's nothing is released"
    verdict = reach(gates, [*green(gates), other])
    assert (verdict.word, verdict.reasons) == ("incomplete", (said,))
    assert reach(gates, [*green(gates), own]).word == "released"
    red = reach([gate(0)], instead(outcome="failed")([*green([gate(0)]), other], gate(0)))
    assert (red.word, red.reasons) == ("refused", (f"{gate(0).id}: failed", said))


@given(gates=gates_of_a_run, silent=st.sets(st.sampled_from(PROCESSES), min_size=1))
def test_process_without_goodbye_withholds_a_green_run_and_is_named(gates: list[Gate], silent: set[str]) -> None:
    journal = [record for record in green(gates) if not (record["kind"] == "bye" and record["process"] in silent)]
    verdict = reach(gates, journal)
    assert verdict.word == "incomplete"
    assert [name for name in PROCESSES if any(name in reason for reason in verdict.reasons)] == [
        name for name in PROCESSES if name in silent
    ]


def test_damaged_record_withholds_a_green_run() -> None:
    damaged = {"kind": "damaged", "process": "gw1", "at": 0.0, "text": "{"}
    verdict = reach([gate(0)], [*green([gate(0)]), damaged])
    assert verdict.word == "incomplete"
    assert "gw1" in verdict.reasons[0]


def test_red_gate_is_the_first_reason_before_any_damage() -> None:
    gates = [gate(0)]
    verdict = reach(gates, instead(outcome="failed")([*green(gates), taint("worker gw1 was lost")], gates[0]))
    assert (verdict.word, verdict.reasons) == ("refused", (f"{gates[0].id}: failed", "worker gw1 was lost"))


@pytest.mark.parametrize("gates", [[], [gate(0, blocking=False)]], ids=["none", "advisory only"])
def test_run_in_which_nothing_blocks_decides_nothing(gates: list[Gate]) -> None:
    assert reach(gates, green(gates)).word == "incomplete"


def test_records_of_gates_that_nobody_expects_change_nothing() -> None:
    journal = [*green([gate(0)]), attempt(gate(9), "gw0"), judged(gate(9), "gw0", "failed")]
    assert reach([gate(0)], journal).word == "released"
