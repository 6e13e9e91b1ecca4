"""``[gates.*]``: what must hold. A table that is absent either leaves its gates out or says nothing but its
defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le, MinLen

from harness.spec.data import DataGates
from harness.spec.gguf import GgufGates
from harness.spec.table import Table
from harness.spec.thresholds import Row
from harness.spec.values import File, Listed, Margin, Name, Text

FEWEST_SEEDS, MOST_SEEDS = 2, 100
"""Trainings that can be compared: of the key, and of ``--seeds``."""


@dataclass(frozen=True, slots=True)
class TrainingGates(Table):
    blocking: bool = True
    """Whether a red gate refuses the release."""
    seeds: Annotated[int, Ge(FEWEST_SEEDS), Le(MOST_SEEDS)] | None = None
    """Trainings of the candidate in all, each with another seed, judged on dev; advises only."""


@dataclass(frozen=True, slots=True)
class BnbGates(Table):
    blocking: bool = True
    """Whether a red gate refuses the release."""
    mounts: Listed[Name] | None = None
    """Adapters that are mounted on the 4-bit base; without it the candidate."""


@dataclass(frozen=True, slots=True)
class RegressionGates(Table):
    blocking: bool = True
    """Whether a loss against the earlier release refuses this one."""
    margin: Margin = 0.10
    """How much worse a mean may be than the earlier release's: about what lies between the quality that a spec expects
    (0.97 to 0.99) and the thresholds it must prove (0.85 to 0.92). Over 108 items a successor of quality 0.98 whose
    errors are its own passes nine times in ten; with half the margin it would three times in ten."""
    accept_weaker: Text = ""
    """Why this release may ask less than the one before; serves one release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgettingGates(Table):
    blocking: bool = True
    """For the candidate; the other adapters' gates only advise."""
    texts: File
    """Folder of .txt files of general text, passages parted by blank lines."""
    margin: Margin = 0.25
    """Nats per token that an adapter may cost on general text: by default a perplexity 28 % above the base's.

    peft's own benchmark measures the same thing, the change of the loss on a sample of Wikipedia, and finds most
    methods between 0 and 0.5, plain LoRA at 0.05 and a LoRA variant that its reviewers call noticeably worse at 0.23
    (huggingface/peft#2984, #3725). So half of the range is refused: five times what LoRA needs to cost."""


@dataclass(frozen=True, slots=True)
class BundleGates(Table):
    blocking: bool = True
    """Whether a red gate refuses the release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates(Table):
    data: DataGates = field(default_factory=DataGates)
    """How the data files are judged."""
    training: TrainingGates = field(default_factory=TrainingGates)
    """Whether every adapter learned."""
    bnb: BnbGates | None = None
    """Adapters on the 4-bit base; without it they are not judged."""
    gguf: GgufGates | None = None
    """The candidate's GGUF files; without it none are made."""
    regression: RegressionGates | None = None
    """The candidate against an earlier release; without it the comparison advises."""
    forgetting: ForgettingGates | None = None
    """General text with an adapter against without it; without it that is not measured."""
    bundle: BundleGates = field(default_factory=BundleGates)
    """Whether the bundle is what its checksums say."""
    eval: Annotated[Listed[Row], MinLen(1)]
    """What adapters must exceed, row by row; settled, they are the spec's `thresholds`."""
