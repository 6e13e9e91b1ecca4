"""Small models stay loaded side by side; of large ones no two are held at once, and what is measured is the same."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import float32, form, mount_proof, nf4, pristine, resident
from harness.engines.form import Loaded
from harness.gguf import merge
from harness.spec import load
from suites.tiny.child import Line


@pytest.fixture(scope="module")
def base(line: Line) -> Path:
    return line.spec.parent / "base"


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("adapter")
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "up_proj"], task_type="CAUSAL_LM")
    model = get_peft_model(form.load(float32.FORM, base, 1).model, config)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def probes(line: Line) -> list[Item]:
    return items_of(load.load(line.spec).tasks["sea"], "benchmark")[:2]


class Watched:
    """Loads models, and notes how many of those it loaded were alive when the next one came."""

    def __init__(self) -> None:
        self.models: list[weakref.ref[Any]] = []
        self.alive: list[int] = []

    def kept(self, how: form.Loading, base: Path) -> Callable[[], Loaded]:
        def get() -> Loaded:
            found = form.load(how, base, 1)
            self.alive.append(sum(one() is not None for one in self.models))
            self.models.append(weakref.ref(found.model))
            return found

        return pristine.kept(get)


def test_small_models_are_loaded_once(base: Path) -> None:
    first, second = (pristine.kept(lambda how=how: form.load(how, base, 1)) for how in (nf4.FORM, float32.FORM))
    one, other = first(), second()
    assert (first(), second()) == (one, other)


def test_large_ones_make_room_for_the_next(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "MOST", 0)
    watched = Watched()
    first, second = watched.kept(nf4.FORM, base), watched.kept(float32.FORM, base)
    for load_it in (first, second, first):
        load_it()
    assert watched.alive == [0, 0, 0]


def test_a_mount_is_proved_with_one_model_at_a_time_and_the_figures_stay(
    base: Path, adapter: Path, probes: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    def proved() -> tuple[mount_proof.MountProof, list[int]]:
        watched = Watched()
        loaders = watched.kept(nf4.FORM, base), watched.kept(float32.FORM, base)
        return mount_proof.measure(*loaders, adapter, probes), watched.alive

    together, both = proved()
    monkeypatch.setattr(resident, "MOST", 0)
    apart, one = proved()
    assert (both, one) == ([0, 1], [0, 0])
    assert apart == together
    assert apart.holds


def test_a_merge_is_proved_with_one_model_at_a_time_and_the_figures_stay(
    base: Path, adapter: Path, probes: list[Item], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge.write(base, adapter, tmp_path)
    seen: list[int] = []

    def proved() -> merge.MergeProof:
        watched = Watched()
        made_room = resident.make_room

        def noted() -> None:
            made_room()
            seen.append(sum(one() is not None for one in watched.models))

        with monkeypatch.context() as patched:
            patched.setattr(merge.resident, "make_room", noted)
            return merge.measure(watched.kept(float32.FORM, base), adapter, tmp_path, probes)

    together = proved()
    monkeypatch.setattr(resident, "MOST", 0)
    assert proved() == together
    assert seen[-1] == 0
