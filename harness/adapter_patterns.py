"""What an adapter's configuration says of single modules, held to the same bounds as what it says of all.

peft sets memory aside by these numbers before it looks at a single tensor.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from harness.adapter_files import CONFIG, MAX_RANK
from harness.errors import AdapterError


def check(folder: Path) -> None:
    """Look at the patterns of an adapter that `harness.adapter_files.inspect` found sound.

    Raises:
        AdapterError: a module's rank is out of range, or its scale is no positive number.
    """
    path = folder / CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    for field, sound, wanted in (
        ("rank_pattern", _is_rank, f"a rank of 1 to {MAX_RANK}"),
        ("alpha_pattern", _is_scale, "a positive number"),
    ):
        pattern = config.get(field) or {}
        if not isinstance(pattern, dict):
            raise AdapterError(f"{path}: {field} is no table of modules")
        for module, value in pattern.items():
            if not sound(value):
                raise AdapterError(f"{path}: {field} of {module!r} is {value!r}; {wanted} is expected")


def _is_rank(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_RANK


def _is_scale(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and 0 < value < math.inf
