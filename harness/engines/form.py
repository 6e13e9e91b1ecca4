"""How transformers loads a base checkpoint, and which properties of the machine change results."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.engines import gpu, processor, resident
from harness.spec.serve import Precision
from harness.store import digests

FLOAT32 = Precision()
_SMALLER = f"hold it in less (release.deploy, [serve.cuda]), or {out_of_memory.ELSE}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to be asked, and its tokenizer."""

    form: str
    model: Any
    tokenizer: Any


@dataclass(frozen=True, slots=True)
class Loading:
    """A way in which transformers loads a base: in full precision, in 4 bits."""

    name: str
    load: Callable[[Path, Precision], Any]
    settings: Mapping[str, object]
    """JSON values that distinguish this way of loading, beside the precision; they enter the keys of all answers."""


def load(form: Loading, base: Path, threads: int, precision: Precision = FLOAT32) -> Loaded:
    """Load the base in this way.

    Args:
        precision: what it computes in, and the attention.
        threads: torch threads; part of what a result depends on, so set here and named by the spec.

    Raises:
        NoMemoryError: this machine has not the memory for it.
    """
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(threads)
    keep_freed()
    resident.make_room()
    with out_of_memory.said(f"loading the base as {form.name}, computed in {precision.compute}", _SMALLER):
        model = form.load(base, precision)
        model.eval()
        return Loaded(form.name, model, AutoTokenizer.from_pretrained(base))


def device() -> str:
    """``cuda`` where torch finds an NVIDIA GPU, else ``cpu``."""
    return "cuda" if gpu.found() else "cpu"


def attention_of(precision: Precision) -> str | None:
    """As transformers' ``from_pretrained`` takes it."""
    return None if precision.attention == "auto" else precision.attention


def machine(threads: int) -> dict[str, object]:
    """What of this machine is known to change results: device, driver, instruction set, threads, library versions."""
    import torch

    card = gpu.asked_apart() if device() == "cuda" else {"device": "cpu", "settings": {}}
    return {
        "device": card["device"],
        "cuda": card["settings"],
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "held_to": {name: os.environ.get(name, "") for name in (processor.ONEDNN, processor.MKL)},
        "threads": threads,
        "versions": dict(digests.of_versions(("torch", "transformers", "peft", "bitsandbytes", "tokenizers"))),
    }


_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of malloc.h


_NEVER = 2**31 - 1


def keep_freed() -> None:
    """Keep freed memory in this process's heap (glibc only; elsewhere nothing changes)."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _NEVER)
