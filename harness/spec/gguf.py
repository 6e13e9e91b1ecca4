"""How far a form may be from the adapter before a gate goes red.

Starting points from measurements of a 135M model on its own tasks (10 answers, 594 tokens), with room above them:
f16 was 6e-6 nats a token from the adapter, Q8_0 1.8e-3, Q4_0 0.057, and a Q4_1 file that had lost its adapter 1.51.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """The options of ``[gates.gguf]`` that concern parity."""

    sample: int = 24
    """Items a task that every form is asked."""
    max_kl_f16: float = 1e-3
    """Largest mean KL of a 16-bit file, nats per token."""
    max_kl_8_bit: float = 1e-2
    max_kl_4_bit: float = 0.15
    """Of any file with fewer than eight bits."""
    min_same_top_1: float = 0.95
    """Smallest share of tokens where adapter and form put the same one first."""
    margin: float = 0.10
    """How much a mean score of the deployed form may fall over the whole benchmark: as between two releases."""
    sample_margin: float = 0.25
    """How much another form's may over the sample: the least that 16 equal pairs, a third of 48, can prove at 95 %.
    It shows what a form was once seen to lose (an adapter trained on other weights than it was served on: coverage
    0.99 to 0.74, look-alikes answered 9 of 9 to 2 of 9), and nothing smaller."""

    def largest_kl(self, kind: str) -> float:
        """The limit for a tensor type such as ``F16``, ``Q8_0`` or ``Q4_0``."""
        if kind.upper() in ("F32", "F16", "BF16"):
            return self.max_kl_f16
        return self.max_kl_8_bit if kind.upper().startswith("Q8") else self.max_kl_4_bit


def from_table(table: Mapping[str, Any]) -> Limits:
    """Those options of the table that are limits; the others are read elsewhere."""
    known = {field.name for field in fields(Limits)}
    return Limits(**{name: value for name, value in table.items() if name in known})


def kind_of(form: str, table: Mapping[str, Any]) -> str:
    """The tensor type that a file's name promises: ``F16`` as converted, or the spec's quantization."""
    return "F16" if form == "f16" else str(table.get("quantization", "Q4_0"))
