"""``[gates.gguf]``: how the candidate's GGUF files are made, and how far a form may be from the adapter.

The limits are starting points from measurements of a 135M model on its own tasks (10 answers, 594 tokens), with room
above them: f16 was 6e-6 nats a token from the adapter, Q8_0 1.8e-3, Q4_0 0.057, and a Q4_1 file that had lost its
adapter 1.51.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from harness.spec.table import Table
from harness.spec.values import Count, Margin, Matching, Positive, Text

MERGED: Literal["merged"] = "merged"
APART: Literal["apart"] = "apart"
ALL_LAYERS = -1
"""As llama.cpp says it: every layer, the output layer too."""


@dataclass(frozen=True, slots=True)
class GgufGates(Table):
    blocking: bool = False
    """Whether a red gate refuses the release; without it the gates advise."""
    adapter: Literal["merged", "apart"] = MERGED
    """``merged``: into the base, and rounded with it. ``apart``: a LoRA laid upon the base's own file, which is left as
    it is (or upon the base in the quantization named)."""
    quantization: Annotated[str, Matching(r"^[A-Z0-9]+(_[A-Z0-9]+)*(?!\n)$")] = "Q4_0"
    """As llama-quantize names it. The blocks of 32 of the default fit any width; a K-quant needs rows of a multiple of
    256."""
    bits_per_weight: Annotated[float, Gt(1), Le(16)] = 5.5
    """What a file may have at most, all tensors counted as read back. A plain Q5_0 has 5.5: a 4-bit file that needs
    more is none."""
    merge_tolerance: Positive = 0.01
    """Largest difference in nats that a merge may make to any log-probability. In float32 it is a thousandth of that;
    a merge in bfloat16 makes ten times as much."""
    probe_items: Count = 6
    """Benchmark items a task that the merge is measured on."""
    smoke_items: Count = 2
    """Benchmark items a task that each runtime answers."""
    version: Text = ""
    """Text that every tool's version holds: of an own llama.cpp (``--llama-cpp=DIR``) its commit or number; without it
    that of the pinned one."""
    n_gpu_layers: Annotated[int, Ge(ALL_LAYERS)] | None = None
    """Layers that llama.cpp computes on a GPU: -1 for all, 0 for none. Those asked for must lie there, or the run is
    refused. Without the key all do where llama.cpp finds a GPU, and none where it finds none."""
    threads: Count | None = None
    """Threads of llama.cpp, in place of ``[release] threads``."""
    convert_seconds: Positive | None = None
    """Limit of writing a checkpoint as GGUF; without it, by the checkpoint's size (``docs/gguf.md``)."""
    quantize_seconds: Positive | None = None
    """Limit of quantizing a file; without it, by the file's size."""
    smoke_seconds: Positive | None = None
    """Limit of one answer by llama-completion or llama-cli, and of all answers of the Python binding together; without
    it, by the file's size and the tokens of prompt and answer."""
    sample: Count = 24
    """Benchmark items a task that every form is asked."""
    max_kl_f16: Positive = 1e-3
    """Largest mean KL of a 16-bit file, nats a token."""
    max_kl_8_bit: Positive = 1e-2
    """Largest mean KL of an 8-bit file, nats a token."""
    max_kl_4_bit: Positive = 0.15
    """Largest mean KL of any file below eight bits, nats a token."""
    min_same_top_1: Annotated[float, Ge(0), Lt(1)] = 0.95
    """Smallest share of tokens where adapter and form put the same one first."""
    margin: Margin = 0.10
    """How much a mean score of the deployed form may fall over the whole benchmark: as between two releases."""
    sample_margin: Margin = 0.25
    """How much another form's may over the sample: the least that 16 equal pairs, a third of 48, can prove at 95 %.
    It shows what a form was once seen to lose (an adapter trained on other weights than it was served on: coverage
    0.99 to 0.74, look-alikes answered 9 of 9 to 2 of 9), and nothing smaller."""

    @property
    def apart(self) -> bool:
        return self.adapter == APART

    def kind_of(self, form: str) -> str:
        """The tensor type that a file's name promises: ``F16`` as converted, or the quantization."""
        return "F16" if form == "f16" else self.quantization

    def largest_kl(self, kind: str) -> float:
        """The limit for a tensor type such as ``F16``, ``Q8_0`` or ``Q4_0``."""
        if kind.upper() in ("F32", "F16", "BF16"):
            return self.max_kl_f16
        return self.max_kl_8_bit if kind.upper().startswith("Q8") else self.max_kl_4_bit
