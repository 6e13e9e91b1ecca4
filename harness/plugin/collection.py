"""Collect the tests that a spec needs: its gates become their parameters, in the order of the release."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from harness.gates.gate import Gate
from harness.plugin.stash import RUN


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """Leave out the tests of gates that this spec does not have; pytest would show them as skipped."""
    module = collector.getparent(pytest.Module)
    if RUN not in collector.config.stash or module is None or not inspect.isfunction(obj):
        return None
    concludes = name.startswith("test_") and {"gate", "conclude"} & inspect.signature(obj).parameters.keys()
    return [] if concludes and not _gates_for(collector.config, module.obj, name) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``test_<check>(gate)`` in ``test_<area>.py`` the gates of that area and check."""
    if "gate" not in metafunc.fixturenames or RUN not in metafunc.config.stash:
        return
    chosen = _gates_for(metafunc.config, metafunc.module, metafunc.function.__name__)
    metafunc.parametrize("gate", [pytest.param(gate, id=gate.label) for gate in chosen])


def _gates_for(config: pytest.Config, module: Any, test: str) -> list[Gate]:
    areas = getattr(module, "AREAS", (Path(module.__file__ or "").stem.removeprefix("test_"),))
    return [g for g in config.stash[RUN].gates if g.area in areas and g.check == test.removeprefix("test_")]


def gate_of(item: pytest.Item) -> Gate | None:
    callspec = getattr(item, "callspec", None)
    gate = callspec.params.get("gate") if callspec is not None else None
    return gate if isinstance(gate, Gate) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests into the order of the release, whatever shuffled them."""
    if RUN not in config.stash:
        return
    order = {gate.id: number for number, gate in enumerate(config.stash[RUN].gates)}
    items.sort(key=lambda item: order.get(getattr(gate_of(item), "id", ""), len(order)))
