"""Which trainer a recipe gets, and which of its keys that one cannot serve.

Pure: whether there is a CUDA device is told by the caller. Nothing that a recipe asks for is left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from harness.spec.recipe import Recipe

Trainer = Literal["own", "trl"]
OWN: Trainer = "own"
TRL: Trainer = "trl"
INSTALL = "python -m pip install -c constraints.txt trl"


def chosen(recipe: Recipe, cuda: bool) -> Trainer:
    """The trainer that the recipe names, or the device's own."""
    return recipe.trainer or (TRL if cuda else OWN)


def unsaid(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """What cannot be kept of a recipe on any device: each key of ``[recipe]``, and the mend."""
    if recipe.trainer == OWN:
        yield from _beyond_own(recipe)
    if recipe.batch_size % recipe.processes:
        yield (
            "processes",
            f"{recipe.processes} cannot share batches of {recipe.batch_size} evenly; make batch_size a multiple of it",
        )
    yield from _unshared(recipe)


def _unshared(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """What stands in the way of sharing out the base, whatever the device."""
    if recipe.sharding is None or recipe.trainer == OWN:  # which says that it has no such thing
        return
    if recipe.processes == 1:
        yield "sharding", f"{recipe.sharding!r} shares the base among processes, and there is one; set processes"
    if recipe.optimizer != "adamw":
        yield "optimizer", f'{recipe.optimizer!r} knows no parts of weights; with sharding set optimizer = "adamw"'


def undone(recipe: Recipe, cuda: bool) -> Iterator[tuple[str, str]]:
    """What of a recipe this device cannot do, beyond `unsaid`: each key of ``[recipe]``, and the mend."""
    if recipe.optimizer != "adamw" and not cuda:
        yield (
            "optimizer",
            f"{recipe.optimizer!r} pages between a card and the machine, and there is no CUDA device here; set "
            'optimizer = "adamw", or train where there is one',
        )
    if recipe.trainer is None and chosen(recipe, cuda) == OWN:
        told = list(_beyond_own(recipe))
        yield from ((key, problem) for key, problem in told if key != "optimizer" or cuda)


def _beyond_own(recipe: Recipe) -> Iterator[tuple[str, str]]:
    asked = {
        "optimizer": (recipe.optimizer, recipe.optimizer != "adamw", 'optimizer = "adamw"'),
        "checkpointing": (recipe.checkpointing, recipe.checkpointing, "checkpointing = false"),
        "packing": (recipe.packing, recipe.packing, "packing = false"),
        "processes": (recipe.processes, recipe.processes > 1, "processes = 1"),
        "sharding": (recipe.sharding, recipe.sharding is not None, "leave it out"),
    }
    for key, (value, beyond, without) in asked.items():
        if beyond:
            said = 'trainer = "own"' if recipe.trainer else "the project's own loop, the one for a CPU,"
            shown = str(value).lower() if isinstance(value, bool) else repr(value)
            yield key, f'{shown}, and {said} has no such thing; set trainer = "trl", or {without}'
