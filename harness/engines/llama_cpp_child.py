"""The child program that runs llama.cpp: one GGUF file, asked over standard input and output.

It runs in a process of its own, since a kernel that the machine cannot run ends the whole process. It imports nothing
of this project, so that any interpreter with llama-cpp-python can run it.

Each request is one JSON line on standard input. Each reply is one JSON line on standard output, followed by as many
raw bytes as its ``bytes`` says. A request that fails is answered with ``error``.

    {"op": "facts"}                                    what the file says of itself
    {"op": "context", "length": L, "sequences": S}     makes a context of S sequences of L tokens
    {"op": "tokenize", "text": T}                      ids of a text that goes on: nothing is put in front of it
    {"op": "render", "messages": M, "tools": T}        the file's own chat template, and the ids of what it gives
    {"op": "logits", "ids": I, "first": F}             float32 (len(I) - F, vocabulary): after I[F-1], I[F], ...
    {"op": "generate", "prompts": P, "most": N, "stop": S}   greedy ids of each prompt, its end token included; an
                                                       answer also ends where it comes to a text of S
    {"op": "probe", "ids": I, "lora": true}            float32 (vocabulary): after the last of I, with the LoRA or bare

With a LoRA file the adapter stays apart: it is laid upon every context at scale 1. A LoRA that is loaded and not
applied answers as the bare base and without a word (llama.cpp#28674), so nothing is served before it moved a logit.

Once it can be asked it says ``{"ready": true, "log": ..., "bytes": 0}``. Where layers were to lie on a GPU, the log is
what llama.cpp said of loading them; whoever asked judges by it whether they do.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, BinaryIO

import llama_cpp
import numpy as np

SCALE = 1.0
"""Scale of the LoRA, on top of the alpha and the rank that its file holds."""
PROBE = "In one sentence: what were you made to do?"
"""The prompt of the probe: with the LoRA at least one of its logits must differ."""
ROOM = 256
"""Context length for the probe, in tokens: enough for a short question under any chat template."""


class Session:
    """A loaded file, the LoRA that is applied to it, and the context that it is asked in."""

    def __init__(self, path: str, threads: int, layers: int, lora: str = "") -> None:
        self.said: list[str] = []
        llama_cpp.llama_backend_init()
        options = llama_cpp.llama_model_default_params()
        options.n_gpu_layers = layers
        none = (ctypes.c_void_p * 1)()
        if layers == 0:  # without any device: else a GPU would take long prompts, whose weights it fetches for that
            options.devices = ctypes.cast(none, ctypes.c_void_p)
        else:
            options.split_mode = llama_cpp.LLAMA_SPLIT_MODE_NONE  # on the first GPU alone
        with overheard(self.said) if layers else nullcontext():
            self.model = llama_cpp.llama_model_load_from_file(path.encode(), options)
        if not self.model:
            raise ValueError(f"llama.cpp cannot load {path}; the file is cut, or is no GGUF")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.threads = threads
        self.context: Any = None
        self.length = 0
        self.formatter: Any = None
        self.lora: Any = self._load_lora(lora) if lora else None

    def _load_lora(self, path: str) -> Any:
        lora = llama_cpp.llama_adapter_lora_init(self.model, path.encode())
        if not lora:
            raise ValueError(f"llama.cpp cannot apply {path}: it is cut short, no LoRA, or one of another base")
        return lora

    def prove_lora(self) -> None:
        """Check that the LoRA changes a logit of a fixed probe. Called before anything else may be asked."""
        if self.lora is None:
            return
        ids = self.tokenize(PROBE, begins=True)
        if np.array_equal(self.probe(ids, lora=False), self.probe(ids, lora=True)):
            raise ValueError(
                "the LoRA moves no logit: it was loaded and is not applied, and the bare base would answer"
            )

    def probe(self, ids: list[int], lora: bool) -> Any:
        """Logits after the last token, computed in a new context."""
        self.make_context(max(len(ids) + 1, ROOM), 1)
        if not lora:
            self._apply(None)
        return self.logits([*ids, 0], len(ids))[0].copy()

    def _apply(self, lora: Any) -> None:
        """Apply a LoRA to the context; None removes it."""
        count = 0 if lora is None else 1
        loras = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(lora) if count else None
        status = llama_cpp.llama_set_adapters_lora(self.context, loras, count, (ctypes.c_float * 1)(SCALE))
        if status != 0:
            raise ValueError(f"llama_set_adapters_lora returned {status}")

    def facts(self) -> dict[str, Any]:
        return {
            "vocabulary": self.size,
            "end": llama_cpp.llama_vocab_eos(self.vocabulary),
            "ends": [one for one in range(self.size) if llama_cpp.llama_vocab_is_eog(self.vocabulary, one)],
            "trained_length": llama_cpp.llama_model_n_ctx_train(self.model),
            "system": llama_cpp.llama_print_system_info().decode(),
            "version": llama_cpp.__version__,
        }

    def make_context(self, length: int, sequences: int) -> dict[str, Any]:
        if self.context is not None:
            llama_cpp.llama_free(self.context)
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = length * sequences
        options.n_batch = max(length, sequences)  # one passage, or one token of each sequence, is one call
        options.n_ubatch = min(512, options.n_batch)
        options.n_seq_max = sequences
        options.n_threads = options.n_threads_batch = self.threads
        options.no_perf = True
        self.context = llama_cpp.llama_init_from_model(self.model, options)
        self.length = length
        if not self.context:
            raise ValueError(f"llama.cpp has no room for {sequences} sequences of {length} tokens")
        if self.lora is not None:
            self._apply(self.lora)  # a LoRA belongs to a context, and goes with it
        return {}

    def tokenize(self, text: str, begins: bool) -> list[int]:
        """Ids of a text; special tokens are recognised. Where it begins a prompt, the tokens are put in front that the
        file asks for."""
        raw = text.encode()
        room = len(raw) + 8
        found = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self.vocabulary, raw, len(raw), found, room, begins, True)
        if count < 0:
            raise ValueError(f"llama.cpp cannot tokenize {text[:60]!r}")
        return list(found[:count])

    def render(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> tuple[str, list[int]]:
        text = self._formatter()(messages=messages, tools=tools or None).prompt
        return text, self.tokenize(text, begins=True)  # as llama.cpp's own programs do

    def _formatter(self) -> Any:
        """llama-cpp-python's formatter of the file's chat template, as its users get it."""
        if self.formatter is None:
            from llama_cpp.llama_chat_format import Jinja2ChatFormatter

            template = llama_cpp.llama_model_chat_template(self.model, None)
            if not template:
                raise ValueError("the file holds no chat template; convert it from a folder that has one")
            self.formatter = Jinja2ChatFormatter(
                template=template.decode(),
                eos_token=self._piece(llama_cpp.llama_vocab_eos(self.vocabulary)),
                bos_token=self._piece(llama_cpp.llama_vocab_bos(self.vocabulary)),
                add_generation_prompt=True,
            )
        return self.formatter

    def _piece(self, token: int) -> str:
        return llama_cpp.llama_vocab_get_text(self.vocabulary, token).decode() if token >= 0 else ""

    def logits(self, ids: list[int], first: int) -> np.ndarray[Any, Any]:
        self._check(len(ids))
        self._forget()
        self._decode([(token, place, 0, place >= first - 1) for place, token in enumerate(ids)])
        rows = len(ids) - first
        held = llama_cpp.llama_get_logits(self.context)
        return np.ctypeslib.as_array(held, shape=(rows + 1, self.size))[:rows]

    def generate(self, prompts: list[list[int]], most: int, stop: list[str]) -> list[list[int]]:
        """Greedy ids of each prompt, decoded side by side; each ends at an end token, at a stop text, or after `most`
        tokens."""
        self._check(max(map(len, prompts)) + most)
        self._forget()
        answers: list[list[int]] = [[] for _ in prompts]
        best: dict[int, int] = {}
        for number, prompt in enumerate(prompts):
            last = len(prompt) - 1
            self._decode([(token, place, number, place == last) for place, token in enumerate(prompt)])
            best[number] = self._best(0)
        for step in range(most):
            for number, token in best.items():
                answers[number].append(token)
            going = [
                n
                for n, token in best.items()
                if not llama_cpp.llama_vocab_is_eog(self.vocabulary, token) and not self._stopped(answers[n], stop)
            ]
            if not going or step + 1 == most:
                break
            self._decode([(best[n], len(prompts[n]) + step, n, True) for n in going])
            best = {n: self._best(row) for row, n in enumerate(going)}
        return answers

    def _stopped(self, answer: list[int], stop: list[str]) -> bool:
        """Whether one of the stop texts stands in the last tokens of the answer."""
        if not stop:
            return False
        raw = [text.encode() for text in stop]
        tail = b"".join(self._bytes(token) for token in answer[-max(map(len, raw)) :])
        return any(text in tail for text in raw)

    def _bytes(self, token: int) -> bytes:
        room = 256
        found = ctypes.create_string_buffer(room)
        count = llama_cpp.llama_token_to_piece(self.vocabulary, token, found, room, 0, True)
        return found.raw[:count] if count > 0 else b""

    def _best(self, row: int) -> int:
        held = llama_cpp.llama_get_logits(self.context)
        start = ctypes.cast(held, ctypes.POINTER(ctypes.c_float * self.size))
        return int(np.argmax(np.ctypeslib.as_array(start[row])))

    def _check(self, tokens: int) -> None:
        """Refuse a batch that is too long: llama.cpp would end the process."""
        if tokens > self.length:
            raise ValueError(f"{tokens} tokens do not fit into a context of {self.length}")

    def _forget(self) -> None:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def _decode(self, entries: list[tuple[int, int, int, bool]]) -> None:
        """Decode entries of (token, position, sequence, whether its logits are wanted) in one call."""
        batch = llama_cpp.llama_batch_init(len(entries), 0, 1)
        try:
            batch.n_tokens = len(entries)
            for row, (token, place, sequence, wanted) in enumerate(entries):
                batch.token[row], batch.pos[row] = token, place
                batch.n_seq_id[row], batch.seq_id[row][0] = 1, sequence
                batch.logits[row] = wanted
            status = llama_cpp.llama_decode(self.context, batch)
        finally:
            llama_cpp.llama_batch_free(batch)
        if status != 0:
            raise ValueError(f"llama_decode returned {status} on {len(entries)} tokens")


def answer(session: Session, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    started = time.monotonic()
    reply: dict[str, Any] = {}
    raw = b""
    match request["op"]:
        case "facts":
            reply = session.facts()
        case "context":
            reply = session.make_context(request["length"], request["sequences"])
        case "tokenize":
            reply = {"ids": session.tokenize(request["text"], begins=False)}
        case "render":
            text, ids = session.render(request["messages"], request["tools"])
            reply = {"text": text, "ids": ids}
        case "logits":
            raw = np.ascontiguousarray(session.logits(request["ids"], request["first"]), dtype="<f4").tobytes()
        case "generate":
            reply = {"answers": session.generate(request["prompts"], request["most"], request["stop"])}
        case "probe":
            raw = np.ascontiguousarray(session.probe(request["ids"], request["lora"]), dtype="<f4").tobytes()
        case other:
            raise ValueError(f"no such request: {other!r}")
    return {**reply, "seconds": time.monotonic() - started, "peak": peak_memory()}, raw


def peak_memory() -> int:
    """Peak resident memory of this program, in bytes.

    Of this program only: getrusage also counts what the process held before as a copy of its parent, which may have a
    model loaded.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def serve(session: Session, asked: BinaryIO, replies: BinaryIO) -> None:
    for line in asked:
        try:
            reply, raw = answer(session, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reply, raw = {"error": f"{type(error).__name__}: {error}"}, b""
        replies.write(json.dumps({**reply, "bytes": len(raw)}).encode() + b"\n" + raw)
        replies.flush()


def die_with_parent() -> None:
    """Kill this process when its parent ends, so that a killed run leaves no engine behind (Linux: prctl's
    PR_SET_PDEATHSIG)."""
    parent = os.getppid()
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except (OSError, AttributeError):
        return  # no Linux: the end of its standard input ends it
    if os.getppid() != parent:
        sys.exit(1)


@contextmanager
def overheard(said: list[str]) -> Iterator[None]:
    """For the context, what llama.cpp logs is kept, and printed as ever."""

    def hear(level: int, text: bytes, data: Any) -> None:
        said.append(text.decode("utf-8", "replace"))
        print(said[-1], end="", file=sys.stderr)

    listener = llama_cpp.llama_log_callback(hear)
    llama_cpp.llama_log_set(listener, ctypes.c_void_p(0))
    try:
        yield
    finally:
        llama_cpp.llama_log_set(llama_cpp.llama_log_callback(), ctypes.c_void_p(0))  # none: it prints by itself again


def main() -> None:
    die_with_parent()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever llama.cpp prints must not stand between two replies
    path, threads, layers, *lora = sys.argv[1:]
    try:
        session = Session(path, int(threads), int(layers), *lora)
        session.prove_lora()
    except ValueError as error:
        sys.exit(f"{error}")  # behind what llama.cpp itself printed of the cause
    log = "".join(line for line in session.said if "offloaded" in line or "model buffer size" in line)
    replies.write(json.dumps({"ready": True, "log": log, "bytes": 0}).encode() + b"\n")
    replies.flush()
    serve(session, sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
