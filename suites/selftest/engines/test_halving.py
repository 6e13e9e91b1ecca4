"""A batch that does not fit in memory is asked once more in halves, which is told; nothing else is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines import halving
from harness.engines.generate import Decoding, batches
from harness.engines.halving import Halved
from harness.engines.transformers_engine import opened
from harness.errors import NoMemoryError
from suites.selftest.engines import little_memory
from suites.tiny.child import ROOT, environment

NAMES = tuple(f"item-{number}" for number in range(little_memory.ITEMS))
ONE = Halved(NAMES, 4, "memory ran out while answering")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("little")
    little_memory.write(folder)
    return folder


@pytest.fixture(scope="module")
def told(place: Path) -> dict[str, Any]:
    """Step and room in bytes -> what a process with no more room says of it."""
    if sys.platform != "linux":
        pytest.skip("only Linux limits an address space so that an allocation fails")
    steps = ("answer=1e8", "answer=33e7", "load=2e7", "mount=5e6", "mount=2e7", "whole=33e7")
    command = [sys.executable, "-m", little_memory.__name__, str(place), *steps]
    done = subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, text=True, check=True)
    return dict(zip(steps, map(json.loads, done.stdout.splitlines()), strict=True))


def test_a_batch_that_does_not_fit_is_answered_in_halves_with_the_same_answers(
    place: Path, told: dict[str, Any]
) -> None:
    (halved,) = told["answer=33e7"]["halved"]
    assert (tuple(halved["items"]), halved["first"]) == (NAMES, 4)
    assert halved["why"].startswith("memory ran out while answering 8 items of up to ")
    with opened(little_memory.loaded(place / "base"), None) as engine:
        given = engine.answer(little_memory.items(), Decoding(little_memory.ITEMS, little_memory.MOST))
        assert told["answer=33e7"]["answers"] == [list(one.ids) for one in given]
        assert not engine.halved()


def test_halves_that_do_not_fit_either_end_it_with_sizes_and_a_mend(told: dict[str, Any]) -> None:
    error = told["answer=1e8"]["error"]
    assert error.startswith("NoMemoryError: memory ran out while answering 4 items of up to ")
    assert "half of a batch that did not fit: 71.3 MB was asked for; this machine has " in error
    assert "lower generation.batch_tokens or generation.batch_size" in error


def test_a_base_that_does_not_fit_is_no_fault_of_it(told: dict[str, Any]) -> None:
    error = told["load=2e7"]["error"]
    assert error.startswith("NoMemoryError: memory ran out while loading the base as float32, computed in float32: ")


@pytest.mark.parametrize("step", ["mount=5e6", "mount=2e7"], ids=["its file", "its layers"])
def test_an_adapter_that_does_not_fit_is_not_at_fault(told: dict[str, Any], step: str) -> None:
    assert told[step]["error"].startswith("NoMemoryError: memory ran out while mounting an adapter: ")


def test_a_batch_that_is_asked_again_is_not_halved(told: dict[str, Any]) -> None:
    assert told["whole=33e7"]["error"].startswith("NoMemoryError: memory ran out while answering 8 items of up to ")


def out_of_memory_above(most: int, asked: list[int]) -> Any:
    """Answers as many as `most` items at once, and else asks the allocator for far too much."""

    def told(names: Sequence[str]) -> list[str]:
        asked.append(len(names))
        if len(names) > most:
            torch.empty(2**46, dtype=torch.uint8)
        return [name.upper() for name in names]

    return told


@given(st.integers(1, 20), st.integers(0, 20))
@settings(max_examples=10, deadline=None)
def test_a_batch_is_halved_once_and_an_error_keeps_it_untold(size: int, most: int) -> None:
    names, asked, noted = [f"n{number}" for number in range(size)], list[int](), list[Halved]()
    half = (size + 1) // 2
    if most < half or (size == 1 and most == 0):
        with pytest.raises(NoMemoryError, match="memory ran out while answering"):
            halving.ask(names, out_of_memory_above(most, asked), "of up to 9 tokens each", noted.append)
        assert asked == ([size, half] if size > 1 else [size])
        assert not noted
        return
    answered = halving.ask(names, out_of_memory_above(most, asked), "of up to 9 tokens each", noted.append)
    assert answered == [name.upper() for name in names]
    assert asked == ([size] if most >= size else [size, half, size - half])
    assert [one.parts for one in noted] == ([] if most >= size else [(tuple(names[:half]), tuple(names[half:]))])


def test_any_other_error_is_neither_halved_nor_told_otherwise() -> None:
    def fail(names: Sequence[str]) -> list[str]:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        halving.ask(NAMES, fail, "", halving.forget)


@given(
    st.dictionaries(st.text(max_size=4), st.integers(1, 90), min_size=2, max_size=40), st.integers(2, 9), st.randoms()
)
def test_the_batches_as_asked_hold_every_item_once_and_only_halved_ones_are_divided(
    lengths: dict[str, int], size: int, chance: Any
) -> None:
    whole = batches(lengths, Decoding(size, 8))
    halved = [Halved(tuple(one), (len(one) + 1) // 2, "") for one in whole if len(one) > 1 and chance.random() < 0.5]
    asked = halving.as_asked(whole, halved)
    assert sorted(name for batch in asked for name in batch) == sorted(lengths)
    assert len(asked) == len(whole) + len(halved)
    assert all(batch in asked for batch in whole if tuple(batch) not in {one.items for one in halved})
    assert all(list(part) in asked for one in halved for part in one.parts)


def test_a_folder_says_what_was_halved_and_holds_no_such_file_where_nothing_was(tmp_path: Path) -> None:
    halving.write(tmp_path, [])
    assert (list(tmp_path.iterdir()), halving.read(tmp_path)) == ([], ())
    halving.write(tmp_path, [ONE])
    assert halving.read(tmp_path) == (ONE,)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: halving was not tried on one")
def test_on_a_gpu_a_batch_that_does_not_fit_is_answered_in_halves(place: Path) -> None:
    decoding = Decoding(little_memory.ITEMS, little_memory.MOST)
    with opened(little_memory.loaded(place / "base"), None) as engine:
        whole = engine.answer(little_memory.items(), decoding)
        torch.cuda.empty_cache()
        _, total = torch.cuda.mem_get_info()
        held = torch.cuda.memory_reserved()
        torch.cuda.set_per_process_memory_fraction((held + 3e8) / total)
        try:
            assert engine.answer(little_memory.items(), decoding) == whole
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        assert engine.halved()
