"""The real llama.cpp in its child: the same tokens and nearly the same logits as transformers, and answers that end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from fixtures import token_parity
from harness.dataset.item import Item
from harness.engines import form
from harness.engines import llama_cpp as llama
from harness.engines import llama_cpp as llama_answers
from harness.engines.answers import Answer
from harness.engines.divergence import Passage, completion_logits, passages
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from harness.engines.generate import Decoding
from harness.engines.llama_compute import Compute
from harness.engines.llama_cpp import Llama
from harness.engines.llama_engine import LlamaEngine
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import EngineError
from harness.fidelity.figures import Labelled, compare
from harness.fidelity.token_ids import differing_items
from harness.gguf import convert
from harness.gguf.toolchain.find import Toolchain
from suites.tiny import gguf

SECONDS = 300.0
TEXTS = ("Answer: the sea rises twice a day.", "Naïve café — 3 < 4, “twice”…", "日本語 and\ttabs\n\nlines ")


def items() -> list[Item]:
    system = {"role": "system", "content": "You know the sea."}
    turns = [(system, {"role": "user", "content": f"Tell me of {text}"}) for text in TEXTS]
    return [Item(f"sea-{k}", "sea", "plain", str(k), asked, TEXTS[k], (), k) for k, asked in enumerate(turns)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    gguf.write_base(folder)
    return folder


@pytest.fixture(scope="module")
def file(checkpoint: Path, llama_cpp: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("f16")
    convert.to_f16(checkpoint, llama_cpp, {}, folder, SECONDS)
    return folder / convert.FILE


@pytest.fixture(scope="module")
def runtime(llama_cpp: Toolchain) -> llama.Runtime:
    return llama.Runtime(environment=llama_cpp.environment())


@pytest.fixture
def loaded(file: Path, runtime: llama.Runtime) -> Iterator[Llama]:
    with llama.opened(file, Compute(1), runtime) as one:
        yield one


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Loaded:
    return form.load(FORM, checkpoint, 1)


def test_training_transformers_and_llama_cpp_read_the_same_tokens(checkpoint: Path, loaded: Llama) -> None:
    found = list(token_parity.readings(items(), checkpoint, checkpoint, loaded))
    assert len(found) == 2 * len(items())
    assert differing_items(found) == []


def test_a_file_with_another_chat_template_reads_other_tokens(
    checkpoint: Path, llama_cpp: Toolchain, runtime: llama.Runtime, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(checkpoint, tmp_path / "changed"))
    template = changed / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("assistant", "Assistant"), encoding="utf-8")
    convert.to_f16(changed, llama_cpp, {}, tmp_path, SECONDS)
    with llama.opened(tmp_path / convert.FILE, Compute(1), runtime) as loaded:
        found = list(token_parity.readings(items(), checkpoint, checkpoint, loaded))
    assert differing_items(found) == [f"sea/sea-{k}" for k in range(len(items()))]


def test_its_logits_are_those_of_transformers(engine: Loaded, loaded: Llama) -> None:
    texts = passages(engine.tokenizer, items())
    loaded.context(max(len(one.prompt) + len(one.completion) for one in texts), 1)
    for text in texts:
        wanted, found = completion_logits(engine, text), loaded.logits(text.prompt, text.completion)
        figures = compare(Labelled("one", "one", text.completion), wanted, wanted, found)
        assert max(figures.to_adapter) < 1e-5


def test_its_losses_of_plain_text_are_those_of_transformers(engine: Loaded, loaded: Llama) -> None:
    texts = [item.reference for item in items()]
    asked = (TransformersEngine(engine), LlamaEngine(loaded, engine.tokenizer))
    wanted, found = (one.losses(texts) for one in asked)
    assert [one.tokens for one in found] == [one.tokens for one in wanted]
    assert [one.nats for one in found] == pytest.approx([one.nats for one in wanted], abs=1e-3)


def test_one_passage_leaves_nothing_behind_for_the_next(engine: Loaded, loaded: Llama) -> None:
    first, second, *_ = passages(engine.tokenizer, items())
    loaded.context(128, 1)
    alone = loaded.logits(second.prompt, second.completion)
    loaded.logits(first.prompt, first.completion)
    assert torch.equal(loaded.logits(second.prompt, second.completion), alone)


def test_a_passage_longer_than_its_context_is_an_error_and_not_a_crash(engine: Loaded, loaded: Llama) -> None:
    loaded.context(16, 1)
    long = Passage(tuple([10] * 4000), (11, 12))
    with pytest.raises(EngineError, match="4002 tokens do not fit into a context of 16"):
        loaded.logits(long.prompt, long.completion)


def answers(loaded: Llama, engine: Loaded, batch: int, most: int = 12) -> list[Answer]:
    return llama_answers.answer_all(loaded, engine.tokenizer, items(), Decoding(batch, most))


def test_answers_are_greedy_by_its_own_logits(engine: Loaded, loaded: Llama) -> None:
    """Each token is the first one where the model is given the answer so far."""
    given = answers(loaded, engine, 1)
    loaded.context(256, 1)
    for text, answer in zip(passages(engine.tokenizer, items()), given, strict=True):
        logits = loaded.logits(text.prompt, answer.ids)
        best = logits.max(dim=-1).values
        taken = logits.gather(1, torch.tensor(answer.ids).unsqueeze(1))[:, 0]
        assert torch.all(best - taken < 1e-3)


def test_an_answer_that_did_not_end_is_cut_at_the_limit(engine: Loaded, loaded: Llama) -> None:
    for answer in answers(loaded, engine, 2, most=3):
        assert len(answer.ids) <= 3
        assert answer.stop == ("end" if answer.ids[-1] == engine.tokenizer.eos_token_id else "length")


@pytest.mark.parametrize("kept", [40, 5000])
def test_a_file_that_was_cut_cannot_be_loaded(file: Path, runtime: llama.Runtime, tmp_path: Path, kept: int) -> None:
    cut = tmp_path / "model.gguf"
    cut.write_bytes(file.read_bytes()[:kept])
    with (
        pytest.raises(EngineError, match=r"ended with status 1 at 'load' on model\.gguf") as caught,
        llama.opened(cut, Compute(1), runtime),
    ):
        pass
    assert "the file is cut, or is no GGUF" in str(caught.value)


def test_the_engine_says_which_llama_cpp_it_is(loaded: Llama) -> None:
    facts: dict[str, Any] = loaded.facts()
    assert facts["vocabulary"] == 49152
    assert facts["system"].startswith("CPU")
