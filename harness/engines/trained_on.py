"""On which weights an adapter from elsewhere was trained: as the spec says, as its own files say, or unknown."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from harness.engines.adapter_files import CONFIG

NF4 = "nf4"
_FOUR_BIT = re.compile(r"bnb-?4-?bit|\bnf4\b|[-_]4bit", re.IGNORECASE)
"""Names of bases with 4-bit weights, as Unsloth and others publish them."""


@dataclass(frozen=True, slots=True)
class Origin:
    weights: str
    """``nf4``, ``float32``, ``bfloat16`` or ``float16``; "" where it is unknown."""
    told: str
    """How that is known, or what is assumed, in words."""


def origin(name: str, said: str | None, folder: Path, served: str) -> Origin:
    """The weights of one adapter, and how they are known.

    Args:
        name: the adapter's in the spec.
        said: the spec's ``trained_on``.
        folder: its files; what is wrong with them is told elsewhere.
        served: the form that is served, which is assumed where nobody says.
    """
    if said:
        return Origin(said, f'by [adapters.{name}] trained_on = "{said}"')
    base = _named_base(folder)
    if _FOUR_BIT.search(base):
        return Origin(NF4, f"its own configuration names the base {base!r}, which is 4-bit")
    return Origin(
        "",
        f"nobody says what weights it was trained on, so those that are served ({served}) are assumed; the spec can "
        f'say: [adapters.{name}] trained_on = "bfloat16"',
    )


def _named_base(folder: Path) -> str:
    try:
        return str(json.loads((folder / CONFIG).read_text(encoding="utf-8"))["base_model_name_or_path"] or "")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
