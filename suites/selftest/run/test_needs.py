"""What a release needs: close to what was measured, never less for more, refused in one sentence with both figures."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import needs as estimates
from fixtures.plan import artifacts
from harness.engines.shape import Shape
from harness.errors import MeansError
from harness.project import ROOT
from harness.run import means, needs
from harness.run.means import Means
from harness.run.needs import Need, Work
from harness.run.run import Run, open_run
from harness.spec import load
from harness.spec.objects import Spec
from harness.spec.serve import Precision
from suites.tiny.child import Finished, Line

SMALL = Shape(134_515_008, 106_168_320, 305_280, blocks=30, width=576, inner=1536, keys=192, heads=9, words=49_152)
"""SmolLM2-135M."""
LARGE = Shape(
    8_190_735_360, 6_945_767_424, 2_727_936, blocks=36, width=4096, inner=12_288, keys=1024, heads=32, words=151_936
)
"""Qwen3-8B."""
ALL = Work(base=True, weights=True, adapters=5, longest=256)
DEFAULT = load.load(ROOT / "data" / "v3" / "release.toml")
MB, GIB = 1e6, 2**30


def _size(found: list[Need], stage: str) -> float:
    return next(need.size for need in found if need.stage == stage)


@pytest.mark.parametrize(
    ("stage", "measured"),
    [
        ("the base", 272.6 * MB),
        ("the merged checkpoint", 541.6 * MB),
        ("its GGUF files", 270.9 * MB + 91.7 * MB),
    ],
)
def test_files_are_as_large_as_those_of_a_finished_release_within_two_percent(stage: str, measured: float) -> None:
    assert _size(list(needs.disk(SMALL, DEFAULT, ALL)), stage) == pytest.approx(measured, rel=0.02)


def test_no_copy_of_a_base_that_is_served_in_nf4_is_written() -> None:
    work = replace(ALL, base=False, adapters=0)
    assert _size(list(needs.disk(LARGE, DEFAULT, work)), "the merged checkpoint") == pytest.approx(30.5 * GIB, rel=0.01)
    assert not any(need.stage == "the weights as served" for need in needs.disk(LARGE, DEFAULT, work))


def test_two_large_models_are_never_held_at_once() -> None:
    found = list(needs.memory(LARGE, DEFAULT, ALL))
    assert _size(found, "hold the form against the adapter as trained") == pytest.approx(30.5 * GIB, rel=0.01)
    assert _size(found, "prove the merge") == pytest.approx(30.5 * GIB, rel=0.01)
    small = _size(list(needs.memory(SMALL, DEFAULT, ALL)), "prove the merge")
    assert small == 2 * needs.FLOAT32 * SMALL.weights, "small ones stay loaded side by side"


def test_a_base_that_is_trained_in_four_bits_is_held_in_four_bits() -> None:
    recipe = replace(DEFAULT.recipe, trainer="trl", base_dtype="bfloat16")
    by_trl, own = (replace(DEFAULT, recipe=replace(recipe, trainer=name)) for name in ("trl", "own"))
    less, more = (_size(list(needs.memory(LARGE, spec, ALL)), "train an adapter") for spec in (by_trl, own))
    assert more - less == pytest.approx((15.3 - 5.7) * GIB, rel=0.03)


def test_an_adapter_is_as_large_as_a_trained_one() -> None:
    assert needs.FLOAT32 * needs.lora(SMALL, DEFAULT) == pytest.approx(9.80 * MB, rel=0.01)


def test_a_loaded_base_is_as_large_as_measured() -> None:
    assert needs.held(SMALL, four_bit=True) == pytest.approx(166.5 * MB, rel=0.02)
    assert needs.held(LARGE, four_bit=True) == pytest.approx(8.0 * GIB, rel=0.02)
    assert needs.held(LARGE, four_bit=False) == pytest.approx(30.5 * GIB, rel=0.01)
    half = Precision("bfloat16", "bfloat16")
    assert needs.held(LARGE, True, half) == pytest.approx(5.7 * GIB, rel=0.02)
    assert needs.held(LARGE, False, half) == pytest.approx(15.3 * GIB, rel=0.01)


def test_a_training_process_is_within_a_fifth_of_a_measured_one() -> None:
    """SmolLM2-135M by the default recipe, longest sample 167 tokens: 1,434 MB at its peak."""
    work = replace(ALL, longest=167)
    found = _size(list(needs.memory(SMALL, DEFAULT, work)), "train an adapter") + needs.RUNTIME
    assert found == pytest.approx(1434 * MB, rel=0.2)


shapes = st.builds(
    Shape,
    weights=st.integers(10**9, 10**11),
    linear=st.integers(10**8, 10**9),
    sides=st.integers(10**5, 10**7),
    blocks=st.integers(31, 100),
    width=st.integers(64, 10**4),
    inner=st.integers(64, 10**5),
    keys=st.integers(64, 10**4),
    heads=st.integers(1, 128),
    words=st.integers(300, 10**6),
)
PARTS = [one.name for one in fields(Shape) if one.name != "blocks"]
works = st.builds(Work, st.booleans(), st.booleans(), st.integers(0, 50), st.integers(1, 600))


def _total(shape: Shape, spec: Spec, work: Work) -> tuple[float, float]:
    """Bytes of the disk, and of memory in the largest stage."""
    memory = [need.size for need in needs.memory(shape, spec, work)]
    return sum(need.size for need in needs.disk(shape, spec, work)), max(memory, default=0.0)


@given(shapes, works, st.sampled_from(PARTS), st.integers(1, 10**6))
def test_a_larger_base_never_needs_less(shape: Shape, work: Work, part: str, more: int) -> None:
    larger = replace(shape, **{part: getattr(shape, part) + more})
    if part == "linear":
        larger = replace(larger, weights=shape.weights + more)
    less, greater = _total(shape, DEFAULT, work), _total(larger, DEFAULT, work)
    assert all(one <= other for one, other in zip(less, greater, strict=True))


@given(shapes, works, st.sampled_from(["base", "weights", "adapters", "longest"]))
def test_more_work_never_needs_less(shape: Shape, work: Work, part: str) -> None:
    more = replace(work, **{part: True if part in ("base", "weights") else getattr(work, part) + 1})
    less, greater = _total(shape, DEFAULT, work), _total(shape, DEFAULT, more)
    assert all(one <= other for one, other in zip(less, greater, strict=True))


@given(shapes, works, st.sampled_from(["rank", "batch_size", "max_length"]))
def test_a_greater_recipe_never_needs_less(shape: Shape, work: Work, key: str) -> None:
    recipe = replace(DEFAULT.recipe, **{key: 2 * getattr(DEFAULT.recipe, key)})
    less, greater = _total(shape, DEFAULT, work), _total(shape, replace(DEFAULT, recipe=recipe), work)
    assert all(one <= other for one, other in zip(less, greater, strict=True))


@given(shapes, st.integers(1, 600))
def test_where_nothing_is_left_to_do_nothing_is_needed(shape: Shape, longest: int) -> None:
    assert _total(shape, DEFAULT, Work(False, False, 0, longest)) == (0, 0)


@pytest.fixture
def fresh(line: Line, tmp_path: Path) -> Run:
    return open_run(load.load(line.spec), tmp_path, "fresh", "main", rescore=False)


@pytest.fixture
def found(fresh: Run) -> list[Need]:
    return list(estimates.estimated(fresh, artifacts(fresh.spec, fresh.store)))


PLENTY = Means(disk=10**15, memory=10**15, gpu=None)


def test_a_machine_with_enough_is_not_refused(fresh: Run, found: list[Need]) -> None:
    assert found
    estimates.refuse(fresh, found, PLENTY, workers=2)


@pytest.mark.parametrize(
    ("has", "told"),
    [
        (replace(PLENTY, disk=1000), ("this release writes about ", "(the base ", "1.0 kB are free there", "--out")),
        (replace(PLENTY, memory=10**6), ("of memory (", "1.0 MB are free", "take a machine with more")),
        (replace(PLENTY, gpu=1000), ("of GPU memory (", "1.0 kB are free")),
    ],
    ids=["disk", "memory", "gpu"],
)
def test_one_with_less_is_refused_in_one_sentence_with_both_figures(
    fresh: Run, found: list[Need], has: Means, told: tuple[str, ...]
) -> None:
    with pytest.raises(MeansError) as caught:
        estimates.refuse(fresh, found, has, workers=1)
    assert [part for part in told if part not in str(caught.value)] == []
    assert "\n" not in str(caught.value)


def test_workers_that_train_side_by_side_are_counted_and_told(fresh: Run, found: list[Need]) -> None:
    training = next(need for need in found if need.stage == "train an adapter")
    has = replace(PLENTY, memory=int(2.5 * (training.size + needs.RUNTIME)))
    estimates.refuse(fresh, [training], has, workers=2)
    with pytest.raises(MeansError, match=r"3 at once.*run fewer workers \(-n 1\)"):
        estimates.refuse(fresh, [training], has, workers=3)


def test_what_cannot_be_told_refuses_nothing(fresh: Run, found: list[Need]) -> None:
    estimates.refuse(fresh, found, replace(PLENTY, memory=None), workers=1)


def test_a_finished_release_needs_nothing(line: Line, green: Finished) -> None:
    run = open_run(load.load(line.spec), line.out, "next", "main", rescore=False)
    assert list(estimates.estimated(run, artifacts(run.spec, run.store))) == []


def test_a_plan_tells_what_is_needed_beside_what_there_is(fresh: Run) -> None:
    told = list(estimates.told(fresh, artifacts(fresh.spec, fresh.store)))
    assert told[0].startswith("  disk: about ")
    assert len(told) > 3
    assert all(one.startswith(("  memory to ", "  GPU memory to ")) for one in told[1:])


def _system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


MEMINFO = {"proc/meminfo": "MemTotal:  24 kB\nMemAvailable:   1000 kB\n"}
V2, V1 = "sys/fs/cgroup", "sys/fs/cgroup/memory"
STAT = "anon 300000\nactive_file 60000\ninactive_file 40000\n"
CONTAINER = {f"{V2}/memory.max": "800000\n", f"{V2}/memory.current": "400000\n", f"{V2}/memory.stat": STAT}
OLDER = {f"{V1}/memory.limit_in_bytes": "800000", f"{V1}/memory.usage_in_bytes": "400000", f"{V1}/memory.stat": STAT}


@pytest.mark.parametrize(
    ("files", "free"),
    [
        (MEMINFO, 1_024_000),
        (MEMINFO | CONTAINER, 500_000),
        (MEMINFO | OLDER, 500_000),
        (MEMINFO | CONTAINER | {f"{V2}/memory.max": "max\n"}, 1_024_000),
        (MEMINFO | OLDER | {f"{V1}/memory.limit_in_bytes": str(2**63 - 4096)}, 1_024_000),
        (CONTAINER | {f"{V2}/memory.current": "999999\n"}, 0),
        ({}, None),
    ],
    ids=["system", "container", "older-container", "without-limit", "older-without-limit", "full", "unknown"],
)
def test_free_memory_is_that_of_the_system_or_of_the_container(
    files: dict[str, str], free: int | None, tmp_path: Path
) -> None:
    assert means.free_memory(_system(tmp_path, files)) == free


def test_a_gpu_that_is_hidden_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert means.free_on_gpu() is None
