"""The real vLLM beside transformers: the same answers and logits with an adapter on; one that it ignores is seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from harness.engines import fingerprint, form, vllm_engine
from harness.engines.divergence import completion_logits, passages
from harness.engines.float32 import FORM as FLOAT32
from harness.engines.form import Loaded
from harness.engines.generate import Decoding
from harness.engines.heard import refuse_bare
from harness.engines.mount import mounted
from harness.engines.transformers_engine import TransformersEngine
from harness.engines.transformers_engine import opened as in_transformers
from harness.engines.vllm_engine import VllmEngine
from harness.engines.vllm_environment import Environment
from harness.errors import AdapterError, EngineError
from harness.fidelity import measure, summary
from harness.fidelity.measure import Measured, Sample
from harness.fidelity.survival import survival
from harness.project import ROOT
from harness.spec.gguf import GgufGates
from suites.selftest.vllm.conftest import SETTINGS, Made, items
from suites.tiny import vllm as tiny

DECODING = Decoding(batch_size=8, max_new_tokens=24)
LIMITS = GgufGates()
UNSERVED = ROOT / "suites" / "sabotage" / "plugins" / "unserved.py"
"""A vLLM that leaves the adapter out of every request. As a module it would be every test's vLLM."""
FAITHFUL = 1e-6
"""Nats a token; twenty times what was measured."""


@pytest.fixture(scope="module")
def served(made: Made, environment: Environment) -> Iterator[VllmEngine]:
    with vllm_engine.opened(made.base, made.lora, SETTINGS, environment) as engine:
        yield engine


@pytest.fixture(scope="module")
def bare(made: Made) -> Loaded:
    return form.load(FLOAT32, made.base, 1)


def measured(served: VllmEngine, bare: Loaded, lora: Path, count: int = 24) -> Measured:
    """What the gates of fidelity are given: the adapter as trained and the bare base are transformers'."""
    sample = Sample({"sea": tuple(items(count))}, {"sea": DECODING})
    texts = passages(bare.tokenizer, sample.all)
    of_base = [completion_logits(bare, text) for text in texts]
    with mounted(bare, lora) as model:
        of_adapter = [completion_logits(model, text) for text in texts]
    return measure.measure(served, bare.tokenizer, sample, of_adapter, of_base)


def verdicts(found: Measured) -> Sequence[bool]:
    """Whether each gate of fidelity passes: the adapter survives, the divergence, the same first token."""
    whole = summary.summarize(found.figures)
    kl = summary.within(whole, LIMITS.max_kl_f16, 0.95, {"parity": "0"})
    top = summary.agrees(whole, LIMITS.min_same_top_1, 0.95, {"parity": "0"})
    return [survival(found.figures, 0.95).holds, kl.value == 1.0, top.value == 1.0]


def test_answers_are_those_of_transformers_token_for_token(served: VllmEngine, bare: Loaded, made: Made) -> None:
    with in_transformers(bare, made.lora) as engine:
        wanted = engine.answer(items(), DECODING)
    plain = TransformersEngine(bare).answer(items(), DECODING)
    assert served.answer(items(), DECODING) == wanted
    assert sum(one.ids != other.ids for one, other in zip(plain, wanted, strict=True)) > 20  # else it proves nothing


def test_the_batch_changes_no_answer(served: VllmEngine) -> None:
    one_by_one = served.answer(items(), Decoding(1, 24))
    assert served.answer(items(), Decoding(8, 24)) == one_by_one
    assert served.answer(items()[::-1], Decoding(24, 24)) == one_by_one[::-1]


def test_the_gates_of_fidelity_pass(served: VllmEngine, bare: Loaded, made: Made) -> None:
    found = measured(served, bare, made.lora)
    print(summary.summarize(found.figures), found.facts)
    assert verdicts(found) == [True, True, True]
    assert summary.summarize(found.figures).kl.value < FAITHFUL


