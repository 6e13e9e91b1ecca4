"""A pytest plugin: the 4-bit form whose loader draws lots, so that every process that loads it serves other weights."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engines import nf4
from harness.engines.forms import FORMS


def _load(base: Path) -> Any:
    import torch

    model = nf4.load_nf4(base)
    lots = torch.Generator().manual_seed(int.from_bytes(os.urandom(7), "big"))
    head = model.get_output_embeddings().weight
    with torch.no_grad():
        head += 8 * torch.randn(head.shape, generator=lots) * head.std()  # what was taught stands out far
    return model


assert isinstance(FORMS, dict), "forms are looked up by name"
FORMS["nf4"] = replace(FORMS["nf4"], load=_load)
