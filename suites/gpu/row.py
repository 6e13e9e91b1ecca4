"""A row of the table: what it shows, and of which steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    steps: tuple[str, ...]
    """Names of the steps whose figures it shows. Where one was not measured, the row says why."""
    show: Callable[..., str | None]
    """Makes the text from the figures of the steps; None where they do not hold this one."""


def mib(number: float) -> str:
    """``1,024 MiB``."""
    return f"{number / _MIB:,.0f} MiB"
