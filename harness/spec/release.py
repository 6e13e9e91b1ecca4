"""``[release]``: what is released, and in which form it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen

from harness.spec.table import Table
from harness.spec.values import File, Listed, Name, Text


@dataclass(frozen=True, kw_only=True)
class Release(Table):
    name: Name
    """The name of the release line; bundles carry it."""
    candidate: Name
    """The adapter whose gates block the release."""
    deploy: Text
    """The form that ships and is judged: ``nf4``, ``float32``, ``gguf``, or one of an installed package."""
    seed: Annotated[int, Ge(0)] = 0
    """Of every random choice in training."""
    threads: Annotated[int, Ge(1), Le(1024)] = 2
    """torch threads of a process: part of what a result depends on."""
    instructions: Literal["native", "avx2"] = "native"
    """``avx2``: torch computes with what nearly every x86-64 processor has, so that they agree
    (`harness.engines.processor`)."""
    languages: Annotated[Listed[Literal["en", "zh"]], MinLen(1)] = ("en",)
    """Of the run's reports: the first is that of ``report.md`` and ``report.html``, another has
    ``report.<language>.md`` and ``report.<language>.html`` beside them."""
    notes: File | None = None
    """TOML file with the report's prose."""
