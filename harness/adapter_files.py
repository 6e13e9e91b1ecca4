"""Look at an adapter's files before anything loads them: they may come from elsewhere.

Nothing is unpickled, no code beside the weights is run, and the base is never taken from here.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
ALLOWED = frozenset({CONFIG, WEIGHTS, "README.md", "training.json"})
MAX_RANK = 512
RANKS = f"a rank of 1 to {MAX_RANK} is expected"
MAX_CONFIG = 2**20
"""Bytes. One that peft writes has about a thousand."""
INITIAL = (True, False, "gaussian")
"""Ways to begin a LoRA that leave the base alone; pissa, olora and their kin subtract from its weights on mounting."""
PLAIN = frozenset(
    [
        "alpha_pattern",
        "base_model_name_or_path",
        "bias",
        "ensure_weight_tying",
        "exclude_modules",
        "fan_in_fan_out",
        "inference_mode",
        "init_lora_weights",
        "layers_pattern",
        "layers_to_transform",
        "lora_alpha",
        "lora_bias",
        "lora_dropout",
        "megatron_core",
        "modules_to_save",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "target_modules",
        "task_type",
        "use_dora",
        "use_rslora",
    ]
)
"""Fields of a LoRA configuration that may say something. Others are off by default; some import modules, read files,
repeat layers or look at data when they are on. (megatron_core names a module, and is idle without its own settings.)"""


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What an adapter's own files say."""

    rank: int
    alpha: int
    targets: tuple[str, ...]
    tensors: int
    base: str
    """The base that it names: reported, never loaded."""


def inspect(folder: Path) -> AdapterFacts:
    """Facts of a sound adapter.

    Raises:
        AdapterError: a file that has no place there, an unreadable one, weights that are not finite,
            or an adapter that changes nothing.
    """
    _check_names(folder)
    config = _config(folder / CONFIG)
    tensors = _check_weights(folder / WEIGHTS, _ranks(config))
    targets = config.get("target_modules") or ()
    return AdapterFacts(
        rank=config["r"],
        alpha=config["lora_alpha"],
        targets=(targets,) if isinstance(targets, str) else tuple(sorted(targets)),
        tensors=tensors,
        base=str(config.get("base_model_name_or_path", "")),
    )


def _check_names(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file():
            raise AdapterError(f"{folder}: {name} is not a regular file; an adapter is a flat folder of them")
        if name not in ALLOWED:
            raise AdapterError(f"{folder}: {name} has no place in an adapter; allowed: {', '.join(sorted(ALLOWED))}")
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise AdapterError(f"{folder}: {name} is missing; save the adapter with peft's save_pretrained")


def _config(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_CONFIG:
        raise AdapterError(f"{path}: {path.stat().st_size} bytes; a configuration has at most {MAX_CONFIG}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise AdapterError(f"{path}: not JSON: {error}") from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise AdapterError(f"{path}: peft_type is not LORA; only LoRA adapters are judged")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not _is_rank(rank):
        raise AdapterError(f"{path}: r={rank!r}; {RANKS}")
    if not _is_scale(alpha):
        raise AdapterError(f"{path}: lora_alpha={alpha!r}; a positive number is expected, or the adapter does nothing")
    if config.get("init_lora_weights", True) not in INITIAL:
        raise AdapterError(
            f"{path}: init_lora_weights={config['init_lora_weights']!r} would change the base's own weights when it is "
            "mounted; save it as plain LoRA (peft: save_pretrained with path_initial_model_for_weight_conversion)"
        )
    if config.get("auto_mapping"):
        raise AdapterError(f"{path}: auto_mapping would run code that comes with the adapter")
    strange = sorted(key for key, value in config.items() if value and key not in PLAIN)
    if strange:
        raise AdapterError(f"{path}: {strange[0]} is set, which plain LoRA has not; remove it, or convert the adapter")
    _check_patterns(path, config)
    return config


def _check_patterns(path: Path, config: dict[str, Any]) -> None:
    """What is said of single modules has the bounds of what is said of all: peft sets memory aside by these numbers."""
    for field, sound, wanted in (
        ("rank_pattern", _is_rank, RANKS),
        ("alpha_pattern", _is_scale, "a positive number is expected"),
    ):
        pattern = config.get(field) or {}
        if not isinstance(pattern, dict):
            raise AdapterError(f"{path}: {field} is no table of modules")
        for module, value in pattern.items():
            if not sound(value):
                raise AdapterError(f"{path}: {field} of {module!r} is {value!r}; {wanted}")


def _is_rank(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_RANK


def _is_scale(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and 0 < value < math.inf


def _ranks(config: dict[str, Any]) -> frozenset[int]:
    return frozenset((config["r"], *(config.get("rank_pattern") or {}).values()))


def _check_weights(path: Path, ranks: frozenset[int]) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as weights:
            names = list(weights.keys())
            moving = False
            for name in names:
                tensor = weights.get_tensor(name)
                if not bool(tensor.isfinite().all()):
                    raise AdapterError(f"{path}: {name} holds NaN or infinity")
                if ".lora_A." in name and tensor.shape[0] not in ranks:
                    raise AdapterError(
                        f"{path}: {name} is of rank {tensor.shape[0]}, its {CONFIG} says {sorted(ranks)}: peft would "
                        "set aside memory by the one and fill it by the other"
                    )
                moving = moving or (".lora_B." in name and bool(tensor.any()))
    except SafetensorError as error:
        raise AdapterError(f"{path}: not a safetensors file: {error}") from error
    if not names:
        raise AdapterError(f"{path}: holds no tensor")
    if not moving:
        raise AdapterError(f"{path}: every lora_B is zero, so the adapter does not change the model")
    return len(names)
