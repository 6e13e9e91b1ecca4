"""An adapter that was trained elsewhere: which one it is, and what its own configuration says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines import adapter_config, adapter_files
from harness.errors import SpecError
from harness.spec.values import NAME

DEFAULT_NAME = "given"


@dataclass(frozen=True, slots=True)
class GivenAdapter:
    name: str
    folder: Path
    told: str
    """Which base it names, its rank, and its targets by the last part of their names."""


def read(given: str | None) -> GivenAdapter | None:
    """The adapter of ``--adapter=NAME=DIR`` or ``--adapter=DIR``; None where none is given.

    Raises:
        AdapterError: the folder holds none, or none that is judged.
        SpecError: its name is no name of an adapter.
    """
    if given is None:
        return None
    name, equals, place = given.partition("=")
    if not equals or Path(given).is_dir():
        name, place = DEFAULT_NAME, given
    if re.match(NAME, name) is None:
        raise SpecError(
            "--adapter", "", f"{name!r} is no name: lower case, digits and hyphens, as in mine=adapters/mine"
        )
    folder = Path(place).resolve()
    files = adapter_files.take(folder).files
    return GivenAdapter(name, folder, _told(adapter_config.read(files[adapter_files.CONFIG])))


def _told(config: Mapping[str, Any]) -> str:
    targets = config.get("target_modules") or "no module that it names"
    short = {one.rpartition(".")[2] for one in targets} if not isinstance(targets, str) else {targets}
    named = ", ".join(sorted(short))
    base = str(config.get("base_model_name_or_path") or "") or "a base that it does not name"
    return f"trained on {base}; rank {config['r']} on {named}"
