"""Check an adapter's files before anything loads them, since they may come from elsewhere.

Nothing is unpickled, no code beside the weights is run, and the base is never taken from here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.engines import adapter_config
from harness.engines.adapter_config import CONFIG as CONFIG
from harness.errors import AdapterError

WEIGHTS = "adapter_model.safetensors"
ALLOWED = frozenset({CONFIG, WEIGHTS, "README.md", "training.json"})
TYPES = frozenset({"F64", "F32", "F16", "BF16"})
"""Types of numbers, by safetensors' names, that hold a trained weight as it is."""
MOVING = (".lora_B.", ".lora_embedding_B", ".lora_magnitude_vector")
"""Parts of a tensor's name that mark it as one that changes the model's output unless it is zero."""
_SHOWN = 12
"""Most file names that a message about left-out files lists."""
_BLOB = re.compile(r"(\.\./)+blobs/[0-9a-f]{40,64}")
_LFS = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What an adapter's own files say."""

    rank: int
    alpha: float
    targets: tuple[str, ...]
    tensors: int
    base: str
    """Name of the base in the adapter's configuration: reported, never loaded."""


@dataclass(frozen=True, slots=True)
class Given:
    """The files of a user's folder that belong to the adapter."""

    files: Mapping[str, Path]
    """Name in an adapter -> the file; the only ones that are ever read."""
    left_out: tuple[str, ...]
    """All else that lies there, by name: a trainer's state, a tokenizer, code."""

    def note(self) -> str:
        """What was left out, in a sentence; empty where nothing was."""
        if not self.left_out:
            return ""
        more = f" and {len(self.left_out) - _SHOWN} more" if len(self.left_out) > _SHOWN else ""
        return f"left out, being no part of an adapter: {', '.join(self.left_out[:_SHOWN])}{more}"


def take(source: Path) -> Given:
    """The adapter's own files in a folder that may hold more, such as a trainer's output or a hub's snapshot.

    Nothing else is read, not even to be hashed: a trainer's state may have gigabytes.

    Raises:
        AdapterError: the folder holds no adapter, or one of its files is a link to anywhere but a hub's store.
    """
    if not source.is_dir():
        raise AdapterError(f"{source}: no such folder")
    files = {}
    for name in sorted(ALLOWED):
        path = source / name
        if path.is_symlink() and not _of_hub(path):
            raise AdapterError(
                f"{source}: {name} is neither a regular file nor a link of a hub's snapshot; copy what it leads to"
            )
        if path.exists():
            if not path.is_file():
                raise AdapterError(f"{source}: {name} is no regular file")
            files[name] = path
    check_present(source)
    return Given(files, tuple(sorted(path.name for path in source.iterdir() if path.name not in ALLOWED)))


def _of_hub(path: Path) -> bool:
    """Whether a link is one as a hub's cache makes them: to a blob that is named by its digest."""
    return _BLOB.fullmatch(os.readlink(path).replace(os.sep, "/")) is not None and path.is_file()


_names: dict[Path, Path] = {}


def call(folder: Path, name: Path) -> None:
    """Let messages of this process name the user's folder instead of its copy in the store."""
    _names[folder] = name


def as_called(folder: Path, message: str) -> str:
    """The message with the user's folder in place of its copy in the store."""
    return message.replace(str(folder), str(_names[folder])) if folder in _names else message


def inspect(folder: Path) -> AdapterFacts:
    """Facts of a sound adapter.

    Raises:
        AdapterError: a file that has no place there, an unreadable one, weights that are not finite,
            or an adapter that changes nothing.
    """
    check_present(folder)
    _check_names(folder)
    config = adapter_config.read(folder / CONFIG)
    tensors = _check_weights(folder / WEIGHTS, adapter_config.ranks(config))
    targets = config.get("target_modules") or ()
    return AdapterFacts(
        rank=config["r"],
        alpha=config["lora_alpha"],
        targets=(targets,) if isinstance(targets, str) else tuple(sorted(targets)),
        tensors=tensors,
        base=str(config.get("base_model_name_or_path", "")),
    )


