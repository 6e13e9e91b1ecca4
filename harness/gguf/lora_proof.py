"""Read a GGUF LoRA file back and compare it with the adapter that it was made of: every pair, every number, the scale.

llama.cpp serves a file that holds half of its pairs, or no alpha, without any message. The values to compare with are
read from the adapter's own safetensors, not through the converter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.errors import GgufError
from harness.gguf import lora
from harness.gguf.matrices import Matrices, OtherBaseError

ROUNDING = 2.0**-11
"""Largest relative error of a number that was rounded to f16."""
SMALLEST = 2.0**-14
"""Smallest normal number of f16: below it the error is taken relative to this."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class LoraFile:
    """The metadata and tensors of a GGUF LoRA file."""

    architecture: str
    kind: str
    """``adapter.type``."""
    alpha: float
    """0 where the file has none: llama.cpp then applies neither rank nor alpha."""
    tensors: Mapping[str, Any]
    """Name -> float32 array, (rank, in) or (out, rank)."""
    description: str
    size: int
    """Bytes."""

    def scale(self, rank: int) -> float:
        """The factor that llama.cpp multiplies a pair by."""
        return self.alpha / rank if self.alpha else 1.0


def read(path: Path) -> LoraFile:
    """What a GGUF LoRA file says and holds.

    Raises:
        GgufError: it is cut short, or no GGUF file.
    """
    import gguf

    try:
        reader = gguf.GGUFReader(path)
        return LoraFile(
            architecture=str(_value(reader, "general.architecture", "")),
            kind=str(_value(reader, "adapter.type", "")),
            alpha=float(_value(reader, "adapter.lora.alpha", 0.0)),
            tensors={tensor.name: _values(tensor) for tensor in reader.tensors},
            description=str(_value(reader, "general.description", "")),
            size=path.stat().st_size,
        )
    except (ValueError, IndexError, KeyError, OverflowError, TypeError, UnicodeDecodeError) as error:
        raise GgufError(
            f"{path}: cut short or no GGUF file ({str(error)[:200]}); remove its artifact to have it made again"
        ) from error


def _value(reader: Any, key: str, otherwise: Any) -> Any:
    found = reader.get_field(key)
    return otherwise if found is None else found.contents()


def _values(tensor: Any) -> Any:
    import gguf

    shape = [int(size) for size in reversed(tensor.shape)]
    return gguf.dequantize(tensor.data, tensor.tensor_type).astype("float32").reshape(shape)


@dataclass(frozen=True, slots=True)
class Pair:
    """The LoRA pair of one module, as trained."""

    module: str
    a: Any
    b: Any
    scale: float

    @property
    def rank(self) -> int:
        return int(self.a.shape[0])


@dataclass(frozen=True, slots=True)
class LoraProof:
    """The result of comparing a GGUF LoRA file with its adapter."""

    pairs: int
    ranks: tuple[int, ...]
    alpha: float
    scales: tuple[float, ...]
    """Factors that llama.cpp multiplies the pairs by, each value once."""
    largest: float
    """Largest relative error of a number in the file; infinite where one is not finite."""
    size: int
    wrong: tuple[str, ...]
    """Each difference from the adapter, in words."""

    def explain(self) -> str:
        """The result in words, differences first."""
        more = len(self.wrong) - SHOWN
        ranks, scales = (", ".join(f"{one:g}" for one in group) for group in (self.ranks, self.scales))
        told = (
            f"nothing is merged: the adapter stays apart, {self.pairs} pairs of rank {ranks}, alpha {self.alpha:g}, "
            f"applied at {scales or 'no scale'}; largest rounding {self.largest:.1e} of a number; "
            f"{self.size / 2**20:.1f} MiB"
        )
        return "; ".join([*self.wrong[:SHOWN], *([f"and {more} more"] if more > 0 else []), told])


