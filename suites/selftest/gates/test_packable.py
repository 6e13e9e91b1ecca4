"""Another adapter's fault costs only that adapter its place in the bundle; the candidate's own is the release's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.adapters import forgiven
from fixtures.packing import Packing
from harness.errors import AdapterError, BlockedError
from harness.gates.gate import Gate
from harness.spec.data import DataGates
from harness.spec.gates import Gates
from harness.spec.waiver import Waiver
from harness.statistics.measurement import Measurement
from harness.store.artifact import Artifact

GATES = tuple(
    Gate(f"eval.{name}.sea.coverage", "threshold", name, name == "both", "point", "coverage", 0.5, adapter=name)
    for name in ("sea", "both")
)
FAULTS = (BlockedError("not intact"), AdapterError("2 keys missing"), ValueError("cannot convert NaN to integer"))


@dataclass(frozen=True)
class Broken:
    """Calling it gives the adapters that can be packed where measuring the adapter `broken` raises `fault`."""

    broken: str
    fault: Exception

    def __call__(self) -> dict[str, Artifact]:
        nothing_asked_of_data = {"gates": Gates(data=DataGates(blocking=False), eval=())}
        adapters = {"sea": None, "both": None}
        spec = SimpleNamespace(
            adapters=adapters, candidate="both", confidence=0.95, **nothing_asked_of_data, **self.more
        )
        run: Any = SimpleNamespace(spec=spec, gates=GATES)
        chosen: Any = SimpleNamespace(experiment=lambda: None, adapter=self.adapter)
        scores: Any = SimpleNamespace(measured=self.measured)
        nothing: Any = None
        return Packing(run, chosen, scores, deployed=nothing, artifacts=nothing).packable()

    @property
    def more(self) -> dict[str, Any]:
        return {}

    def adapter(self, name: str) -> Artifact:
        return Artifact("adapter", name, name, Path(name), "", 0.0, reused=False)

    def measured(self, gate: Gate) -> Measurement:
        if gate.adapter == self.broken:
            raise self.fault
        return Measurement(1.0, 10, sources={"adapter": "a"})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_an_adapter_beside_the_candidate_loses_its_own_place_alone(fault: Exception) -> None:
    assert set(Broken("sea", fault)()) == {"both"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_candidate_that_cannot_be_measured_is_not_passed_over(fault: Exception) -> None:
    with pytest.raises(type(fault)):
        Broken("both", fault)()


def test_where_nothing_is_wrong_all_are_packed() -> None:
    assert set(Broken("", FAULTS[0])()) == {"sea", "both"}


@dataclass(frozen=True)
class Poor(Broken):
    """As `Broken`, but every answer of the adapter is bad, and its gate is waived until a date where one is given."""

    until: str = ""

    def measured(self, gate: Gate) -> Measurement:
        return Measurement(0.1 if gate.adapter == self.broken else 1.0, 10, sources={"adapter": "a"})

    @property
    def more(self) -> dict[str, Any]:
        gate = next(one.id for one in GATES if one.adapter == self.broken)
        waiver = Waiver(gate=gate, reason="agreed", by="Ann", until=self.until)
        return {"waivers": (waiver,) if self.until else ()}


@pytest.mark.parametrize(
    ("name", "until", "wanted"),
    [
        ("both", "", {"sea"}),
        ("both", "9999-12-31", {"sea", "both"}),
        ("both", "2020-01-01", {"sea"}),
        ("sea", "", {"both"}),
    ],
)
def test_a_waived_candidate_is_packed_until_its_waivers_last_day(name: str, until: str, wanted: set[str]) -> None:
    assert set(Poor(name, FAULTS[0], until)()) == wanted


@pytest.mark.parametrize("name", ["sea", "both"])
def test_only_the_candidates_fault_is_raised(name: str) -> None:
    spec: Any = SimpleNamespace(candidate="both")
    raised = False
    try:
        with forgiven(spec, name):
            raise AdapterError("refused")
    except AdapterError:
        raised = True
    assert raised is (name == "both")
