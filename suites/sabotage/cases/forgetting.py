"""Sabotage of the language: an adapter that meets every threshold, and finds ordinary text far less likely than before.

Forged in the store: the tiny base is random and has no language that its adapters could lose.
"""

from __future__ import annotations

import json
from pathlib import Path

from suites.sabotage import stored
from suites.sabotage.case import Sabotage

PASSAGES = "passages.json"


def _lost(content: Path) -> None:
    """Make every passage two nats a token less likely with the adapter, the first one ten."""
    path = content / PASSAGES
    rows = json.loads(path.read_text(encoding="utf-8"))
    lost = [row | {"nats": row["nats"] + (2.0 if number else 10.0)} for number, row in enumerate(rows)]
    path.write_text(json.dumps(lost), encoding="utf-8")


SABOTAGES = (
    Sabotage(
        "language-forgotten",
        stored.forged("forgetting", "{made} {candidate}", _lost),
        "eval.both.forgetting",
        "  worst: 'Answer: the sea rises twice a day.'",
    ),
)
