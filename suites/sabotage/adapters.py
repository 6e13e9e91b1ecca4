"""Sabotages of given adapters: the control run's own adapter with one thing spoiled, given in place of a trained
one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.gates.data import LEAKAGE
from harness.spec.data import DataGates
from harness.spec.table import said
from suites.sabotage import spec, stored
from suites.sabotage.case import Spoil
from suites.sabotage.subject import fill
from suites.tiny.child import Line

Tensors = dict[str, Any]


def given(name: str, edit: Callable[[Path], None], made_as: str = "") -> Spoil:
    """A `Spoil` that gives ``--adapter NAME=DIR``: the control run's adapter of that name (or `made_as`), changed by
    `edit`.

    Of a given adapter leakage is unknown; that question only advises here, so that the adapter itself is refused.
    """

    def spoil(line: Line) -> tuple[str, ...]:
        folder = line.spec.parent / "given"
        shutil.copytree(stored.artifact(line, "adapter", "{made} " + (made_as or name)) / "content", folder)
        edit(folder)
        _leakage_advises(line)
        return (f"--adapter={fill(line, name)}={folder}",)

    return spoil


def _leakage_advises(line: Line) -> None:
    table = spec.read(line.spec)
    data_gates = table["gates"].setdefault("data", {})
    data_gates["advisory"] = sorted({*said(DataGates, data_gates, "advisory"), *LEAKAGE})
    if "regression" in table["gates"]:
        table["gates"]["regression"]["accept_weaker"] = "the training data of the given adapter is not shown"
    spec.write(line.spec, table)


def tensors(edit: Callable[[Tensors], Tensors]) -> Callable[[Path], None]:
    """An edit of the adapter's weights."""

    def rewrite(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        save_file(edit(load_file(folder / WEIGHTS)), folder / WEIGHTS, metadata={"format": "pt"})

    return rewrite


def config(**fields: object) -> Callable[[Path], None]:
    """An edit of fields of the adapter's configuration."""

    def rewrite(folder: Path) -> None:
        path = folder / CONFIG
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")

    return rewrite


def scaled(factor: float) -> Callable[[Path], None]:
    """An edit that multiplies every lora_B by a factor."""
    return tensors(lambda found: {key: one * factor if ".lora_B." in key else one for key, one in found.items()})


def with_nan(found: Tensors) -> Tensors:
    name = sorted(found)[0]
    found[name][0, 0] = float("nan")
    return found


def without_first(found: Tensors) -> Tensors:
    return {key: found[key] for key in sorted(found)[1:]}


def with_stranger(found: Tensors) -> Tensors:
    """The weights with one more tensor, for a layer that the base does not have."""
    name = sorted(found)[0]
    return {**found, name.replace("layers.0", "layers.9"): found[name].clone()}


def halved(found: Tensors) -> Tensors:
    """The weights in the shapes of a base half as wide: lora_A (rank, in), lora_B (out, rank)."""
    return {
        key: (one[:, : one.shape[1] // 2] if ".lora_A." in key else one[: one.shape[0] // 2]).contiguous()
        for key, one in found.items()
    }


def pickled(folder: Path) -> None:
    """Store the weights as a pickle, as peft used to."""
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / WEIGHTS), folder / "adapter_model.bin")
    (folder / WEIGHTS).unlink()


def with_garbage(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"not weights at all")


def as_link(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder.parent / WEIGHTS)
    (folder / WEIGHTS).symlink_to(folder.parent / WEIGHTS)


def untouched(folder: Path) -> None:
    """Change nothing: giving the adapter under that name is the sabotage."""
