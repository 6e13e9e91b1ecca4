"""Jobs that ask a form: answers, losses, and looks into its torch model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from harness.dataset.item import Item
from harness.engines import answers, as_trained, fingerprint, halving, mount_proof, nf4
from harness.engines.as_trained import Trained
from harness.engines.engine import Engine
from harness.engines.generate import Decoding
from harness.engines.progress import Progress
from harness.jobs.call import Call

LOSSES, MEASURED = "passages.json", "measured.json"
Opening = AbstractContextManager[Engine]
"""A form that is loaded for as long as the context lasts."""


def answer(folder: Path, progress: Progress, opened: Call, items: Sequence[Item], decoding: Decoding) -> None:
    """An answer sheet by the form that a call opens."""
    write_answers(folder, opened(), items, decoding, progress)


def losses(folder: Path, progress: Progress, opened: Call, texts: Sequence[str]) -> None:
    """How likely the form that a call opens finds each text."""
    write_losses(folder, opened(), texts)


def write_answers(
    folder: Path, opening: Opening, items: Sequence[Item], decoding: Decoding, progress: Progress
) -> None:
    """Write an answer sheet, with the fingerprint where the engine has one, and what was asked in halves."""
    with opening as engine:
        if (seen := engine.spoken()) is not None:
            fingerprint.write(folder, seen)
        answers.write(folder, engine.answer(items, decoding, progress))
        halving.write(folder, engine.halved())


def write_losses(folder: Path, opening: Opening, texts: Sequence[str]) -> None:
    """Write one row a text."""
    with opening as engine:
        rows = [asdict(one) for one in engine.losses(texts)]
    (folder / LOSSES).write_text(json.dumps(rows) + "\n", encoding="utf-8")


def prove_mount(
    folder: Path, progress: Progress, bare: Call, trained: Trained, adapter: Path, probes: Sequence[Item]
) -> None:
    """That an adapter moves the form's logits, and in which direction (`harness.engines.mount_proof`).

    Args:
        bare: gives the form's bare base as a torch model.
    """
    proof = mount_proof.measure(bare, lambda: as_trained.loaded(trained), adapter, probes)
    (folder / MEASURED).write_text(json.dumps(asdict(proof)) + "\n", encoding="utf-8")


def census(folder: Path, progress: Progress, bare: Call) -> None:
    """Counts of the linear layers of the 4-bit form by type."""
    (folder / MEASURED).write_text(json.dumps(asdict(nf4.census(bare().model))) + "\n", encoding="utf-8")
