"""What a report says of answers and adapters on other hardware than the one that it measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def limits(document: Mapping[str, Any]) -> Iterator[str]:
    """Limits of what the run showed, in words; `harness/sameness.md` has the figures behind them."""
    device = document.get("environment", {}).get("device")
    if device is None:
        yield "Whether the answers can be had again was not measured."
    elif device == "cpu":
        yield (
            "Answers were generated again on this CPU alone; one with another instruction set may round otherwise, "
            "train other adapters and give other answers. Neither was measured."
        )
    else:
        yield (
            f"Adapters trained on {device} are not known to be the same, byte for byte, when trained again: kernels of "
            "a GPU may add up in any order, and it was not measured. That the answers can be had again holds as far "
            "as the determinism gates say."
        )
