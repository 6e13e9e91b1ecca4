"""The verdict of a run: expected gates + journal -> released, refused or incomplete.

Pure: reads records, writes nothing. A gate counts as passed only by its own journal record, written
once by one process before its test ended; whatever pytest thought of the test cannot make it green.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar

from harness.gates import shipping, waivers
from harness.gates.entry import Damaged, Entry, Unreadable, every, last
from harness.gates.gate import Gate, Outcome
from harness.gates.records import Attempt, Bye, Judged, Origin, RunOpened, Taint, Took, Waived

Word = Literal["released", "refused", "incomplete"]
Of = TypeVar("Of", Attempt, Judged)
"""A record of one gate."""


@dataclass(frozen=True, slots=True)
class GateResult:
    gate: Gate
    outcome: Outcome
    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    n: int
    message: str
    sources: Mapping[str, str]
    waiver: Waived | None = None
    """The waiver that excuses its failure; None where there is none, or none is needed."""
    seconds: float | None = None
    """Seconds that its test ran; None where they were not measured."""


@dataclass(frozen=True, slots=True)
class Verdict:
    word: Word
    reasons: tuple[str, ...]
    gates: tuple[GateResult, ...]
    doubts: tuple[str, ...]
    """Why it is stamped UNPROVEN: a task of the candidate without a blocking gate that proves it, a gate by the bare
    value."""

    @property
    def waived(self) -> tuple[GateResult, ...]:
        """The gates that did not pass and are excused by a waiver."""
        return tuple(result for result in self.gates if result.waiver is not None)

    @property
    def stamps(self) -> tuple[str, ...]:
        """The stamps in its bundle's name, first to last."""
        told = ((shipping.UNPROVEN, self.unproven), (shipping.WITH_WAIVER, bool(self.waived)))
        return tuple(stamp for stamp, holds in told if holds)

    @property
    def unproven(self) -> bool:
        return bool(self.doubts)


def reach(gates: Sequence[Gate], records: Iterable[Entry]) -> Verdict:
    """Judge a whole run.

    Args:
        gates: the expected gates, from the spec.
        records: the journal. Its `Taint` records are what happened outside of any gate: a lost worker, an
            internal error, a restriction, a bundle that could not be published. Its `Waived` ones excuse a failure
            of the gate that they name, up to their last day: the day (UTC) is that of the journal's last record.
    """
    journal = list(records)
    today = _day(journal)
    seconds = {took.gate: took.seconds for took in every(journal, Took)}
    waived, attempts, judged = (
        every(journal, Waived),
        _by_gate(every(journal, Attempt)),
        _by_gate(every(journal, Judged)),
    )
    results = []
    for gate in gates:
        found = _result(gate, len(attempts.get(gate.id, ())), [one.judgement for one in judged.get(gate.id, ())])
        waiver = waivers.excusing(waived, gate, found.outcome, today)
        results.append(replace(found, waiver=waiver, seconds=seconds.get(gate.id)))
    red = [result for result in results if _refuses(result)]
    missing = [result for result in results if result.outcome == "not_run"]
    taints = dict.fromkeys(taint.text for taint in every(journal, Taint))
    damage = [
        *_other_base(journal),
        *taints,
        *_broken_processes(journal),
        *(one.problem for one in every(journal, Unreadable)),
    ]
    doubts = _doubts(gates, journal)
    if red:
        reasons = tuple(_reason(result, journal, today) for result in red)
        return Verdict("refused", (*reasons, *damage), tuple(results), doubts)
    if missing or damage:
        reasons = (*damage, *(f"{result.gate.id}: did not run" for result in missing))
        return Verdict("incomplete", reasons, tuple(results), doubts)
    if not any(gate.blocking for gate in gates):
        return Verdict("incomplete", ("no gate blocks: nothing was decided",), tuple(results), doubts)
    return Verdict("released", (), tuple(results), doubts)


def _doubts(gates: Sequence[Gate], journal: Sequence[Entry]) -> tuple[str, ...]:
    """Why the release is unproven, in words. A journal that does not name the candidate's tasks proves none of them."""
    run = last(journal, RunOpened)
    if run is None or not run.tasks:
        return ("the journal does not say what the candidate's tasks are",)
    return shipping.doubts(gates, run.candidate, run.tasks)


def _other_base(journal: Sequence[Entry]) -> list[str]:
    """That the run judged adapters of another base than the spec names: its name stands for something else."""
    origin = last(journal, Origin)
    return [origin.overridden] if origin is not None and origin.overridden else []


def _refuses(result: GateResult) -> bool:
    return result.gate.blocking and result.waiver is None and result.outcome not in ("passed", "not_run")


def _day(journal: Sequence[Entry]) -> date:
    return datetime.fromtimestamp(max((entry.at for entry in journal), default=0.0), UTC).date()


def _reason(result: GateResult, journal: Sequence[Entry], today: date) -> str:
    """Why a red gate refuses the release, and why a waiver that names it does not excuse it."""
    named = next((one for one in every(journal, Waived) if one.gate == result.gate.id), None)
    text = first_line(result.message)
    if named is None:
        return text
    if result.outcome not in waivers.EXCUSED:
        return f"{text} (its waiver excuses what was measured, and not the outcome {result.outcome})"
    if why := waivers.refusal(result.gate):
        return f"{text} (no waiver excuses it: {why})"
    return f"{text} (its waiver by {named.by} expired on {named.until}; this was judged on {today}, UTC)"


def first_line(message: str) -> str:
    return message.partition("\n")[0]


def _by_gate(records: Iterable[Of]) -> dict[str, list[Of]]:
    """Id of a gate -> its records, in the order of the journal."""
    found: dict[str, list[Of]] = {}
    for one in records:
        found.setdefault(one.gate, []).append(one)
    return found


def _result(gate: Gate, attempts: int, judged: Sequence[Mapping[str, Any]]) -> GateResult:
    """What the journal says of a gate.

    Args:
        attempts: how often its test began.
        judged: every judgement of it.
    """
    if not judged:
        return GateResult(gate, "not_run", None, None, None, 0, f"{gate.id}: did not run", {})
    if attempts != 1:
        message = f"{gate.id}: attempted {attempts} times; a gate is tried once and never rerun"
        return GateResult(gate, "error", None, None, None, 0, message, {})
    worst = next((one for one in judged if one["outcome"] != "passed"), judged[-1])
    measured = worst["measurement"] or {}
    n = measured.get("n")
    outcome: Outcome = worst["outcome"]
    message = worst["message"]
    if outcome == "passed" and not (type(n) is int and n > 0 and type(measured.get("value")) in (int, float)):
        outcome, message = "error", f"{gate.id}: says passed but measured nothing"
    return GateResult(
        gate,
        outcome,
        measured.get("value"),
        measured.get("lower_bound"),
        measured.get("upper_bound"),
        n if type(n) is int else 0,
        message,
        measured.get("sources", {}),
    )


def _broken_processes(journal: Sequence[Entry]) -> list[str]:
    """Messages about processes that began and left no `Bye`, and about records that could not be read."""
    began = {entry.process for entry in journal}
    ended = {entry.process for entry in journal if isinstance(entry.record, Bye)}
    broken = [f"process {name} did not end properly: what it ran cannot be trusted" for name in sorted(began - ended)]
    damaged: dict[str, str] = {}
    for entry in journal:
        if isinstance(entry.record, Damaged):
            damaged.setdefault(entry.process, entry.record.place)
    told = (
        f"the journal of process {name} holds a damaged record ({place})" for name, place in sorted(damaged.items())
    )
    return [*broken, *told]
