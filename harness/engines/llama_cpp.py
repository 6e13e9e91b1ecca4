"""Ask a GGUF file through llama.cpp in a child process. If the child crashes or hangs, this process goes on and reports
it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import child
from harness.engines.answers import Answer
from harness.engines.child import Child
from harness.engines.generate import Decoding, batches
from harness.engines.llama_compute import Compute
from harness.engines.patience import REPLY, Patience, size_of
from harness.engines.progress import Progress, silent
from harness.errors import EngineError

PROGRAM = Path(__file__).with_name("llama_cpp_child.py")
PROBED = 64
"""Tokens at most of the prompt that the child tries a LoRA out on."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """How the child with llama.cpp is started."""

    command: tuple[str, ...] = (sys.executable, "-P", str(PROGRAM))
    """Followed by the file, the number of threads and that of layers on a GPU. ``-P``: no module beside the program
    hides another."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside this process's own, such as LLAMA_CPP_LIB_PATH."""
    patience: float = REPLY
    """Seconds that any reply may take, beside those for the file's size and its tokens."""


class Llama:
    """A GGUF file that is loaded in a child process; `opened` makes it. One request at a time."""

    def __init__(self, path: Path, running: Child, patience: Patience) -> None:
        self.path = path
        self._ask = running.ask
        self._running = running
        self._patience = patience

    @property
    def peak(self) -> int:
        """Most bytes that the child has held so far."""
        return self._running.peak

    def facts(self) -> dict[str, Any]:
        """``vocabulary``, ``end`` (token id), ``ends`` (all ids at which it stops), ``trained_length``, ``system``
        (instruction sets), ``version``."""
        return self._ask({"op": "facts"})[0]

    def context(self, length: int, sequences: int) -> None:
        """Make a new, empty context for `sequences` sequences of `length` tokens each."""
        self._ask({"op": "context", "length": length, "sequences": sequences})

    def tokenize(self, text: str) -> list[int]:
        """Ids of a text that continues another one, such as an answer behind its prompt: no token is put in front."""
        return list(self._ask({"op": "tokenize", "text": text})[0]["ids"])

    def render(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()
    ) -> tuple[str, list[int]]:
        """A prompt by the file's own chat template, and its ids by the file's own tokenizer."""
        turns, given = [dict(turn) for turn in messages], [dict(tool) for tool in tools]
        reply, _ = self._ask({"op": "render", "messages": turns, "tools": given})
        return str(reply["text"]), list(reply["ids"])

    def logits(self, prompt: Sequence[int], completion: Sequence[int]) -> Any:
        """Teacher-forced logits at each completion position: a float32 tensor (tokens, vocab)."""
        import torch

        ids = [*prompt, *completion]
        limit = self._patience.answering(len(ids), 0)
        _, raw = self._ask({"op": "logits", "ids": ids, "first": len(prompt)}, limit)
        return torch.frombuffer(bytearray(raw), dtype=torch.float32).reshape(len(completion), -1)

    def generate(
        self, prompts: Sequence[Sequence[int]], most: int, stop: Sequence[str] = ()
    ) -> tuple[list[list[int]], float]:
        """Greedy ids of each prompt, the end token included where the model wrote it, and the seconds that it took.

        Args:
            stop: texts that end an answer.
        """
        asked = {"prompts": [list(prompt) for prompt in prompts], "most": most, "stop": list(stop)}
        limit = self._patience.answering(sum(map(len, prompts)), most * len(prompts))
        reply, _ = self._ask({"op": "generate", **asked}, limit)
        return reply["answers"], float(reply["seconds"])

    def probe(self, ids: Sequence[int], *, lora: bool) -> Any:
        """Logits after a prompt, with the LoRA or without it: a float32 tensor (vocab,). The context is a new one."""
        import torch

        _, raw = self._ask({"op": "probe", "ids": list(ids), "lora": lora}, self._patience.answering(len(ids), 0))
        return torch.frombuffer(bytearray(raw), dtype=torch.float32)


@contextmanager
def opened(path: Path, compute: Compute, runtime: Runtime, lora: Path | None = None) -> Iterator[Llama]:
    """A GGUF file, loaded in a child process that ends with the context, come what may.

    Args:
        lora: a GGUF LoRA that is applied to it, at scale 1.

    Raises:
        EngineError: the child died (by which signal), hung, cannot load the file, the LoRA changes nothing, or layers
            that were to lie on a GPU do not.
    """
    command = [*runtime.command, str(path), str(compute.threads), str(compute.layers)]
    command += [] if lora is None else [str(lora)]
    # ggml would call a debugger for a backtrace, whose lines would stand in place of what failed
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1", **runtime.environment}
    patience = Patience(size_of(path, lora), runtime.patience)
    # a LoRA is tried out before the child is ready
    loading = patience.both(0 if lora is None else 2 * PROBED, 0)
    with child.started(command, environment, runtime.patience, "llama.cpp", path.name, loading) as running:
        if missing := compute.missing(str(running.ready.get("log", ""))):
            raise EngineError(f"{path.name}: {missing}")
        yield Llama(path, running, patience)


def answer_all(
    llama: Llama,
    tokenizer: Any,
    items: Sequence[Item],
    decoding: Decoding,
    progress: Progress = silent,
) -> list[Answer]:
    """One greedy answer an item, in the order of the items; batches depend on the list of items alone.

    Raises:
        EngineError: the child died, hung or refused.
    """
    prompts = {item.id: tokens.prompt_ids(tokenizer, item.messages, item.tools) for item in items}
    last = {tokenizer.eos_token_id, tokens.end_of_turn(tokenizer)}

    def ended(ids: Sequence[int]) -> bool:
        return ids[-1] in last or tokens.stopped(tokenizer, ids, decoding.stop)

    grouped = batches({name: len(ids) for name, ids in prompts.items()}, decoding)
    answers: dict[str, Answer] = {}
    for batch in grouped:
        llama.context(max(len(prompts[name]) for name in batch) + decoding.max_new_tokens, len(batch))
        generated, _ = llama.generate([prompts[name] for name in batch], decoding.max_new_tokens, decoding.stop)
        for name, ids in zip(batch, generated, strict=True):
            answers[name] = Answer(
                item=name,
                text=tokens.text_of(tokenizer, ids, decoding.stop),
                ids=tuple(ids),
                # llama.cpp ends at any token that the file declares to be an end, not only at the tokenizer's own
                stop="end" if len(ids) < decoding.max_new_tokens or ended(ids) else "length",
                prompt_tokens=len(prompts[name]),
            )
        progress(len(answers), len(items))
    return [answers[item.id] for item in items]
