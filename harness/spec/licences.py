"""``[licences]``: under which terms the parts of a release stand, as its bill of materials and its cards say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from harness.spec.table import Table
from harness.spec.values import Matching

SPDX = r"^[A-Za-z0-9][A-Za-z0-9.+() -]*(?!\n)$"


@dataclass(frozen=True, slots=True)
class Licences(Table):
    base: Annotated[str, Matching(SPDX)] | None = None
    """SPDX expression of the base model: ``Apache-2.0``."""
    adapters: Annotated[str, Matching(SPDX)] | None = None
    """Of the adapters in the bundle."""
    data: Annotated[str, Matching(SPDX)] | None = None
    """Of the data files."""
