"""Answers of the deployed form against peft's layers and transformers' ``generate``: same batches, same tokens,
interleaved rounds.

Times are printed and never asserted; what is asserted is that both said the same. Memory that is kept for the next
tensor serves both alike here: what it gains is not in the ratio.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from fixtures.sheets import decoding
from harness.dataset import tokens
from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import form, nf4
from harness.engines.form import Loaded
from harness.engines.generate import batches
from harness.engines.greedy import decode
from harness.engines.mount import mounted
from harness.engines.nf4_unpacked import unpacked
from harness.spec.objects import Spec
from training.adapter import train
from training.setting import Setting

ROUNDS = 3
ITEMS = 64
TASK = "style"
Decode = Callable[[Loaded, Sequence[Sequence[int]], int], list[list[int]]]


@pytest.fixture(scope="module")
def adapter(
    default_spec: Spec,
    checkpoint: Path,
    served: Path,
    train_items: list[Item],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The first experiment's adapter of the task: an untrained one never ends an answer."""
    folder, scratch = tmp_path_factory.mktemp("adapter"), tmp_path_factory.mktemp("scratch")
    items = [item for item in train_items if item.task == TASK]
    spec = default_spec
    train(served, items, Setting(spec.recipe, spec.experiments[0], spec.seed, spec.threads), folder, scratch)
    return folder


@pytest.fixture(scope="module")
def ours(default_spec: Spec, checkpoint: Path, adapter: Path) -> Iterator[Loaded]:
    with mounted(form.load(nf4.FORM, checkpoint, default_spec.threads), adapter) as engine:
        yield engine


@pytest.fixture(scope="module")
def theirs(default_spec: Spec, checkpoint: Path, adapter: Path) -> Loaded:
    """The same 4-bit modules, with the adapter as peft mounts it."""
    from peft import PeftModel

    bare = form.load(nf4.FORM, checkpoint, default_spec.threads)
    return Loaded(bare.form, PeftModel.from_pretrained(bare.model, adapter).eval(), bare.tokenizer)


def _ours(engine: Loaded, prompts: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    with unpacked(engine.model):
        return decode(engine.model, prompts, {engine.tokenizer.eos_token_id}, engine.tokenizer.pad_token_id, most)


def _theirs(engine: Loaded, prompts: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    import torch
    from transformers import GenerationConfig

    end, pad = {engine.tokenizer.eos_token_id}, engine.tokenizer.pad_token_id
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(one)) + list(one) for one in prompts])
    mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts])
    plain = GenerationConfig(do_sample=False, max_new_tokens=most, eos_token_id=end, pad_token_id=pad)
    with torch.inference_mode():
        rows = engine.model.generate(input_ids=ids, attention_mask=mask, generation_config=plain)[:, width:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


@pytest.mark.slow
def test_answers_are_compared_with_transformers_generate_on_equal_terms(
    default_spec: Spec, ours: Loaded, theirs: Loaded, capsys: pytest.CaptureFixture[str]
) -> None:
    items = items_of(default_spec.tasks[TASK], "benchmark")[:ITEMS]
    prompts = {item.id: tokens.prompt_ids(ours.tokenizer, item.messages) for item in items}
    how = decoding(default_spec, TASK)
    groups = batches({name: len(ids) for name, ids in prompts.items()}, how)
    most = default_spec.tasks[TASK].max_new_tokens
    tools: dict[str, tuple[Decode, Loaded]] = {"greenrun": (_ours, ours), "transformers generate": (_theirs, theirs)}
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    said: dict[str, list[Any]] = {}
    for _ in range(ROUNDS):
        for name, (tool, engine) in tools.items():
            started = time.perf_counter()
            said[name] = [tool(engine, [prompts[one] for one in group], most) for group in groups]
            seconds[name].append(time.perf_counter() - started)
    peer = median(seconds["transformers generate"])
    with capsys.disabled():
        print(f"\n{'tool':<22} {'answers/s':>10} {'of generate':>12}   rounds, seconds")
        for name in tools:
            each = ", ".join(f"{one:.1f}" for one in seconds[name])
            typical = median(seconds[name])
            print(f"{name:<22} {len(items) / typical:>10.2f} {peer / typical:>12.2f}   {each}")
    assert said["greenrun"] == said["transformers generate"], "not the same answers"
