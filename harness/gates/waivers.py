"""Which gates a waiver may excuse, and until when. A waiver names a person who answers for the failure.

A waiver excuses a measured failure only. It does not excuse a gate that was not measured (an error, did not run,
blocked), nor a gate that the evidence itself rests on: where the evidence is in doubt, a reader of the waiver has
nothing to weigh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

from harness.gates.data import LEAKAGE
from harness.gates.gate import Gate, Outcome
from harness.gates.records import Waived
from harness.gates.regression import NOT_WEAKENED
from harness.spec import nearest
from harness.spec.objects import Spec
from harness.spec.waiver import Waiver, day

Said = TypeVar("Said", Waiver, Waived)
"""A waiver of the spec or of the journal."""

EXCUSED: tuple[Outcome, ...] = ("failed", "inconclusive")
"""Outcomes that a waiver may excuse: measured, and not passed."""

ANSWERS = (
    "threshold",
    "non_empty",
    "ends_by_itself",
    "no_thinking",
    "forgetting",
    "not_worse",
    "not_lost",
    "logit_parity_kl",
    "logit_parity_same_top_1",
    "attribution",
    "learned",
)
"""Checks of how good something is. None of them says whether the evidence is sound."""
READING = ("encoding", "parse", "fields", "rendered", "ids_unique")
"""Checks of the data that say which items were trained and judged at all."""


def refusal(gate: Gate) -> str:
    """Why no waiver may excuse a gate; "" where one may."""
    if not gate.blocking:
        return "it only advises, and refuses nothing"
    if gate.id == NOT_WEAKENED:
        return 'it is what tells of waivers; say [gates.regression] accept_weaker = "..." instead'
    if gate.area == "data":
        if gate.check in LEAKAGE:
            return "with leaked data every other number is worth nothing"
        return "unread data cannot be judged" if gate.check in READING else ""
    if gate.check in ANSWERS:
        return ""
    return (
        "it says whether the evidence, the base, the mounted adapter, the candidate or the bundle is what it seems: "
        "no reason makes up for that"
    )


def wrong(spec: Spec, gates: Sequence[Gate]) -> Iterator[tuple[str, str]]:
    """(key, mend) for each waiver of an unknown gate, or of one that cannot be waived."""
    known = {gate.id: gate for gate in gates}
    for number, one in enumerate(spec.waivers):
        key = f"waiver.{number}.gate"
        if one.gate not in known:
            near = nearest.closest(one.gate, known)
            hint = f"did you mean {near!r}?" if near else "`pytest suites/release --plan` lists the gates"
            yield key, f"no gate of this release is called {one.gate!r}; {hint}"
        elif why := refusal(known[one.gate]):
            yield key, f"{one.gate} cannot be waived: {why}; remove the waiver"


def expired(waivers: Sequence[Waiver], today: date) -> Iterator[tuple[str, str]]:
    """Waivers past their date: the key, and the mend."""
    for number, one in enumerate(waivers):
        if not in_force(one, today):
            yield (
                f"waiver.{number}.until",
                f"the waiver of {one.gate} by {one.by} expired on {one.until}, today is {today} (UTC); mend the gate "
                "and remove the waiver, or have somebody answer for a new one",
            )


def in_force(waiver: Waiver | Waived, today: date) -> bool:
    """Whether a waiver still holds on a day (UTC), its last one included."""
    last = day(waiver.until)
    return last is not None and today <= last


def excusing(waivers: Sequence[Said], gate: Gate, outcome: str, today: date) -> Said | None:
    """The waiver that excuses this outcome of a gate on that day; None where none does, or none may."""
    if outcome not in EXCUSED or refusal(gate):
        return None
    return next((one for one in waivers if one.gate == gate.id and in_force(one, today)), None)


def excused(spec: Spec, gate: Gate, outcome: str, today: date) -> bool:
    """Whether the spec waives this outcome of a gate on that day."""
    return excusing(spec.waivers, gate, outcome, today) is not None


def said(waiver: Mapping[str, str] | Waived) -> str:
    """A waiver in one line."""
    found = waiver if isinstance(waiver, Mapping) else waiver.content()
    return f"{found['gate']} waived by {found['by']} until {found['until']}: {found['reason']}"
