"""A pytest plugin: the 4-bit form whose loader draws lots, so that every process that loads it serves other weights.

The lots decide which letters and digits the rows of the output head stand for. Every answer begins with one of them and
still does: whatever is drawn, no answer is empty, and the first gate to notice is the one that asks again.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engines import nf4
from harness.forms import nf4 as own
from harness.forms.mounted import Mounted
from harness.forms.registry import OWN
from harness.spec.serve import Precision


def _load(base: Path, precision: Precision) -> Any:
    import torch
    from transformers import AutoTokenizer

    model, tokenizer = nf4.load_nf4(base, precision), AutoTokenizer.from_pretrained(base)
    lots = torch.Generator().manual_seed(int.from_bytes(os.urandom(7), "big"))
    texts = [tokenizer.decode([number], skip_special_tokens=True) for number in range(len(tokenizer))]
    plain = torch.tensor([number for number, text in enumerate(texts) if text.isascii() and text.isalnum()])
    head = model.get_output_embeddings()
    rows = head.weight.detach().clone()  # of its own: the same tensor is what prompts are read with
    rows[plain] = rows[plain[torch.randperm(len(plain), generator=lots)]]
    head.weight = torch.nn.Parameter(rows, requires_grad=False)
    return model


form = OWN["nf4"]
assert isinstance(form, Mounted)
OWN["nf4"] = own.FORM = replace(form, loading=replace(form.loading, load=_load))  # by name, and by place
