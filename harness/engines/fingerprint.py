"""First-token logits of a fixed probe, with and without the adapter: kept beside the answers, they prove that the
adapter gave them.

Engines have served the bare base without a message while an adapter was asked for (vllm#55193, peft#2566). Then both
logits are equal, which can be seen afterwards from the answer sheet alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.dataset import tokens
from harness.engines.form import Loaded

FILE = "fingerprint.json"
PROBE = ({"role": "user", "content": "In one sentence: what were you made to do?"},)
"""The probe. No task asks it, and every chat model answers it. It must never change, or stored fingerprints could not
be compared."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    bare: str
    """SHA-256 of the base's first-token logits, float32, in the form that answered."""
    mounted: str
    """The same with the adapter mounted."""
    moved: float
    """Largest absolute difference between the two, in logits."""

    @property
    def differs(self) -> bool:
        return self.bare != self.mounted and self.moved > 0.0


def first_logits(engine: Loaded) -> Any:
    """Logits after the probe: float32 tensor (vocab,) on the CPU."""
    import torch

    ids = torch.tensor([tokens.prompt_ids(engine.tokenizer, PROBE)], device=engine.model.device)
    with torch.inference_mode(), out_of_memory.said("asking the probe of the fingerprint"):
        return engine.model(input_ids=ids).logits[0, -1].float().cpu()


def compare(bare: Any, mounted: Any) -> Fingerprint:
    return Fingerprint(_digest(bare), _digest(mounted), float((bare - mounted).abs().max()))


def write(folder: Path, fingerprint: Fingerprint) -> None:
    (folder / FILE).write_text(json.dumps(asdict(fingerprint), sort_keys=True) + "\n", encoding="utf-8")


def read(folder: Path) -> Fingerprint:
    return Fingerprint(**json.loads((folder / FILE).read_text(encoding="utf-8")))


def _digest(logits: Any) -> str:
    return hashlib.sha256(logits.numpy().tobytes()).hexdigest()
