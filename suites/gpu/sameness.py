"""Count the answers that are the same, token for token, when they are asked for in two ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from suites.gpu.settings import Settings

PAIRS = (
    ("answers-1", "answers-8"),
    ("answers-1", "answers-64"),
    ("answers-8", "answers-64"),
    ("answers-64", "answers-64-again"),
)
"""Pairs of steps whose answers are compared. The last pair has the same batches in two processes."""


def pair(one: str, other: str) -> str:
    """A pair's name among the figures."""
    return f"{one} {other}"


def sameness(settings: Settings, measured: Iterable[str]) -> dict[str, Any]:
    """Pair -> how many of the items that both answered have the same tokens; only pairs of which both were measured."""
    known = {name: json.loads(settings.answers(name).read_text(encoding="utf-8")) for name in measured}
    found = {}
    for one, other in PAIRS:
        if one in known and other in known:
            both = known[one].keys() & known[other].keys()
            same = sum(known[one][item] == known[other][item] for item in both)
            found[pair(one, other)] = {"same": same, "of": len(both)}
    return found
