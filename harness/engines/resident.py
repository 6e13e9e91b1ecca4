"""Models that this process keeps loaded for whoever asks next, and their release before another one is loaded.

Small ones stay side by side, since reading one again takes longer than measuring with it. Large ones do not: of an 8B
model in float32 two would need 65 GB, and whoever compares two forms of it asks one after the other.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

MOST = 2**31
"""Bytes that kept models may take beside one that is being loaded. Beyond that all of them are released first."""


@dataclass(eq=False)
class Slot:
    """Place of one kept model."""

    held: Any = None
    """A `harness.engines.form.Loaded`; None where nothing is kept."""

    def __post_init__(self) -> None:
        _slots.add(self)


_slots: WeakSet[Slot] = WeakSet()


def make_room() -> None:
    """Release what is kept where it takes more than `MOST`, before another model is loaded.

    A model that somebody holds is only kept no longer: its memory is free when he lets it go.
    """
    full = [slot for slot in _slots if slot.held is not None]
    if sum(int(slot.held.model.get_memory_footprint()) for slot in full) <= MOST:
        return
    for slot in full:
        slot.held = None
    give_back()


def give_back() -> None:
    """Free what nobody holds any more, and what torch keeps of a GPU's memory for later."""
    import torch

    gc.collect()  # modules refer to one another
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
