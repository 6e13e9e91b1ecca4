"""The zoo's bases, and what plain peft says on them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from harness.engines import form, nf4
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from suites.selftest.zoo.bases import write_bases
from suites.selftest.zoo.kind import Kind

FORMS = {"float32": FORM, "nf4": nf4.FORM}
Folder = Callable[[Kind], Path]


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_bases(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="session")
def loaded(bases: dict[str, Path]) -> Callable[[str, str], Loaded]:
    """``loaded(form, base)``: one base for all kinds, whatever was mounted on it before."""
    found: dict[tuple[str, str], Loaded] = {}

    def loaded(name: str, base: str) -> Loaded:
        if (name, base) not in found:
            found[name, base] = form.load(FORMS[name], bases[base], 1)
        return found[name, base]

    return loaded


@pytest.fixture(scope="session")
def folder(bases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """``folder(kind)``: the adapter of that kind, made by plain peft on a base of its own."""
    found: dict[str, Path] = {}
    models = {name: AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32) for name, path in bases.items()}

    def folder(kind: Kind) -> Path:
        if kind.name not in found:
            found[kind.name] = tmp_path_factory.mktemp("kind") / "adapter"
            kind.make(deepcopy(models[kind.base]), found[kind.name])
        return found[kind.name]

    return folder
