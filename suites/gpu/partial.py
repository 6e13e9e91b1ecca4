"""The figures that a step has taken so far, kept for the case that it does not come to its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def keep(work: Path, step: str, figures: Mapping[str, Any]) -> None:
    """Keep the figures in place of those kept before; whole, however the step ends."""
    path = _place(work, step)
    unfinished = path.with_suffix(".writing")
    unfinished.write_text(json.dumps(figures), encoding="utf-8")
    unfinished.rename(path)


def kept(work: Path, step: str) -> dict[str, Any]:
    """What was kept last; {} where nothing was."""
    path = _place(work, step)
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def forget(work: Path, step: str) -> None:
    _place(work, step).unlink(missing_ok=True)


def _place(work: Path, step: str) -> Path:
    return work / f"{step}.so-far"
