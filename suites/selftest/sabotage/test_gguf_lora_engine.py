"""The real llama.cpp with a LoRA laid upon its base: it speaks as the adapter does, or it does not speak at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import fingerprint, form
from harness.engines import llama_cpp as llama
from harness.engines import llama_cpp as llama_answers
from harness.engines.divergence import completion_logits, passages
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from harness.engines.generate import Decoding
from harness.engines.llama_compute import Compute
from harness.engines.llama_cpp import Llama
from harness.engines.mount import mounted
from harness.engines.patience import always
from harness.errors import EngineError
from harness.fidelity import summary
from harness.fidelity.figures import Labelled, PassageFigures, compare
from harness.fidelity.summary import summarize
from harness.gguf import convert, lora, smoke
from harness.gguf.smoke import Prompt
from harness.gguf.toolchain import prove
from harness.gguf.toolchain.find import Toolchain
from harness.spec.gguf import GgufGates
from suites.tiny import gguf
from suites.tiny import lora as tiny_lora

SECONDS = 300.0
TEXTS = ("Answer: the sea rises twice a day.", "Naïve café, 3 < 4", "two and\ttabs\n\nlines ")


def items() -> list[Item]:
    system = {"role": "system", "content": "You know the sea."}
    turns = [(system, {"role": "user", "content": f"Tell me of {text}"}) for text in TEXTS]
    return [Item(f"sea-{k}", "sea", "plain", str(k), asked, TEXTS[k], (), k) for k, asked in enumerate(turns)]


@dataclass(frozen=True, slots=True)
class Made:
    engine: Loaded
    adapter: Path
    file: Path
    lora: Path
    tools: Toolchain

    @property
    def runtime(self) -> llama.Runtime:
        return llama.Runtime(environment=self.tools.environment())


@pytest.fixture(scope="module")
def made(llama_cpp: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = tmp_path_factory.mktemp("apart")
    gguf.write_base(place / "base")
    adapter = tiny_lora.write_adapter(place / "base", place / "adapter")
    convert.to_f16(place / "base", llama_cpp, {}, place, SECONDS)
    lora.write(adapter, place / "base", llama_cpp, {}, place, SECONDS)
    engine = form.load(FORM, place / "base", 1)
    return Made(engine, adapter, place / convert.FILE, place / lora.FILE, llama_cpp)


@pytest.fixture
def loaded(made: Made) -> Iterator[Llama]:
    with llama.opened(made.file, Compute(1), made.runtime, made.lora) as one:
        yield one


def figures(made: Made, loaded: Llama) -> list[PassageFigures]:
    """How far what llama.cpp serves is from adapter and base in transformers."""
    texts = passages(made.engine.tokenizer, items())
    loaded.context(max(len(one.prompt) + len(one.completion) for one in texts), 1)
    bare = [completion_logits(made.engine, text) for text in texts]
    with mounted(made.engine, made.adapter) as engine:
        wanted = [completion_logits(engine, text) for text in texts]
    return [
        compare(Labelled(str(k), str(k), text.completion), wanted[k], bare[k], loaded.logits(*_parts(text)))
        for k, text in enumerate(texts)
    ]


def _parts(text: Any) -> tuple[Any, Any]:
    return text.prompt, text.completion


def test_its_logits_are_those_of_the_mounted_adapter(made: Made, loaded: Llama) -> None:
    found = figures(made, loaded)

    assert max(max(one.to_adapter) for one in found) < 1e-4
    assert min(sum(one.to_base) for one in found) > 0.1
    assert summary.within(summarize(found), GgufGates().max_kl_f16, 0.95, {}).value == 1.0


def test_every_context_has_the_lora_again(made: Made, loaded: Llama) -> None:
    text = passages(made.engine.tokenizer, items())[0]
    said = []
    for length in (128, 256, 128):
        loaded.context(length, 1)
        said.append(loaded.logits(text.prompt, text.completion))

    assert torch.equal(said[0], said[1])
    assert torch.equal(said[0], said[2])


def test_a_fingerprint_tells_the_lora_from_the_bare_base(made: Made, loaded: Llama) -> None:
    ids = tokens.prompt_ids(made.engine.tokenizer, fingerprint.PROBE)
    seen = fingerprint.compare(loaded.probe(ids, lora=False), loaded.probe(ids, lora=True))
    with llama.opened(made.file, Compute(1), made.runtime) as alone:
        bare = alone.probe(ids, lora=True)

    assert seen.differs
    assert fingerprint.compare(bare, bare).bare == seen.bare, "with the LoRA taken off it is the base file alone"


def test_answers_are_greedy_by_the_logits_with_the_lora(made: Made, loaded: Llama) -> None:
    given = llama_answers.answer_all(loaded, made.engine.tokenizer, items(), Decoding(1, 12))
    loaded.context(256, 1)
    for text, answer in zip(passages(made.engine.tokenizer, items()), given, strict=True):
        logits = loaded.logits(text.prompt, answer.ids)
        best = logits.max(dim=-1).values
        taken = logits.gather(1, torch.tensor(answer.ids).unsqueeze(1))[:, 0]
        assert torch.all(best - taken < 1e-3)


def program(folder: Path, made: Made, old: str, new: str) -> llama.Runtime:
    """The program with one thing in it done otherwise."""
    text = llama.PROGRAM.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = folder / "child.py"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return llama.Runtime((sys.executable, "-P", str(path)), made.tools.environment())


@pytest.mark.parametrize(
    ("old", "new"),
    [("            self._apply(self.lora)  #", "            pass  #"), ("SCALE = 1.0", "SCALE = 0.0")],
    ids=["not applied", "applied at nothing"],
)
def test_a_lora_that_is_loaded_and_not_applied_does_not_speak(made: Made, tmp_path: Path, old: str, new: str) -> None:
    """llama.cpp#28674: the base answered, and nothing said so."""
    with (
        pytest.raises(EngineError, match="the LoRA moves no logit: it was loaded and is not applied"),
        llama.opened(made.file, Compute(1), program(tmp_path, made, old, new), made.lora),
    ):
        pass


