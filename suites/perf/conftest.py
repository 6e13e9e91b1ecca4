"""Fixtures for the benchmarks: the default release line's base, as trained on, and its training items."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import base_model, rounded
from harness.engines.checkpoint import write
from harness.project import ROOT
from harness.spec import load
from harness.spec.objects import Spec


@pytest.fixture(scope="session")
def default_spec() -> Spec:
    return load.load(ROOT / "data" / "v3" / "release.toml")


@pytest.fixture(scope="session")
def checkpoint(default_spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    write(base_model.locate(default_spec), folder)
    return folder


@pytest.fixture(scope="session")
def served(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    rounded.write(checkpoint, folder, {})
    return folder


@pytest.fixture(scope="session")
def train_items(default_spec: Spec) -> list[Item]:
    return [item for task in default_spec.tasks.values() for item in items_of(task, "train")]


@pytest.fixture(scope="session")
def held_out(default_spec: Spec) -> list[Item]:
    """Every sixth `dev` item: enough for a mean loss, and a minute less for each training than all of them."""
    return [item for task in default_spec.tasks.values() for item in items_of(task, "dev")][::6]
