"""``[adapters.NAME]``: an adapter that is trained or given, and the tasks that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import MinLen

from harness.spec.table import Table
from harness.spec.values import File, Listed, Name, Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterTable(Table):
    tasks: Annotated[Listed[Name], MinLen(1), Unique()]
    """What it is trained for and judged on."""
    path: File | None = None
    """Folder of an adapter trained elsewhere, judged instead of trained."""
    trained_on: Literal["nf4", "float32", "bfloat16", "float16"] | None = None
    """What an adapter from elsewhere had its base in: it is merged into those weights. Without it its own configuration
    is asked, and then the weights that are served are assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter(AdapterTable):
    """A row of ``[adapters]`` with its name."""

    name: str
