"""Ask a GGUF file through llama.cpp in a child process. If the child crashes or hangs, this process goes on and reports
it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines.answers import Answer
from harness.engines.generate import Decoding, batches
from harness.engines.native import CAUSES, MENDS
from harness.errors import EngineError

PROGRAM = Path(__file__).with_name("llama_cpp_child.py")
PATIENCE = 300.0
"""Seconds that one reply may take: a batch of 64 answers of a 135M model takes half a minute on one core."""
MOST_REPLY = 1 << 20
"""Most bytes of one reply's line; a longer line is an error."""
LAST_WORDS = 2000
"""Bytes of the child's standard error that a message shows."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """How the child with llama.cpp is started."""

    command: tuple[str, ...] = (sys.executable, "-P", str(PROGRAM))
    """Followed by the file and the number of threads. ``-P``: no module beside the program hides another."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside this process's own, such as LLAMA_CPP_LIB_PATH."""
    patience: float = PATIENCE


class Llama:
    """A GGUF file that is loaded in a child process; `opened` makes it. One request at a time."""

    def __init__(self, path: Path, child: subprocess.Popen[bytes], errors: IO[bytes], patience: float) -> None:
        self.path = path
        self.peak = 0
        """Peak memory of the child so far, in bytes."""
        self._child, self._errors, self._patience = child, errors, patience
        self._held = b""

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

        _, raw = self._ask({"op": "logits", "ids": [*prompt, *completion], "first": len(prompt)})
        return torch.frombuffer(bytearray(raw), dtype=torch.float32).reshape(len(completion), -1)

    def generate(
        self, prompts: Sequence[Sequence[int]], most: int, stop: Sequence[str] = ()
    ) -> tuple[list[list[int]], float]:
        """Greedy ids of each prompt, the end token included where the model wrote it, and the seconds that it took.

        Args:
            stop: texts that end an answer.
        """
        asked = {"prompts": [list(prompt) for prompt in prompts], "most": most, "stop": list(stop)}
        reply, _ = self._ask({"op": "generate", **asked})
        return reply["answers"], float(reply["seconds"])

    def probe(self, ids: Sequence[int], *, lora: bool) -> Any:
        """Logits after a prompt, with the LoRA or without it: a float32 tensor (vocab,). The context is a new one."""
        import torch

        _, raw = self._ask({"op": "probe", "ids": list(ids), "lora": lora})
        return torch.frombuffer(bytearray(raw), dtype=torch.float32)

    def _ask(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):  # it is dead, which the reading of its reply finds out
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
        reply, raw = self._reply(str(request["op"]))
        if "error" in reply:
            raise EngineError(f"llama.cpp refused {request['op']!r} on {self.path.name}: {reply['error']}")
        self.peak = max(self.peak, int(reply["peak"]))
        return reply, raw

    def await_ready(self) -> None:
        self._reply("load")

    def _reply(self, step: str) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + self._patience
        while b"\n" not in self._held:
            if len(self._held) > MOST_REPLY:
                raise EngineError(f"llama.cpp flooded its output at {step!r} on {self.path.name}; is it the program?")
            self._held += self._read(step, deadline)
        line, _, rest = self._held.partition(b"\n")
        try:
            reply = json.loads(line)
            wanted = int(reply["bytes"])
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"llama.cpp answered {line[:80]!r} at {step!r} on {self.path.name}") from error
        parts, held = [rest], len(rest)
        while held < wanted:
            parts.append(self._read(step, deadline))
            held += len(parts[-1])
        whole = b"".join(parts)
        self._held = whole[wanted:]
        return reply, whole[:wanted]

    def _read(self, step: str, deadline: float) -> bytes:
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise EngineError(
                f"llama.cpp gave no reply at {step!r} on {self.path.name} within {self._patience:g} s and was ended"
            )
        chunk = os.read(self._child.stdout.fileno(), 1 << 20)
        if not chunk:
            raise EngineError(self._epitaph(step))
        return chunk

    def _epitaph(self, step: str) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=10)
        code = self._child.returncode or 0
        place = f"at {step!r} on {self.path.name}"
        if code < 0:
            name, mend = signal.Signals(-code).name, MENDS.get(-code, "")
            cause = f"died of {name} {place}: {CAUSES.get(-code, 'no common cause is known')}{mend and f'; {mend}'}"
        else:
            cause = f"ended with status {code} {place}"
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - LAST_WORDS))
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()[-3:]
        return "\n".join([f"llama.cpp {cause}", *(f"  it said: {line}" for line in said)])


@contextmanager
def opened(path: Path, threads: int, runtime: Runtime, lora: Path | None = None) -> Iterator[Llama]:
    """A GGUF file, loaded in a child process that ends with the context, come what may.

    Args:
        lora: a GGUF LoRA that is applied to it, at scale 1.

    Raises:
        EngineError: the child died (by which signal), hung, cannot load the file, or the LoRA changes nothing.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            child = subprocess.Popen(
                [*runtime.command, str(path), str(threads), *([] if lora is None else [str(lora)])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # ggml would call a debugger for a backtrace, whose lines would stand in place of what failed
                env={**os.environ, "GGML_NO_BACKTRACE": "1", **runtime.environment},
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"{runtime.command[0]} cannot be started ({error.strerror})") from error
        try:
            loaded = Llama(path, child, errors, runtime.patience)
            loaded.await_ready()
            yield loaded
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()


Progress = Callable[[int, int], None]
"""Called with (done, total)."""


def answer_all(
    llama: Llama,
    tokenizer: Any,
    items: Sequence[Item],
    decoding: Decoding,
    progress: Progress = lambda done, total: None,
) -> list[Answer]:
    """One greedy answer an item, in the order of the items; batches depend on the list of items alone.

    Raises:
        EngineError: the child died, hung or refused.
    """
    prompts = {item.id: tokens.prompt_ids(tokenizer, item.messages, item.tools) for item in items}
    last = {tokenizer.eos_token_id, tokens.end_of_turn(tokenizer)}

    def ended(ids: Sequence[int]) -> bool:
        return ids[-1] in last or tokens.stopped(tokenizer, ids, decoding.stop)

    grouped = batches({name: len(ids) for name, ids in prompts.items()}, decoding.batch_size)
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
