"""What this machine cannot train as the recipe says: told before the run, without importing torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from harness.engines import processor
from harness.errors import SpecError
from harness.spec import trainer
from harness.spec.objects import Spec


def check(spec: Spec, nvidia: Path = processor.NVIDIA) -> None:
    """Return where whatever the spec trains can be trained here.

    Args:
        nvidia: a file that is there where the system has the driver of a card.

    Raises:
        SpecError: with the key and the mend of each thing that cannot.
    """
    if spec.external:
        return
    cuda = nvidia.exists()
    told = [(f"recipe.{key}", problem) for key, problem in trainer.undone(spec.recipe, cuda)]
    if trainer.chosen(spec.recipe, cuda) == trainer.TRL and find_spec("trl") is None:
        because = "" if spec.recipe.trainer else ", which trains on a CUDA device,"
        told.append(("recipe.trainer", f'TRL{because} is not installed: {trainer.INSTALL}, or set trainer = "own"'))
    if told:
        first, *others = told
        raise SpecError(spec.path, *first, *others)
