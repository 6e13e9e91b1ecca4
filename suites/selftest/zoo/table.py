"""The table of the kinds of adapters, ``docs/adapters.md``; ``python -m suites.selftest.zoo.table`` writes it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.engines.form import Loaded
from harness.engines.mount import mounted
from harness.errors import AdapterError
from harness.project import ROOT
from suites.selftest.zoo.bases import logits, write_bases
from suites.selftest.zoo.kind import Kind
from suites.selftest.zoo.kinds import KINDS

DOCUMENT = ROOT / "docs" / "adapters.md"
TOP = """\
# Which adapters are judged

`pytest suites/release --adapter=NAME=DIR` judges a LoRA adapter that was trained elsewhere. Its folder may be a
trainer's whole output or a snapshot in a hub's cache: `adapter_config.json` and `adapter_model.safetensors` are
read, `README.md` and `training.json` go with them into the bundle, and what else lies there is named and left out.
The base and its tokenizer are those that the spec pins. Keys, shapes and types are checked before anything is
mounted, nothing is unpickled or run, and no network is asked. For a GGUF file it is merged into the weights that it
was trained on: `[adapters.NAME] trained_on` says which, else its own configuration, else those that are served are
taken and `gguf.merge_ok` says so. `make zoo-latest` tries all of this with the newest peft and transformers.

Each row was made with peft on a random model of two layers, with random weights. "peft" is what
`PeftModel.from_pretrained` does with the files: it answers, answers as the bare base, or raises. "equal" means
that greenrun's logits are those of plain peft, bit for bit in float32. The table is written by `python -m
suites.selftest.zoo.table`, and a test holds it to what happens.

"""
HEAD = ("adapter", "peft", "greenrun", "message")
SHOWN = 420
"""Most characters of a message that are shown."""


def document() -> str:
    """The whole page."""
    return TOP + "\n".join(lines()) + "\n"


def lines() -> list[str]:
    """The table, its head first, a line a kind."""
    with tempfile.TemporaryDirectory(prefix="greenrun-zoo-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_line(HEAD), _line(("---",) * len(HEAD)), *map(_line, rows(Path(place)))]


def rows(place: Path) -> Iterator[tuple[str, ...]]:
    """Name, what peft does, what greenrun does and says, of each kind."""
    bases = write_bases(place)
    models = {name: AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32) for name, path in bases.items()}
    shared = {
        name: Loaded("float32", deepcopy(model).eval(), AutoTokenizer.from_pretrained(bases[name]))
        for name, model in models.items()
    }
    for number, kind in enumerate(KINDS):
        folder = place / str(number) / "adapter"
        kind.make(deepcopy(models[kind.base]), folder)
        theirs, truth = _peft(deepcopy(models[kind.base]).eval(), folder)
        ours, message = _greenrun(shared[kind.base], folder, truth)
        yield kind.name, theirs, ours, message or _alone(kind)


def _alone(kind: Kind) -> str:
    return "refused on a 4-bit base" if kind.nf4 else ""


def _peft(model: Any, folder: Path) -> tuple[str, torch.Tensor | None]:
    from peft import PeftModel

    bare = logits(model)
    try:
        truth = logits(PeftModel.from_pretrained(model, folder).eval())
    except Exception as error:  # whatever it is, it is what a user would see
        return f"raises {type(error).__name__}", None
    return ("answers as the base" if torch.equal(truth, bare) else "answers"), truth


def _greenrun(base: Loaded, folder: Path, truth: torch.Tensor | None) -> tuple[str, str]:
    try:
        with mounted(base, folder) as engine:
            said = logits(engine.model)
    except AdapterError as error:
        return "refused", str(error).replace(str(folder), "DIR")
    return ("equal" if truth is not None and torch.equal(said, truth) else "differs"), ""


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    short = text if len(text) <= SHOWN else text[:SHOWN].rsplit(" ", 1)[0] + " ..."
    return short.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
