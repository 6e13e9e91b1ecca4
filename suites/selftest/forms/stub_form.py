"""A deployed form of a package that greenrun does not know: transformers' own ``generate``, one item at a time.

Tests copy this file as a package of its own (`test_stub_form.py`); nothing else of greenrun names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import fingerprint, perplexity
from harness.engines.answers import Answer
from harness.engines.divergence import Passage
from harness.engines.engine import Engine, Footprint
from harness.engines.fingerprint import Fingerprint
from harness.engines.generate import Decoding
from harness.engines.halving import Halved
from harness.engines.perplexity import TextLoss
from harness.engines.progress import Progress, silent
from harness.forms.form import Direct


@dataclass
class StubEngine:
    model: Any
    """Of transformers, or of peft where an adapter is on it."""
    tokenizer: Any

    def answer(self, items: Sequence[Item], decoding: Decoding, progress: Progress = silent) -> list[Answer]:
        return [self._answer(item, decoding.max_new_tokens) for item in items]

    def logits(self, texts: Sequence[Passage]) -> Iterator[Any]:
        for text in texts:
            yield self._logits([*text.prompt, *text.completion])[len(text.prompt) - 1 : -1]

    def losses(self, texts: Sequence[str]) -> list[TextLoss]:
        encoded = perplexity.encoded(self.tokenizer, texts)
        return [TextLoss(len(ids) - 1, perplexity.nats(self._logits(ids)[:-1], ids[1:])) for ids in encoded]

    def halved(self) -> Sequence[Halved]:
        return ()

    def footprint(self) -> Footprint:
        return Footprint(int(self.model.get_memory_footprint()), "weights")

    def spoken(self) -> Fingerprint | None:
        if not hasattr(self.model, "disable_adapter"):
            return None
        probe = tokens.prompt_ids(self.tokenizer, fingerprint.PROBE)
        with self.model.disable_adapter():
            bare = self._logits(probe)[-1]
        return fingerprint.compare(bare, self._logits(probe)[-1])

    def _answer(self, item: Item, most: int) -> Answer:
        import torch

        prompt = tokens.prompt_ids(self.tokenizer, item.messages)
        given = torch.tensor([prompt])
        made = self.model.generate(
            input_ids=given, attention_mask=torch.ones_like(given), do_sample=False, max_new_tokens=most
        )
        ids = made[0, len(prompt) :].tolist()
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        stop = "end" if ids[-1] == self.tokenizer.eos_token_id else "length"
        return Answer(item.id, text, tuple(ids), stop, len(prompt))

    def _logits(self, ids: Sequence[int]) -> Any:
        """At every position: float32 (tokens, vocab)."""
        import torch

        with torch.inference_mode():
            return self.model(input_ids=torch.tensor([list(ids)])).logits[0].float()


class Stub(Direct):
    name = "stub"
    engine = "transformers' generate"
    place = "stub_form:FORM"

    @contextmanager
    def opened(self, base: Path, adapter: Path | None, threads: int) -> Iterator[Engine]:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(threads)
        model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, adapter)
        yield StubEngine(model.eval(), AutoTokenizer.from_pretrained(base))


FORM = Stub()