def settings(folder: Path) -> dict[str, Any]:
    """What peft is told of a sound adapter's configuration.

    Raises:
        AdapterError: as `inspect`.
    """
    inspect(folder)
    return adapter_config.fields(adapter_config.read(folder / CONFIG))


def _check_names(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file():
            raise AdapterError(f"{folder}: {name} is not a regular file; an adapter is a flat folder of them")
        if name not in ALLOWED:
            raise AdapterError(f"{folder}: {name} has no place in an adapter; allowed: {', '.join(sorted(ALLOWED))}")


def check_present(folder: Path) -> None:
    """Configuration and weights are there, and the weights are themselves.

    Raises:
        AdapterError: one is missing, or is a pointer to what was never fetched.
    """
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            pickled = name == WEIGHTS and (folder / "adapter_model.bin").is_file()
            why = "; adapter_model.bin is pickled and is not read" if pickled else _elsewhere(folder)
            raise AdapterError(f"{folder}: {name} is missing{why}; save the adapter with peft's save_pretrained")
        with (folder / name).open("rb") as stream:
            if stream.read(len(_LFS)) == _LFS:
                raise AdapterError(f"{folder}: {name} is a pointer of Git LFS and not the file: run git lfs pull there")


def _elsewhere(folder: Path) -> str:
    """The end of a message that names a folder below this one with an adapter in it, as a trainer's output has it; ""
    where there is none."""
    found = sorted(path.parent.name for path in folder.glob(f"*/{WEIGHTS}"))
    return f"; {found[-1]} below it holds an adapter: give that folder" if found else ""


def _check_weights(path: Path, ranks: frozenset[int]) -> int:
    from safetensors import SafetensorError, safe_open

    moving, count = False, 0
    try:
        with safe_open(path, framework="pt") as weights:
            for name, tensor in _sound(path, weights, ranks):
                count += 1
                moving = moving or _moves(name, tensor)
    except SafetensorError as error:
        out_of_memory.refuse(error, "reading an adapter's weights")
        raise AdapterError(f"{path}: not a safetensors file: {str(error)[:300]}") from error
    if not count:
        raise AdapterError(f"{path}: holds no tensor")
    if not moving:
        raise AdapterError(f"{path}: every lora_B is zero, so the adapter does not change the model")
    return count


def _sound(path: Path, weights: Any, ranks: frozenset[int]) -> Iterator[tuple[str, Any]]:
    """(name, tensor) of each tensor, after its type, shape and numbers were checked."""
    for name in weights.keys():  # noqa: SIM118 - not a dict
        described = weights.get_slice(name)
        kind, shape = described.get_dtype(), described.get_shape()
        if kind not in TYPES:
            raise AdapterError(
                f"{path}: {name} is of type {kind}; {', '.join(sorted(TYPES))} are read. Save the adapter in one of "
                "them, as it was trained, and not rounded further"
            )
        if 0 in shape:
            raise AdapterError(
                f"{path}: {name} is empty, {shape}: its parts were not gathered when it was saved (DeepSpeed ZeRO-3 or "
                "FSDP); save it again with stage3_gather_16bit_weights_on_model_save, or a full state dict"
            )
        if ".lora_A." in name and shape[0] not in ranks:
            raise AdapterError(
                f"{path}: {name} is of rank {shape[0]}, its {CONFIG} says {sorted(ranks)}: peft would "
                "set aside memory by the one and fill it by the other"
            )
        tensor = weights.get_tensor(name)
        if not bool(tensor.isfinite().all()):
            raise AdapterError(f"{path}: {name} holds NaN or infinity")
        yield name, tensor


def _moves(name: str, tensor: Any) -> bool:
    """Whether a tensor changes the model's output. A LoRA does unless its second factor is zero; a fully trained module
    always does."""
    return (any(part in name for part in MOVING) or ".lora_" not in name) and bool(tensor.any())
