"""The deployed forms: how a base checkpoint is loaded to be served, and what of it changes results."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import digests, processor
from harness.engines import allocation


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to be asked, and its tokenizer."""

    form: str
    model: Any
    tokenizer: Any


@dataclass(frozen=True, slots=True)
class Form:
    """A way to load the base. A new one is a module with a FORM and a line in `harness.engines.forms`."""

    name: str
    load: Callable[[Path], Any]
    settings: Mapping[str, object]
    """What distinguishes it, for the keys of what it answers."""


def load(form: Form, base: Path, threads: int) -> Loaded:
    """Load the base in this form.

    Args:
        threads: torch threads; part of what a result depends on, so set here and named by the spec.
    """
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(threads)
    allocation.keep_freed()
    model = form.load(base)
    model.eval()
    return Loaded(form.name, model, AutoTokenizer.from_pretrained(base))


def machine(threads: int) -> dict[str, object]:
    """What of this machine is known to change results: device, instruction set, threads, library versions."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "held_to": {name: os.environ.get(name, "") for name in (processor.ONEDNN, processor.MKL)},
        "threads": threads,
        "versions": dict(digests.of_versions(("torch", "transformers", "peft", "bitsandbytes", "tokenizers"))),
    }
