"""Read a GGUF file back and compare it with the checkpoint that it was made of, since a file name proves nothing.

The values to compare with are read from the checkpoint itself, not through the converter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines import rounded
from harness.errors import GgufError
from harness.gguf.merge import is_tied, tensor_names

SPECIAL = ("bos", "eos", "pad", "unk")
_KEYS = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
"""Our names of special tokens, and GGUF's (``tokenizer.ggml.<name>_token_id``)."""
ARCHITECTURES = {"mistral": "llama", "mixtral": "llama"}
"""Model types of transformers whose GGUF architecture has another name."""
ADDED = re.compile(r"^rope_(freqs|factors_long|factors_short)\.weight$")
"""Tensors that the converter computes from the configuration; no checkpoint holds them."""
_EXPERT = re.compile(r"\.experts\.\d+\.")


@dataclass(frozen=True, slots=True)
class Model:
    """The metadata in which a checkpoint and a GGUF file of it must agree."""

    architecture: str
    layers: int
    width: int
    tensors: int
    vocabulary: int
    special: Mapping[str, int]
    """``bos``, ``eos``, ``pad``, ``unk`` -> token id, where the model has one."""
    chat_template: str


@dataclass(frozen=True, slots=True)
class Share:
    """Number of tensors and weights of one type, and their bytes."""

    tensors: int
    weights: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Weights:
    """How a GGUF file's weights are stored."""

    types: Mapping[str, Share]
    """Tensor type (``Q4_0``, ``F32``) -> its tensors."""
    size: int
    """Bytes of the file."""
    description: str
    """``general.description``: what the file was made of."""

    @property
    def bits_per_weight(self) -> float:
        """Bits per weight: all tensors' bytes over all their weights, as llama.cpp's BPW."""
        weights = sum(share.weights for share in self.types.values())
        return 8 * sum(share.bytes for share in self.types.values()) / weights

    @property
    def dominant(self) -> str:
        """The tensor type with most weights, whatever the file is called."""
        return max(self.types, key=lambda name: self.types[name].weights)

    def share(self, name: str) -> float:
        """Share of all weights that are of a type."""
        total = sum(share.weights for share in self.types.values())
        return self.types[name].weights / total if name in self.types else 0.0

    def describe(self) -> str:
        """``Q4_0 79 % of weights (210 tensors), Q8_0 21 % (1), F32 0 % (61); 5.35 bits a weight, 86.1 MiB``"""
        ordered = sorted(self.types.items(), key=lambda entry: -entry[1].weights)
        parts = [f"{name} {100 * self.share(name):.1f} % ({share.tensors} tensors)" for name, share in ordered]
        return f"{', '.join(parts)}; {self.bits_per_weight:.2f} bits a weight, {self.size / 2**20:.1f} MiB"


def read(path: Path) -> tuple[Model, Weights]:
    """The metadata of a GGUF file, and how its weights are stored.

    Raises:
        GgufError: it is cut short, or no GGUF file.
    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        held = sum(int(tensor.n_bytes) for tensor in reader.tensors)
        ends = max((int(tensor.data_offset) + int(tensor.n_bytes) for tensor in reader.tensors), default=0)
        size = path.stat().st_size
        if held == 0 or ends > size:
            raise ValueError(f"{size} bytes, and its tensors end at {ends}")
        return _model(reader), _weights(reader, size)
    except (ValueError, IndexError, KeyError, OverflowError, TypeError, UnicodeDecodeError) as error:
        raise GgufError(
            f"{path}: cut short or no GGUF file ({str(error)[:200]}); remove its artifact to have it made again"
        ) from error


def _model(reader: Any) -> Model:
    architecture = _value(reader, "general.architecture", "")
    ids = {name: _value(reader, f"tokenizer.ggml.{key}_token_id", None) for name, key in _KEYS.items()}
    tokens = reader.get_field("tokenizer.ggml.tokens")
    return Model(
        architecture=architecture,
        layers=int(_value(reader, f"{architecture}.block_count", 0)),
        width=int(_value(reader, f"{architecture}.embedding_length", 0)),
        tensors=sum(1 for tensor in reader.tensors if not ADDED.match(tensor.name)),
        vocabulary=0 if tokens is None else len(tokens.data),
        special={name: int(value) for name, value in ids.items() if value is not None},
        chat_template=_value(reader, "tokenizer.chat_template", ""),
    )


def _weights(reader: Any, size: int) -> Weights:
    types: dict[str, Share] = {}
    for tensor in reader.tensors:
        name = tensor.tensor_type.name
        known = types.get(name, Share(0, 0, 0))
        types[name] = Share(
            known.tensors + 1, known.weights + int(tensor.n_elements), known.bytes + int(tensor.n_bytes)
        )
    return Weights(types, size, _value(reader, "general.description", ""))


def _value(reader: Any, key: str, otherwise: Any) -> Any:
    found = reader.get_field(key)
    return otherwise if found is None else found.contents()


def source(checkpoint: Path) -> Model:
    """The metadata that a GGUF file of this checkpoint must have."""
    from transformers import AutoTokenizer

    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    names = {name for path in sorted(rounded.stored(checkpoint).glob("*.safetensors")) for name in tensor_names(path)}
    if is_tied(checkpoint):
        names = {name for name in names if not name.startswith("lm_head.")}
    ids = {name: getattr(tokenizer, f"{name}_token_id", None) for name in SPECIAL}
    return Model(
        architecture=ARCHITECTURES.get(config["model_type"], config["model_type"]),
        layers=int(config["num_hidden_layers"]),
        width=int(config["hidden_size"]),
        tensors=len({_EXPERT.sub(".experts.", name) for name in names}),  # GGUF stacks a layer's experts
        vocabulary=int(config["vocab_size"]),
        special={name: int(value) for name, value in ids.items() if value is not None},
        chat_template=str(tokenizer.chat_template or ""),
    )


def differences(wanted: Model, found: Model) -> Iterator[str]:
    """In words, each thing in which a file differs from the checkpoint that it was made of."""
    for name in ("architecture", "layers", "width", "tensors", "vocabulary"):
        if getattr(wanted, name) != getattr(found, name):
            yield f"{name}: {getattr(found, name)!r} in the file, {getattr(wanted, name)!r} in its source"
    for name, value in wanted.special.items():
        if found.special.get(name) != value:
            yield f"{name} token id: {found.special.get(name)} in the file, {value} in its source"
    if wanted.chat_template != found.chat_template:
        yield _template_difference(wanted.chat_template, found.chat_template)


def _template_difference(wanted: str, found: str) -> str:
    if not found:
        return "chat template: none in the file, so that it would be asked in another form than it was trained on"
    pairs = enumerate(zip(wanted, found, strict=False))
    at = next((place for place, (one, other) in pairs if one != other), min(len(wanted), len(found)))
    return (
        f"chat template: differs from its source's at character {at}: {found[at : at + 40]!r} in the file, "
        f"{wanted[at : at + 40]!r} in the source; the file would be asked in another form than it was trained on"
    )
