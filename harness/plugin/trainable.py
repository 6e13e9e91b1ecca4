"""What this machine cannot train as the recipe says: told before the run, without importing torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from harness.engines import elsewhere, processor
from harness.errors import SpecError
from harness.spec import trainer
from harness.spec.objects import Spec
from harness.store import digests

_HIDDEN = ("", "-1")
"""Values of CUDA_VISIBLE_DEVICES that show no card."""


def card(
    environment: Mapping[str, str] = os.environ, nvidia: Path = processor.NVIDIA, torch: str | None = None
) -> bool:
    """Whether torch will find a CUDA device, as far as can be told from outside; that of a cluster's nodes, where these
    do the jobs.

    Args:
        nvidia: a file that is there where the system has the driver of a card.
        torch: its version, that of the installed one where it is None; a build for processors alone finds no card.
    """
    if environment is os.environ and (nodes := elsewhere.told()) is not None:
        return nodes.cuda
    version = digests.of_versions(("torch",))["torch"] if torch is None else torch
    return nvidia.exists() and environment.get("CUDA_VISIBLE_DEVICES") not in _HIDDEN and not version.endswith("+cpu")


def check(spec: Spec, cuda: bool) -> None:
    """Return where whatever the spec trains can be trained here.

    Raises:
        SpecError: with the key and the mend of each thing that cannot.
    """
    if spec.external:
        return
    told = [(f"recipe.{key}", problem) for key, problem in trainer.undone(spec.recipe, cuda)]
    if trainer.chosen(spec.recipe, cuda) == trainer.TRL and find_spec("trl") is None:
        because = "" if spec.recipe.trainer else ", which trains on a CUDA device,"
        told.append(("recipe.trainer", f'TRL{because} is not installed: {trainer.INSTALL}, or set trainer = "own"'))
    if told:
        first, *others = told
        raise SpecError(spec.path, *first, *others)
