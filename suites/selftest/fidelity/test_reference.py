"""A tiny model as its own reference: what every form is held against, and what a form that is none of it looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.dataset.checks import items_of
from harness.engines import form, hidden_states, nf4
from harness.engines.divergence import completion_logprobs, passages
from harness.engines.float32 import FORM
from harness.engines.form import FLOAT32, Loaded
from harness.engines.generate import Decoding
from harness.engines.mount import mounted
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import EngineError
from harness.fidelity import measure, reference
from harness.fidelity.measure import Measured, Sample
from harness.fidelity.reference import Heads
from harness.fidelity.sample import thirds
from harness.fidelity.summary import summarize
from harness.fidelity.survival import explain, survival
from harness.spec import load
from suites.tiny.child import Line

ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "gate_proj", "down_proj"]


@pytest.fixture(scope="module")
def base(line: Line) -> Loaded:
    return form.load(FORM, line.spec.parent / "base", 1)


@pytest.fixture(scope="module")
def sample(line: Line) -> Sample:
    spec = load.load(line.spec)
    items = {task: thirds(items_of(spec.tasks[task], "benchmark"), 8) for task in ("sea", "shore")}
    return Sample(items, {task: Decoding(4, 6) for task in items})


def adapter_on(line: Line, folder: Path, targets: list[str]) -> Path:
    """A random LoRA that moves the logits."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(5)
    plain = AutoModelForCausalLM.from_pretrained(line.spec.parent / "base", dtype=torch.float32)
    model = get_peft_model(plain, LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM"))
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapter(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return adapter_on(line, tmp_path_factory.mktemp("adapter"), ALL_LINEAR)


@pytest.fixture(scope="module")
def trained(base: Loaded, adapter: Path, sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    reference.write(folder, base, adapter, sample)
    return folder


def own_head(base: Loaded) -> Heads:
    head = base.model.get_output_embeddings()
    return Heads(head, head)


def measured(engine: Loaded, base: Loaded, trained: Path, sample: Sample) -> Measured:
    adapter, bare = reference.against(trained, own_head(base))
    return measure.measure(TransformersEngine(engine), base.tokenizer, sample, adapter, bare)


def test_kept_hidden_states_give_back_the_logits(base: Loaded, adapter: Path, sample: Sample, trained: Path) -> None:
    texts = passages(base.tokenizer, sample.all)
    with mounted(base, adapter) as engine:
        wanted = completion_logprobs(engine, texts)
    kept, _ = reference.against(trained, own_head(base))
    for found, one in zip(kept, wanted, strict=True):
        assert torch.allclose(torch.log_softmax(found, -1), one, atol=1e-4)


def test_a_form_is_held_against_the_head_alone_and_the_logits_are_the_whole_models(
    line: Line, base: Loaded, adapter: Path, trained: Path
) -> None:
    def refused() -> Loaded:
        pytest.fail("the whole reference was loaded")

    alone = reference.heads(line.spec.parent / "base", FLOAT32, adapter, refused)
    for ours, whole in zip(reference.against(trained, alone), reference.against(trained, own_head(base)), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(ours, whole, strict=True))


def test_what_is_kept_is_no_larger_than_the_hidden_states(sample: Sample, base: Loaded, trained: Path) -> None:
    tokens = sum(len(text.completion) for text in passages(base.tokenizer, sample.all))
    states = 4 * tokens * base.model.config.hidden_size
    assert (trained / reference.ADAPTER).stat().st_size < states + 200 * len(sample.all)


def test_the_adapter_itself_is_no_way_from_the_reference(
    base: Loaded, adapter: Path, sample: Sample, trained: Path, tmp_path: Path
) -> None:
    reference.write_answers(tmp_path, base, adapter, sample)
    with mounted(base, adapter) as engine:
        found = measured(engine, base, trained, sample)
    assert summarize(found.figures).kl.value < 1e-6
    assert survival(found.figures, 0.95).holds
    assert {name: one.ids for name, one in found.answers.items()} == {
        name: one.ids for name, one in measure.read_answers(tmp_path, sample).items()
    }
    assert reference.facts(tmp_path).tokens == found.facts.tokens


def test_the_bare_base_in_place_of_a_form_did_not_survive(base: Loaded, sample: Sample, trained: Path) -> None:
    found = survival(measured(base, base, trained, sample).figures, 0.95)
    assert not found.holds
    assert explain(found).startswith("the adapter did not survive: the form behaves as the base")


def test_a_four_bit_form_survives_at_some_distance(
    line: Line, base: Loaded, adapter: Path, sample: Sample, trained: Path
) -> None:
    with mounted(form.load(nf4.FORM, line.spec.parent / "base", 1), adapter) as engine:
        found = measured(engine, base, trained, sample)
    assert summarize(found.figures).kl.value > 1e-4
    assert survival(found.figures, 0.95).holds


def test_the_bare_base_is_kept_with_the_reference(trained: Path) -> None:
    figures = reference.base_figures(trained)
    assert max(kl for one in figures for kl in one.to_base) == 0.0
    assert summarize(figures).kl.value > 0.01


def test_a_measurement_comes_back_from_disk_as_it_was(
    base: Loaded, sample: Sample, trained: Path, tmp_path: Path
) -> None:
    found = measured(base, base, trained, sample)
    measure.write(tmp_path, found)
    read = measure.read(tmp_path, sample)
    assert (read.figures, read.facts) == (found.figures, found.facts)
    assert [one.ids for one in read.answers.values()] == [one.ids for one in found.answers.values()]
    assert found.facts.tokens > 0
    assert found.facts.speed > 0.0


def test_an_adapter_of_the_output_matrix_is_held_against_its_own_head(
    line: Line, base: Loaded, sample: Sample, tmp_path: Path
) -> None:
    """Two generators at once, as forms are measured: the bare base's logits are not made by the adapter's head."""
    touching, texts = (
        adapter_on(line, tmp_path / "adapter", ["lm_head", "q_proj"]),
        passages(base.tokenizer, sample.all),
    )
    reference.write(tmp_path, base, touching, sample)
    bare = completion_logprobs(base, texts)
    with mounted(base, touching) as engine:
        moved = completion_logprobs(engine, texts)
    kept = reference.against(tmp_path, reference.heads(line.spec.parent / "base", FLOAT32, touching, lambda: base))
    for ours, bares, with_it, without in zip(*kept, moved, bare, strict=True):
        assert torch.allclose(torch.log_softmax(ours, -1), with_it, atol=1e-4)
        assert torch.allclose(torch.log_softmax(bares, -1), without, atol=1e-4)
    assert summarize(reference.base_figures(tmp_path)).kl.value > 0.01


@pytest.fixture
def scaled(line: Line) -> Iterator[Loaded]:
    """A model that scales its logits behind the head, as some architectures do."""
    engine = form.load(FORM, line.spec.parent / "base", 1)

    def scale(module: Any, given: Any, output: Any) -> Any:
        output.logits = output.logits * 0.5
        return output

    handle = engine.model.register_forward_hook(scale)
    yield engine
    handle.remove()


def test_a_model_that_scales_its_logits_is_refused_and_not_misread(scaled: Loaded, sample: Sample) -> None:
    texts = passages(scaled.tokenizer, sample.all)
    with pytest.raises(EngineError, match="scales or caps them"):
        list(hidden_states.completion_states(scaled, texts))


def test_a_caller_that_stops_early_can_still_train(base: Loaded, trained: Path) -> None:
    _, logits = reference.against(trained, own_head(base))
    next(logits)
    assert not torch.is_inference_mode_enabled(), "held by the unfinished iterator"
