"""How large a base is, read from the heads of its files: no weight is loaded."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines import gguf_head
from harness.errors import EngineError

_IN_A_BLOCK = re.compile(r"\.\d+\..*weight$")
"""A tensor of one of the model's numbered blocks: ``model.layers.0.mlp.up_proj.weight``, ``blk.0.ffn_up.weight``."""
LARGEST_HEAD = 2**28
"""Bytes that a safetensors file's list of tensors may have."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of weights, not of bytes."""

    weights: int
    """All of them; tied embeddings once."""
    linear: int
    """Of the matrices in the model's blocks: what 4-bit forms hold in 4 bits, and adapters change."""
    sides: int
    """Rows and columns of those matrices, added up: a LoRA of rank r has r times as many weights."""
    blocks: int
    width: int
    """Of the hidden states."""
    inner: int
    """Of the feed-forward layers."""
    keys: int
    """Of a token's keys in one block, over all its heads; its values have as many."""
    heads: int
    words: int
    """Of the vocabulary."""


def read(source: Path) -> Shape:
    """The shape of a checkpoint's folder, or of a GGUF file.

    Raises:
        EngineError: its files do not say it.
    """
    try:
        return _of_gguf(source) if source.is_file() else _of_folder(source)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise EngineError(f"{source}: does not say how large the model is ({type(error).__name__}: {error})") from error


def _of_folder(folder: Path) -> Shape:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = config.get("text_config", config)
    tensors = {name: size for file in sorted(folder.glob("*.safetensors")) for name, size in _head(file)}
    heads, width = int(config["num_attention_heads"]), int(config["hidden_size"])
    of_a_head = int(config.get("head_dim") or width // heads)
    return _shape(
        tensors,
        blocks=int(config["num_hidden_layers"]),
        width=width,
        inner=int(config["intermediate_size"]),
        keys=of_a_head * int(config.get("num_key_value_heads") or heads),
        heads=heads,
        words=int(config["vocab_size"]),
    )


def _head(file: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of each tensor. A file starts with the length of that list, in eight bytes, and the list as JSON
    (https://github.com/huggingface/safetensors#format)."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > LARGEST_HEAD:
            raise ValueError(f"{file.name} is no safetensors file")
        table: dict[str, Any] = json.loads(stream.read(length))
    return ((name, tuple(map(int, entry["shape"]))) for name, entry in table.items() if name != "__metadata__")


def _of_gguf(file: Path) -> Shape:
    head = gguf_head.read(file)
    kind = head.settings["general.architecture"]

    def said(key: str, otherwise: int | None = None) -> int:
        found = head.settings.get(f"{kind}.{key}", otherwise)
        if not isinstance(found, int):
            raise KeyError(f"{kind}.{key}")
        return found

    heads, width = said("attention.head_count"), said("embedding_length")
    return _shape(
        head.tensors,
        blocks=said("block_count"),
        width=width,
        inner=said("feed_forward_length"),
        keys=said("attention.key_length", width // heads) * said("attention.head_count_kv", heads),
        heads=heads,
        words=max(head.tensors["token_embd.weight"]),
    )


def _shape(tensors: Mapping[str, tuple[int, ...]], **config: int) -> Shape:
    if not tensors:
        raise ValueError("no tensors")
    matrices = [size for name, size in tensors.items() if len(size) == 2 and _IN_A_BLOCK.search(name)]
    return Shape(
        weights=sum(map(math.prod, tensors.values())),
        linear=sum(map(math.prod, matrices)),
        sides=sum(map(sum, matrices)),
        **config,
    )
