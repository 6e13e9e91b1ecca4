"""The kinds of records in a run's journal: one class a kind, with its fields and its version.

`harness.run.journal` writes them and reads them back. A new kind is a class here. A field that is added, dropped or
given another meaning raises the version; a field with a default may be absent from older lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.gates.entry import Record


@dataclass(frozen=True)
class Hello(Record, kind="hello"):
    """A process began, with what it takes to tell whether it is still running (`harness.run.alive`)."""

    pid: int
    host: str = ""
    boot: str = ""
    """Id of the machine's boot."""
    namespace: str = ""
    """Id of the namespace of its process id: every container has its own."""
    started: int = 0
    """Start time in clock ticks since boot; 0 where it is unknown."""


@dataclass(frozen=True)
class Bye(Record, kind="bye"):
    """A process ended as it should."""

    exitstatus: int
    """pytest's exit status before the verdict."""


@dataclass(frozen=True)
class Taint(Record, kind="taint"):
    """Something went wrong outside of any gate: the run can no longer be released."""

    text: str


@dataclass(frozen=True)
class Warned(Record, kind="warning"):
    """A warning to the readers of the run, which decides nothing."""

    text: str


@dataclass(frozen=True)
class NotJudged(Record, kind="not_judged"):
    """What no gate judges because the spec does not declare it, in words."""

    texts: Sequence[str]


@dataclass(frozen=True)
class RunOpened(Record, kind="run"):
    """The run began: the spec's digest, the candidate and the expected gates."""

    run_id: str
    release: str
    spec_digest: str
    candidate: str
    tasks: Sequence[str]
    """The candidate's tasks."""
    gates: Sequence[Mapping[str, Any]]
    """Every expected `harness.gates.gate.Gate`."""


@dataclass(frozen=True)
class Origin(Record, kind="origin"):
    """Where the base comes from, as the spec says, and under which terms the parts of the release stand."""

    base: str
    """``hf:OWNER/NAME`` and the like; of a folder only its name."""
    pin: str
    licences: Mapping[str, Any]
    """Of base, adapters and data: an SPDX expression each, absent where the spec says none."""
    instead_of: str = ""
    """The base that the spec's file names, where the command line put this one in its place; "" where it did not."""

    @property
    def overridden(self) -> str:
        """What that makes of the run, in words; "" where the base is the spec's own."""
        if not self.instead_of:
            return ""
        return (
            f"--base put {self.base} in place of {self.instead_of}: of another base than the spec's nothing is released"
        )


@dataclass(frozen=True)
class Waived(Record, kind="waiver"):
    """A waiver of the spec, as the run opened."""

    gate: str
    """Id of the gate whose failure it excuses."""
    reason: str
    by: str
    """Name of the person who answers for it."""
    until: str
    """Its last day, in UTC: ``2030-01-31``."""


@dataclass(frozen=True)
class Against(Record, kind="against"):
    """The earlier release that the run is compared with."""

    release: str
    run_id: str


@dataclass(frozen=True)
class DataFiles(Record, kind="data"):
    """The spec's data files: name, path, records and SHA-256 of each."""

    files: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Inputs(Record, kind="inputs"):
    """Path -> SHA-256 of everything that the run reads of its user's, as it opened."""

    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Meaning(Record, kind="meaning"):
    """Key of the spec -> SHA-256 of the template or schema that it names."""

    meaning: Mapping[str, str]


@dataclass(frozen=True)
class MetricOrigins(Record, kind="metrics"):
    """Name, kind, distribution and version of each metric that an installed package brings."""

    metrics: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Environment(Record, kind="environment"):
    """Versions, processor and git state."""

    environment: Mapping[str, Any]


@dataclass(frozen=True)
class Device(Record, kind="device"):
    """The device that gave the answers: ``cpu``, or the name of a GPU."""

    device: str


@dataclass(frozen=True)
class Model(Record, kind="model"):
    """The model that gave the answers: digests of weights, tokenizer and chat template, the deployed form, and the code
    that asks it."""

    model: Mapping[str, Any]


@dataclass(frozen=True)
class ArtifactUsed(Record, kind="artifact"):
    """An artifact of the store that the run rests on."""

    name: str
    """Kind and label: ``answers v3b multitask style benchmark``."""
    stage: str
    """Its kind: the folder of the store that it lies in."""
    digest: str
    """Digest of its content."""
    key: str
    """Digest of its key: of all that it was built from."""
    seconds: float
    reused: bool
    """False where this run built it."""
    built_at: str


@dataclass(frozen=True)
class Halved(Record, kind="halved"):
    """A change of batching: some batches of an artifact's answers did not fit in memory and were asked in halves."""

    name: str
    """The artifact's, as in its `ArtifactUsed`."""
    digest: str
    batches: Sequence[Mapping[str, Any]]
    """Of each batch how many ``items`` it had, how many went ``into`` either half, and ``why``, with sizes."""


@dataclass(frozen=True)
class Selection(Record, kind="selection"):
    """Which experiment `dev` chose."""

    selected: str
    """Its name; "" where none qualified."""
    reason: str
    experiments: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class AnswersShown(Record, kind="answers_shown"):
    """The file of judged answers beside the run's page."""

    sha256: str
    why: str
    """Why the file holds no answers; "" where it does."""


@dataclass(frozen=True)
class Seeds(Record, kind="seeds"):
    """Results of the selected experiment trained with other seeds."""

    seeds: Mapping[str, Any]


@dataclass(frozen=True)
class Attempts(Record, kind="attempts"):
    """How often the benchmark has been tried, and the error that is left for this attempt."""

    attempts: Mapping[str, Any]


@dataclass(frozen=True)
class Asked(Record, kind="asked"):
    """How much of a task's benchmark an adapter was asked until its gates were settled."""

    asked: Mapping[str, Any]


@dataclass(frozen=True)
class Packed(Record, kind="packed"):
    """The adapters in the staged bundle."""

    adapters: Sequence[str]


@dataclass(frozen=True)
class Comparison(Record, kind="comparison"):
    """One metric of the candidate against the earlier release: a row of `harness.metrics.paired`."""

    comparison: Mapping[str, Any]


@dataclass(frozen=True)
class Weakened(Record, kind="weakened"):
    """What the spec demands less of than the earlier release's spec did."""

    weakened: Sequence[str]
    accept_weaker: str
    """The spec's reason; "" where it gives none."""


@dataclass(frozen=True)
class Noise(Record, kind="noise"):
    """How far one metric moved when the same questions were asked in other batches."""

    noise: Mapping[str, Any]


@dataclass(frozen=True)
class Forms(Record, kind="forms"):
    """The table of all forms, from base to file."""

    forms: Mapping[str, Any]


@dataclass(frozen=True)
class FormLoss(Record, kind="form_loss"):
    """One metric of one form compared with the adapter as trained: a row of `harness.metrics.paired`."""

    form_loss: Mapping[str, Any]


@dataclass(frozen=True)
class Attempt(Record, kind="attempt"):
    """A gate's test began."""

    gate: str
    """Its id."""


@dataclass(frozen=True)
class Judged(Record, kind="gate"):
    """A gate's test concluded."""

    gate: str
    """Its id."""
    judgement: Mapping[str, Any]
    """The fields of a `harness.gates.judging.Judgement`."""


@dataclass(frozen=True)
class Took(Record, kind="took"):
    """How long a gate's test ran. Older journals have none."""

    gate: str
    """Its id."""
    seconds: float
    """Setup and test, including what the test was the first to ask for: training, answers, a quantized file."""
