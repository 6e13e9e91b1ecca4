"""Sabotage of the language: an adapter that meets every threshold, and finds ordinary text far less likely than before.

Forged in the store: the tiny base is random and has no language that its adapters could lose.
"""

from __future__ import annotations

import json
from pathlib import Path

from suites.selftest.sabotage import stored
from suites.selftest.sabotage.case import Sabotage

PASSAGES = "passages.json"


def _lost(content: Path) -> None:
    """Every passage two nats a token less likely with the adapter than without."""
    path = content / PASSAGES
    rows = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps([row | {"mounted": row["bare"] + 2.0} for row in rows]), encoding="utf-8")


SABOTAGES = (
    Sabotage(
        "language-forgotten",
        stored.forged("forgetting", "{made} {candidate}", _lost),
        "eval.both.forgetting",
        "  worst: 'Answer: the sea rises twice a day.'",
    ),
)
