"""Imports what the steps need, once, in the process that they are forked from on a processor.

What was imported is then left out of every garbage collection: looking through it took half of a small step's time. An
import that fails is told by the step that needs it, not here.
"""

from __future__ import annotations

import gc
import importlib
from contextlib import suppress

HEAVY = ("transformers.trainer", "peft", "bitsandbytes", "harness.dataset.checks", "harness.spec.load")

for _name in HEAVY:
    with suppress(Exception):
        importlib.import_module(_name)
gc.freeze()
