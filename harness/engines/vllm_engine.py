"""vLLM as an engine: a base, and the adapter sent with every request, in a child process of another environment.

Prompts come from the base's own tokenizer, so that every form is asked with the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import child, fingerprint, perplexity
from harness.engines.answers import Answer
from harness.engines.child import Child
from harness.engines.divergence import Passage
from harness.engines.engine import Footprint
from harness.engines.fingerprint import Fingerprint
from harness.engines.generate import Decoding, batches, end_tokens
from harness.engines.halving import Halved
from harness.engines.perplexity import TextLoss
from harness.engines.progress import Progress, silent
from harness.engines.vllm_environment import Environment

PROGRAM = Path(__file__).with_name("vllm_child.py")
PATIENCE = 1200.0
"""Seconds that one reply may take, loading included: on a busy machine the import alone took 50."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the program loads a base."""

    dtype: str
    context: int
    """Tokens of a prompt and its answer together."""
    sequences: int
    """Answers at once, at most."""
    kv_cache_gib: int
    threads: int
    quantization: str = ""


@dataclass(frozen=True, slots=True)
class VllmEngine:
    """`harness.engines.engine.Engine` over one loaded base and its adapter, if there is one."""

    running: Child
    tokenizer: Any
    ends: frozenset[int]
    """Tokens that end an answer."""
    mounted: bool

    def answer(self, items: Sequence[Item], decoding: Decoding, progress: Progress = silent) -> list[Answer]:
        prompts = {item.id: tokens.prompt_ids(self.tokenizer, item.messages, item.tools) for item in items}
        answers: dict[str, Answer] = {}
        for batch in batches({name: len(ids) for name, ids in prompts.items()}, decoding):
            asked = {"prompts": [prompts[name] for name in batch], "most": decoding.max_new_tokens}
            reply, _ = self.running.ask({"op": "generate", **asked, "ends": sorted(self.ends)})
            for name, ids in zip(batch, reply["answers"], strict=True):
                answers[name] = self._answer(name, ids, decoding, len(prompts[name]))
            progress(len(answers), len(items))
        return [answers[item.id] for item in items]

    def _answer(self, name: str, ids: list[int], decoding: Decoding, prompt_tokens: int) -> Answer:
        """What vLLM wrote up to the first text that ends an answer: such texts are looked for here, as for every
        engine, and what was written behind them is dropped."""
        stops = (k for k in range(1, len(ids) + 1) if tokens.stopped(self.tokenizer, ids[:k], decoding.stop))
        cut = next(stops, None) if decoding.stop else None
        kept = ids[:cut]
        return Answer(
            item=name,
            text=tokens.text_of(self.tokenizer, kept, decoding.stop),
            ids=tuple(kept),
            stop="end" if cut is not None or (kept and kept[-1] in self.ends) else "length",
            prompt_tokens=prompt_tokens,
        )

    def logits(self, texts: Sequence[Passage]) -> Iterator[Any]:
        return (self._logits(text) for text in texts)

    def _logits(self, text: Passage) -> Any:
        import torch

        asked = {"ids": [*text.prompt, *text.completion], "first": len(text.prompt)}
        _, raw = self.running.ask({"op": "logits", **asked})
        return torch.frombuffer(bytearray(raw), dtype=torch.float32).reshape(len(text.completion), -1)

    def losses(self, texts: Sequence[str]) -> list[TextLoss]:
        encoded = [tuple(ids) for ids in perplexity.encoded(self.tokenizer, texts)]
        passages = [Passage(ids[:1], ids[1:]) for ids in encoded]
        return [
            TextLoss(len(one.completion), perplexity.nats(logits, one.completion))
            for one, logits in zip(passages, self.logits(passages), strict=True)
        ]

    def halved(self) -> Sequence[Halved]:
        return ()  # vLLM holds no more at once than the cache that it set aside has room for

    def footprint(self) -> Footprint:
        return Footprint(self.running.peak, "process, at most")

    def spoken(self) -> Fingerprint | None:
        if not self.mounted:
            return None
        ids = tokens.prompt_ids(self.tokenizer, fingerprint.PROBE)
        bare, mounted = (self._probe(ids, lora=applied) for applied in (False, True))
        return fingerprint.compare(bare, mounted)

    def _probe(self, ids: Sequence[int], *, lora: bool) -> Any:
        """Logits after a prompt, with the adapter or without it: a float32 tensor (vocab,)."""
        import torch

        _, raw = self.running.ask({"op": "probe", "ids": list(ids), "lora": lora})
        return torch.frombuffer(bytearray(raw), dtype=torch.float32)


@contextmanager
def opened(base: Path, adapter: Path | None, settings: Settings, environment: Environment) -> Iterator[VllmEngine]:
    """A base, and the adapter that is asked for with every request, in a child that ends with the context.

    Raises:
        EngineError: the child died, hung, cannot load one of them, or the adapter changes nothing.
    """
    from transformers import AutoTokenizer, GenerationConfig

    command = [str(environment.python), "-P", str(PROGRAM), "--base", str(base), "--dtype", settings.dtype]
    command += ["--context", str(settings.context), "--sequences", str(settings.sequences)]
    command += ["--threads", str(settings.threads), "--quantization", settings.quantization]
    command += [] if adapter is None else ["--lora", str(adapter)]
    variables = environment.variables(settings.threads, settings.kv_cache_gib)
    what = base.name if adapter is None else f"{base.name} with {adapter.name}"
    with child.started(command, variables, PATIENCE, "vLLM", what) as running:
        tokenizer = AutoTokenizer.from_pretrained(base)
        named = GenerationConfig.from_pretrained(base) if (base / "generation_config.json").is_file() else None
        yield VllmEngine(running, tokenizer, end_tokens(tokenizer, named), adapter is not None)
