"""Jobs around the merged checkpoint, of which GGUF files are made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.dataset.item import Item
from harness.engines import as_trained
from harness.engines.as_trained import Trained
from harness.engines.progress import Progress
from harness.gguf import merge

MEASURED = "measured.json"


def merged(folder: Path, progress: Progress, weights: Path, adapter: Path) -> None:
    """Weights and adapter as one checkpoint."""
    merge.write(weights, adapter, folder)


def prove_merge(
    folder: Path, progress: Progress, trained: Trained, adapter: Path, merged: Path, probes: Sequence[Item]
) -> None:
    """How far the merged checkpoint is from its weights with the adapter mounted (`harness.gguf.merge.MergeProof`)."""
    proof = merge.measure(lambda: as_trained.loaded(trained), adapter, merged, probes)
    (folder / MEASURED).write_text(json.dumps(asdict(proof)) + "\n", encoding="utf-8")