def prove(path: Path, adapter: Path, matrices: Matrices, description: str) -> LoraProof:
    """Compare a LoRA file with its adapter, and with the base that it is laid upon.

    Args:
        matrices: those of the weights that the adapter was trained on, and of the base file.
        description: what the file must say that it was made of.

    Raises:
        GgufError: it is cut short, or no GGUF file.
    """
    held = read(path)
    pairs, others = _trained(adapter)
    wrong = [f"{name}: the adapter has it, and a GGUF LoRA holds pairs alone" for name in others]
    wrong += _header(held, matrices.architecture, description)
    known, largest = set(), 0.0
    for pair in pairs:
        name = matrices.name(pair.module)
        if name is None:
            wrong.append(f"{pair.module}: the base file has no such matrix")
            continue
        known |= {f"{name}.lora_a", f"{name}.lora_b"}
        fault, error = _compare(pair, name, held, matrices)
        wrong += [fault] if fault else []
        largest = max(largest, error)
    wrong += [f"{name}: not of this adapter" for name in sorted(held.tensors.keys() - known)]
    ranks = sorted({pair.rank for pair in pairs})
    scales = tuple(held.scale(rank) for rank in ranks)
    return LoraProof(len(pairs), tuple(ranks), held.alpha, scales, largest, held.size, tuple(wrong))


def _trained(adapter: Path) -> tuple[list[Pair], list[str]]:
    """The adapter's pairs, and names of tensors that belong to none."""
    from safetensors.torch import load_file

    tensors = load_file(adapter / WEIGHTS)
    config = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
    modules = [
        name.removesuffix(lora.A)
        for name in tensors
        if name.endswith(lora.A) and f"{name.removesuffix(lora.A)}{lora.B}" in tensors
    ]
    own = {module: module.removeprefix(lora.PREFIX) for module in modules}
    ranks = {own[module]: int(tensors[f"{module}{lora.A}"].shape[0]) for module in modules}
    scales = lora.scales(config, ranks)
    pairs = [
        Pair(own[one], _float(tensors[f"{one}{lora.A}"]), _float(tensors[f"{one}{lora.B}"]), scales[own[one]])
        for one in modules
    ]
    paired = {f"{module}{end}" for module in modules for end in (lora.A, lora.B)}
    return pairs, sorted(tensors.keys() - paired)


def _float(tensor: Any) -> Any:
    return tensor.float().numpy()


def _header(held: LoraFile, architecture: str, description: str) -> Iterator[str]:
    if held.kind != "lora":
        yield f"adapter.type: {held.kind!r} in the file, a LoRA says 'lora'"
    if held.architecture != architecture:
        yield f"architecture: {held.architecture!r} in the file, {architecture!r} in its base file"
    if not held.alpha:
        yield "alpha: none in the file, so llama.cpp would apply every pair at 1"
    if held.description != description:
        yield f"it says that it was made of {held.description!r}, and was made of {description!r}"


def _compare(pair: Pair, name: str, held: LoraFile, matrices: Matrices) -> tuple[str, float]:
    """(what is wrong with one pair of the file or "", largest relative error of its numbers)."""
    a, b = (held.tensors.get(f"{name}.lora_{part}") for part in "ab")
    if a is None or b is None:
        return f"{name}: {'missing' if a is b else 'only half of the pair is there'}", 0.0
    rows, columns = matrices.shape(name)
    if (a.shape, b.shape) != (pair.a.shape, pair.b.shape):
        return f"{name}: {b.shape} x {a.shape} in the file, {pair.b.shape} x {pair.a.shape} in the adapter", 0.0
    if (b.shape[0], a.shape[1]) != (rows, columns):
        return f"{name}: for a matrix of {b.shape[0]} x {a.shape[1]}, the base file's is {rows} x {columns}", 0.0
    if held.alpha and not math.isclose(held.scale(pair.rank), pair.scale, rel_tol=1e-6):
        return f"{name}: applied at {held.scale(pair.rank):g}, and was trained at {pair.scale:g}", 0.0
    try:
        error = max(_error(pair.a, a), _error(pair.b[matrices.order(pair.module, name)], b))
    except OtherBaseError as found:
        return f"{found}", 0.0
    fault = f"{name}: other numbers than the adapter's, off by {error:.2g} of one"
    return (fault, error) if error > ROUNDING * (1.0 + 1e-6) else ("", error)


def _error(wanted: Any, found: Any) -> float:
    """Largest relative error of the numbers; infinite where one is not finite."""
    import numpy as np

    if not np.isfinite(found).all():
        return math.inf
    return float((np.abs(found - wanted) / np.maximum(np.abs(wanted), SMALLEST)).max(initial=0.0))
