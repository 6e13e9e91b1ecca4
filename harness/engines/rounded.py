"""A folder of weights, and the model in it: a checkpoint as it is, or one that is rounded when it is loaded.

A folder with a `FILE` holds its base's checkpoint unchanged, in `BASE`, and names the rounding. Nothing of it is
written: its files are hard links, so it takes no room, and stays whole where the base's own folder is removed. Beside
it lie configuration and tokenizer, for whoever reads those alone. There is no checkpoint at the top, so whoever would
load it without its rounding gets an error, and not other weights.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.engines import nf4_rounding, resident

FILE, BASE = "greenrun.rounding.json", "base"
NF4 = "nf4"
_TENSORS = (".safetensors", ".safetensors.index.json")
"""Endings of the files that hold a checkpoint's weights."""


def write(base: Path, folder: Path, by: Mapping[str, object]) -> None:
    """A checkpoint in `folder` that is rounded to NF4 when it is loaded.

    Args:
        by: code and versions that round, as JSON values: with them the folder's digest stands for the values.
    """
    for path in sorted(one for one in base.rglob("*") if one.is_file()):
        name = path.relative_to(base)
        _link(path, folder / BASE / name)
        if not path.name.endswith(_TENSORS):
            _link(path, folder / name)
    (folder / FILE).write_text(json.dumps({"rounding": NF4, "by": dict(by)}, sort_keys=True) + "\n", encoding="utf-8")


def stored(folder: Path) -> Path:
    """The folder in which the tensors of a folder of weights lie, as they are before any rounding."""
    return folder / BASE if (folder / FILE).is_file() else folder


def load(folder: Path, dtype: Any, **how: Any) -> Any:
    """The model of a folder of weights, in a dtype of torch.

    A model that is rounded has the values that a float32 copy of its NF4 form would be loaded with, to the byte.

    Args:
        how: as transformers' ``from_pretrained`` takes it: device, attention.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    resident.make_room()
    place = stored(folder)
    if place == folder:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **how)
    names = nf4_rounding.layers(AutoConfig.from_pretrained(place))
    held = dtype if dtype in _exact(place) else torch.float32
    model = AutoModelForCausalLM.from_pretrained(place, dtype=held, **how)
    if held == dtype:
        nf4_rounding.apply(model, nf4_rounding.values(model, names, dtype))
        return model
    # Rounded to `dtype` before they are rounded to four bits, they would be other values. So they are made apart.
    apart = dict(nf4_rounding.values(model, names, dtype))
    del model
    model = AutoModelForCausalLM.from_pretrained(place, dtype=dtype, **how)
    nf4_rounding.apply(model, apart.items())
    return model


@contextmanager
def checkpoint(folder: Path, place: Path) -> Iterator[Path]:
    """The weights as a checkpoint that any program can read, for as long as the context lasts.

    That is `folder` itself where nothing is to be rounded. Else it is written into `place` and removed again: rounded
    matrices in float16, which is what a converter makes of them, everything else as the base has it.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    if stored(folder) == folder:
        yield folder
        return
    source = stored(folder)
    model = AutoModelForCausalLM.from_pretrained(source, dtype=_exact(source)[0])
    names = nf4_rounding.layers(AutoConfig.from_pretrained(source))
    nf4_rounding.apply(model, nf4_rounding.values(model, names, torch.float16))
    place.mkdir(parents=True)
    try:
        model.save_pretrained(place)
        del model
        AutoTokenizer.from_pretrained(folder).save_pretrained(place)
        yield place
    finally:
        shutil.rmtree(place)


def _exact(checkpoint: Path) -> list[Any]:
    """The dtypes of torch that hold every tensor of a checkpoint exactly, the smallest first."""
    import torch
    from safetensors import safe_open

    found = set()
    for path in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            found |= {tensors.get_slice(name).get_dtype() for name in tensors.keys()}  # noqa: SIM118 - not a dict
    small = {"BF16": torch.bfloat16, "F16": torch.float16}
    return [small[found.pop()], torch.float32] if len(found) == 1 and found <= small.keys() else [torch.float32]


def _link(path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, copy)
    except OSError:  # a file system without such links
        shutil.copyfile(path, copy)
