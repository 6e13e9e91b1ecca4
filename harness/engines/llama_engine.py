"""llama.cpp as an engine: a GGUF file in a child process. Prompts come from the base's own tokenizer, so that every
form is asked with the same ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import fingerprint, llama_cpp, perplexity
from harness.engines.answers import Answer
from harness.engines.divergence import Passage
from harness.engines.engine import Footprint
from harness.engines.fingerprint import Fingerprint
from harness.engines.generate import Decoding
from harness.engines.halving import Halved
from harness.engines.llama_compute import Compute
from harness.engines.llama_cpp import Llama, Runtime
from harness.engines.perplexity import TextLoss
from harness.engines.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class LlamaEngine:
    """`harness.engines.engine.Engine` over one loaded file."""

    llama: Llama
    tokenizer: Any
    apart: bool = False
    """Whether the adapter is a LoRA on top of the file; then the file can also be asked without it."""
    on_gpu: bool = False
    """Whether layers lie on a GPU, whose memory is not counted."""

    def answer(self, items: Sequence[Item], decoding: Decoding, progress: Progress = silent) -> list[Answer]:
        return llama_cpp.answer_all(self.llama, self.tokenizer, items, decoding, progress)

    def logits(self, texts: Sequence[Passage]) -> Iterator[Any]:
        self.llama.context(max(len(one.prompt) + len(one.completion) for one in texts), 1)
        return (self.llama.logits(text.prompt, text.completion) for text in texts)

    def losses(self, texts: Sequence[str]) -> list[TextLoss]:
        encoded = [tuple(ids) for ids in perplexity.encoded(self.tokenizer, texts)]
        passages = [Passage(ids[:1], ids[1:]) for ids in encoded]
        return [
            TextLoss(len(one.completion), perplexity.nats(logits, one.completion))
            for one, logits in zip(passages, self.logits(passages), strict=True)
        ]

    def halved(self) -> Sequence[Halved]:
        return ()  # its form asks one by one

    def footprint(self) -> Footprint:
        return Footprint(self.llama.peak, "process, at most" + (", without the GPU's" if self.on_gpu else ""))

    def spoken(self) -> Fingerprint | None:
        if not self.apart:
            return None
        ids = tokens.prompt_ids(self.tokenizer, fingerprint.PROBE)
        bare, mounted = (self.llama.probe(ids, lora=applied) for applied in (False, True))
        return fingerprint.compare(bare, mounted)


@contextmanager
def opened(file: Path, lora: Path | None, tokenizer: Path, compute: Compute, runtime: Runtime) -> Iterator[LlamaEngine]:
    """A GGUF file, and the LoRA laid upon it where there is one, in a child that ends with the context.

    Args:
        tokenizer: folder of the base's own.

    Raises:
        EngineError: the child died, hung, cannot load the file, the LoRA changes nothing, or layers that were to lie on
            a GPU do not.
    """
    from transformers import AutoTokenizer

    with llama_cpp.opened(file, compute, runtime, lora) as loaded:
        words = AutoTokenizer.from_pretrained(tokenizer)
        yield LlamaEngine(loaded, words, apart=lora is not None, on_gpu=compute.layers != 0)