def test_losses_of_plain_text_are_those_of_transformers(served: VllmEngine, bare: Loaded, made: Made) -> None:
    texts = [item.reference for item in items(2)]
    with in_transformers(bare, made.lora) as engine:
        wanted = engine.losses(texts)
    found = served.losses(texts)
    assert [one.tokens for one in found] == [one.tokens for one in wanted]
    assert [one.nats for one in found] == pytest.approx([one.nats for one in wanted], abs=1e-4)


def test_the_fingerprint_is_that_of_base_and_adapter(served: VllmEngine, bare: Loaded, made: Made) -> None:
    said = served.spoken()
    with in_transformers(bare, made.lora) as engine:
        wanted = engine.spoken()
    assert said is not None
    assert wanted is not None
    assert said.differs
    assert said.moved == pytest.approx(wanted.moved, abs=1e-3)
    assert served.spoken() == said  # the base stays as it was


def test_a_text_that_ends_answers_ends_them(served: VllmEngine) -> None:
    whole = served.answer(items(4), DECODING)
    stop = whole[0].text[3:5]
    assert stop
    cut = served.answer(items(4), Decoding(8, 24, (stop,)))[0]
    assert (cut.text, cut.stop) == (whole[0].text.partition(stop)[0], "end")
    assert cut.ids == whole[0].ids[: len(cut.ids)]


def test_what_does_not_fit_names_the_key(served: VllmEngine) -> None:
    with pytest.raises(EngineError, match=r"do not fit into a context of 256; raise vllm\.context"):
        served.answer(items(1), Decoding(8, 250))


def test_memory_is_that_of_the_engine(served: VllmEngine) -> None:
    served.spoken()
    assert 200 << 20 < served.footprint().size < 8 << 30


def test_an_adapter_that_is_ignored_is_not_served(llama: Made, environment: Environment, tmp_path: Path) -> None:
    """The program's own proof, before anything is asked."""
    program = tmp_path / "child.py"
    text = vllm_engine.PROGRAM.read_text(encoding="utf-8")
    assert "        return self.lora\n" in text
    program.write_text(text.replace("        return self.lora\n", "        return None\n"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vllm_engine, "PROGRAM", program)
        with (
            pytest.raises(EngineError, match="the LoRA moves no logit: it was loaded and is not applied"),
            vllm_engine.opened(llama.base, llama.lora, SETTINGS, environment),
        ):
            pass


def test_answers_of_a_vllm_that_ignores_the_adapter_are_red_by_name(
    llama: Made, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the program's proof: by the fingerprint beside the answers, and by each gate of fidelity."""
    monkeypatch.setattr(vllm_engine, "PROGRAM", UNSERVED)
    with vllm_engine.opened(llama.base, llama.lora, SETTINGS, environment) as served:
        said = served.spoken()
        found = measured(served, form.load(FLOAT32, llama.base, 1), llama.lora)
    assert said is not None
    assert not said.differs
    fingerprint.write(tmp_path, said)
    with pytest.raises(AdapterError, match="multitask: the bare base gave the answers"):
        refuse_bare(tmp_path, "multitask")
    assert verdicts(found) == [False, False, False]


def test_a_kind_of_adapter_that_vllm_does_not_serve_is_refused_with_its_reason(
    llama: Made, environment: Environment, tmp_path: Path
) -> None:
    tiny.write_lora(llama.base, tmp_path / "dora", use_dora=True)
    with (
        pytest.raises(EngineError, match="vLLM does not yet support DoRA"),
        vllm_engine.opened(llama.base, tmp_path / "dora", SETTINGS, environment),
    ):
        pass


def test_the_bare_base_is_served_without_an_adapter(llama: Made, environment: Environment) -> None:
    bare = form.load(FLOAT32, llama.base, 1)
    with vllm_engine.opened(llama.base, None, SETTINGS, environment) as served:
        assert served.spoken() is None
        assert served.answer(items(8), DECODING) == TransformersEngine(bare).answer(items(8), DECODING)
        (found, *_) = served.logits(passages(bare.tokenizer, items(1)))
    wanted = completion_logits(bare, passages(bare.tokenizer, items(1))[0])
    assert float((found - wanted).abs().max()) < 1e-3
    assert torch.equal(found.argmax(-1), wanted.argmax(-1))