@pytest.mark.parametrize("scale", ["0.5", "2.0"])
def test_a_lora_applied_at_another_scale_is_away_from_the_adapter(made: Made, tmp_path: Path, scale: str) -> None:
    runtime = program(tmp_path, made, "SCALE = 1.0", f"SCALE = {scale}")
    with llama.opened(made.file, Compute(1), runtime, made.lora) as loaded:
        found = summarize(figures(made, loaded))

    assert summary.within(found, GgufGates().max_kl_f16, 0.95, {}).value == 0.0


def test_llama_cpp_serves_a_lora_with_a_pair_missing_and_is_seen_to_be_away(made: Made, tmp_path: Path) -> None:
    """Without a word: so the file is read back, and its logits are held against the adapter's."""
    one = "blk.1.ffn_down.weight"
    half = tiny_lora.rewritten(
        made.lora, tmp_path / lora.FILE, lambda held: {name: held[name] for name in held if not name.startswith(one)}
    )
    with llama.opened(made.file, Compute(1), made.runtime, half) as loaded:
        found = summarize(figures(made, loaded))

    assert summary.within(found, GgufGates().max_kl_f16, 0.95, {}).value == 0.0


def refusal(made: Made, file: Path, path: Path) -> str:
    with pytest.raises(EngineError) as caught, llama.opened(file, Compute(1), made.runtime, path):
        pass
    return str(caught.value)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_lora_that_was_cut_short_is_not_served(made: Made, tmp_path: Path, share: float) -> None:
    data = made.lora.read_bytes()
    (tmp_path / lora.FILE).write_bytes(data[: int(len(data) * share)])

    assert "it is cut short, no LoRA, or one of another base" in refusal(made, made.file, tmp_path / lora.FILE)


def test_a_lora_of_another_base_is_not_served_and_llama_cpp_says_why(made: Made, tmp_path: Path) -> None:
    prove.write(tmp_path / convert.FILE)

    said = refusal(made, tmp_path / convert.FILE, made.lora)

    assert "maybe wrong base model?" in said
    assert said.splitlines()[-1].endswith("it is cut short, no LoRA, or one of another base")


def test_a_model_in_place_of_a_lora_is_not_served(made: Made) -> None:
    assert "expect general.type to be 'adapter', but got: model" in refusal(made, made.file, made.file)


def prompt_of(made: Made, limit: int = 6) -> Prompt:
    turns = [dict(turn) for turn in items()[0].messages]
    tokenizer = made.engine.tokenizer
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ids = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
    return Prompt("one", text, ids, turns[0]["content"], turns[1]["content"], limit)


def test_every_program_answers_otherwise_with_the_lora_than_without(made: Made) -> None:
    prompt = prompt_of(made)
    for ask in (
        lambda path: smoke.completion(made.tools, made.file, prompt, Compute(1), SECONDS, path),
        lambda path: smoke.cli(made.tools, made.file, prompt, Compute(1), SECONDS, path),
        lambda path: smoke.by_binding(made.tools, made.file, [prompt], Compute(1), always(SECONDS), path)[0],
    ):
        with_it, without = ask(made.lora), ask(None)
        assert not with_it.failed
        assert with_it.text
        assert with_it.text != without.text
