"""Read an adapter's configuration, which may come from elsewhere, and refuse whatever is not plain LoRA.

Only the fields that describe plain LoRA are ever given to peft. All others are checked to be off, or are known to have
no effect on trained weights (`IDLE`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import AdapterError

CONFIG = "adapter_config.json"
MAX_RANK = 512
RANKS = f"a rank of 1 to {MAX_RANK} is expected"
MAX_CONFIG = 2**20
"""Largest configuration that is read, in bytes. One that peft writes has about a thousand."""
INITIAL = (True, False, "gaussian", "eva", "orthogonal")
"""Values of ``init_lora_weights`` that leave the base's weights unchanged."""
_SUBTRACTING = re.compile(r"pissa|olora|corda|lora_ga", re.IGNORECASE)
IDLE = frozenset(
    [
        "auto_mapping",
        "base_model_name_or_path",
        "eva_config",
        "inference_mode",
        "init_lora_weights",
        "megatron_core",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "revision",
        "task_type",
    ]
)
"""Fields that say nothing of trained weights. auto_mapping names the class of the base, which peft writes wherever no
task_type is given and never reads; megatron_core and qalora_group_size wait for settings of their own."""
_UNSUPPORTED = {
    "trainable_token_indices": "rows of the embeddings that were trained by themselves are not supported; "
    "without the key the adapter would be another one",
    "alora_invocation_tokens": "an adapter that waits until it is called (aLoRA) is not supported; "
    "without the key it would speak always, which is another adapter",
    "target_parameters": "LoRA on bare parameters (experts of a mixture) is not supported",
    "layer_replication": "a base whose layers are repeated is another base; write it out and name it in the spec",
    "use_qalora": "QALoRA is not supported; merge it, or train with plain LoRA",
}


def read(path: Path) -> dict[str, Any]:
    """The configuration as it stands, once it is known to be plain LoRA.

    Raises:
        AdapterError: it is not, and how to mend it.
    """
    config = _parsed(path)
    _check_kind(path, config)
    _check_numbers(path, config)
    _check_initial(path, config.get("init_lora_weights", True))
    for field, sound, wanted in _FIELDS:
        if config.get(field) is not None and not sound(config[field]):
            raise AdapterError(f"{path}: {field}={config[field]!r:.200}; {wanted}")
    for key, value in config.items():
        if value and key in _UNSUPPORTED:
            raise AdapterError(f"{path}: {key} is set: {_UNSUPPORTED[key]}")
    strange = sorted(key for key, value in config.items() if value and key not in PLAIN)
    if strange:
        raise AdapterError(
            f"{path}: {strange[0]} is set, which plain LoRA has not, so greenrun would judge another adapter than was "
            "trained; merge it into its base, or train with plain LoRA (DoRA, rsLoRA and patterns are known)"
        )
    _check_patterns(path, config)
    _check_expressions(path, config)
    return config


def fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a configuration that are given to peft; unknown fields are off and are left out."""
    kept = PLAIN - IDLE
    return {key: value for key, value in config.items() if key in kept and value is not None}


def ranks(config: Mapping[str, Any]) -> frozenset[int]:
    """Every rank that a layer may have."""
    return frozenset((config["r"], *(config.get("rank_pattern") or {}).values()))


def _parsed(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_CONFIG:
        raise AdapterError(f"{path}: {path.stat().st_size} bytes; a configuration has at most {MAX_CONFIG}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise AdapterError(f"{path}: not JSON: {str(error)[:200]}") from error
    if not isinstance(config, dict):
        raise AdapterError(f"{path}: no JSON object; peft's save_pretrained writes one")
    return config


def _check_kind(path: Path, config: Mapping[str, Any]) -> None:
    kind, task = config.get("peft_type"), config.get("task_type")
    if kind != "LORA":
        raise AdapterError(
            f"{path}: peft_type is not LORA but {kind!r:.60}; only LoRA adapters are judged (plain, rsLoRA, DoRA); "
            "merge another kind into its base and release that"
        )
    if task not in (None, "", "CAUSAL_LM"):
        raise AdapterError(f"{path}: task_type is {task!r:.60}; only adapters of models that write text are judged")


def _check_numbers(path: Path, config: Mapping[str, Any]) -> None:
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not _is_rank(rank):
        raise AdapterError(f"{path}: r={rank!r:.60}; {RANKS}")
    if not _is_scale(alpha):
        raise AdapterError(
            f"{path}: lora_alpha={alpha!r:.60}; a positive number is expected, or the adapter does nothing"
        )


def _check_initial(path: Path, initial: object) -> None:
    if initial in INITIAL:
        return
    if initial == "loftq":
        raise AdapterError(
            f"{path}: init_lora_weights='loftq' would change the base's own weights when it is mounted: it was trained "
            "on what LoftQ left of the base; save that base, name it in the spec, and set the field to true"
        )
    if isinstance(initial, str) and _SUBTRACTING.match(initial):
        raise AdapterError(
            f"{path}: init_lora_weights={initial!r:.60} would change the base's own weights when it is mounted; "
            "save it as plain LoRA by peft's own conversion: save_pretrained with "
            "path_initial_model_for_weight_conversion, the adapter as it was saved before its first step"
        )
    raise AdapterError(f"{path}: init_lora_weights={initial!r:.60} is not known; {INITIAL} are")


def _check_patterns(path: Path, config: Mapping[str, Any]) -> None:
    """Check the ranks and scales that are given for single modules against the same limits as those for all modules:
    peft allocates memory by these numbers."""
    for field, sound, wanted in (
        ("rank_pattern", _is_rank, RANKS),
        ("alpha_pattern", _is_scale, "a positive number is expected"),
    ):
        pattern = config.get(field) or {}
        if not isinstance(pattern, dict):
            raise AdapterError(f"{path}: {field} is no table of modules")
        for module, value in pattern.items():
            if not sound(value):
                raise AdapterError(f"{path}: {field} of {module!r:.100} is {value!r:.60}; {wanted}")


def _check_expressions(path: Path, config: Mapping[str, Any]) -> None:
    """Check that the fields which peft reads as regular expressions compile."""
    for field in ("target_modules", "exclude_modules", "layers_pattern", "rank_pattern", "alpha_pattern"):
        value = config.get(field) or ()
        # In lists of targets names are meant, elsewhere every text is an expression.
        texts = [value] if isinstance(value, str) else [] if field.endswith("_modules") else list(value)
        for text in texts:
            try:
                re.compile(text)
            except (re.error, RecursionError, OverflowError) as error:
                raise AdapterError(f"{path}: {field}: {text[:100]!r} is no regular expression: {error}") from error


def _is_rank(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_RANK


def _is_scale(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and 0 < value < 1e9


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _is_text_or_names(value: object) -> bool:
    return isinstance(value, str) or _is_names(value)


def _is_layers(value: object) -> bool:
    return _is_layer(value) or (isinstance(value, list) and all(map(_is_layer, value)))


def _is_layer(value: object) -> bool:
    return type(value) is int and 0 <= value < 10**6


def _is_share(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value) and 0 <= value < 1


def _always(value: object) -> bool:
    return True


_NAMES = "a list of names of modules is expected"
_TEXT = "a regular expression or a list of names of modules is expected"
_FLAG = "true or false is expected"
_FIELDS: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("target_modules", _is_text_or_names, _TEXT),
    ("exclude_modules", _is_text_or_names, _TEXT),
    ("layers_pattern", _is_text_or_names, _TEXT),
    ("modules_to_save", _is_names, _NAMES),
    ("layers_to_transform", _is_layers, "numbers of layers are expected"),
    ("lora_dropout", _is_share, "a share below 1 is expected"),
    ("bias", lambda value: value in ("none", "all", "lora_only"), '"none", "all" or "lora_only" is expected'),
    ("fan_in_fan_out", _is_flag, _FLAG),
    ("use_dora", _is_flag, _FLAG),
    ("use_rslora", _is_flag, _FLAG),
    ("lora_bias", _is_flag, _FLAG),
    ("ensure_weight_tying", _is_flag, _FLAG),
    ("rank_pattern", _always, ""),
    ("alpha_pattern", _always, ""),
)
PLAIN = IDLE | {"r", "lora_alpha"} | {field for field, _, _ in _FIELDS}
"""Fields of a LoRA configuration that may be set. All others must be off: some of them import modules, read files,
repeat layers or look at data."""
