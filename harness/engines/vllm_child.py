"""The program that has vLLM in it: one base and at most one adapter, asked over its standard streams.

It runs by the python of vLLM's own environment and imports nothing of this project. Prompts and answers are token ids,
so that the base's tokenizer and chat template are read by one library alone.

Each request is one JSON line on standard input. Each reply is one JSON line on standard output, followed by as many
raw bytes as its ``bytes`` says. A request that fails is answered with ``error``.

    {"op": "facts"}                             vocabulary, context, device, and whether batches can change an answer
    {"op": "logits", "ids": I, "first": F}      float32 (len(I) - F, vocabulary): after I[F-1], I[F], ...
    {"op": "generate", "prompts": P, "most": N, "ends": E}   greedy ids of each prompt, its end token included
    {"op": "probe", "ids": I, "lora": true}     float32 (vocabulary): after the last of I, with the adapter or bare

The adapter goes with every request as a ``LoRARequest``, and the base stays as it is. vLLM has served the bare base
while an adapter was asked for, without a word (vllm#55193, vllm#49354), so nothing is served before it moved a logit.

vLLM's own interface gives logits of a prompt one Python object a number, which at a vocabulary of 150,000 is 10 GB for
a page of text. So they are taken as tensors where the model makes them, and every position is held against what the
interface says of it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

PROBE = tuple(range(5, 21))
"""Token ids of any vocabulary; what the adapter must move a logit of."""
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""That vLLM makes room for."""
INVARIANT_FROM = (8, 0)
"""CUDA compute capability from which vLLM computes the same whatever is asked beside it (``VLLM_BATCH_INVARIANT``)."""
NAME, NUMBER = "adapter", 1


class Session:
    """A loaded base, the adapter that is asked for, and the logits that the model made last."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.cuda, self.invariant = prepare(options.threads)
        from vllm import LLM, SamplingParams
        from vllm.lora.request import LoRARequest

        self.parameters = SamplingParams
        length = context(Path(options.base), options.context)
        lora: dict[str, Any] = {}
        if options.lora:
            lora = {"enable_lora": True, "max_loras": 1, "max_lora_rank": room(Path(options.lora))}
        self.model = LLM(
            model=options.base,
            dtype=options.dtype,
            quantization=options.quantization or None,
            max_model_len=length,
            max_num_batched_tokens=max(length, options.sequences),  # a prompt is one step, never several
            max_num_seqs=options.sequences,
            enforce_eager=not self.cuda,
            enable_prefix_caching=False,  # an answer must not depend on what was asked before
            generation_config="vllm",  # plain greedy decoding: no penalty of the checkpoint's
            logprobs_mode="raw_logits",
            max_logprobs=1,
            seed=0,
            disable_log_stats=True,
            **lora,
        )
        self.length = length
        self.lora = LoRARequest(NAME, NUMBER, options.lora) if options.lora else None
        self.made: list[Any] = []
        self.model.apply_model(self._watch)

    def _watch(self, model: Any) -> None:
        """Keep what the model's head gives, as it gives it."""
        head = model.compute_logits

        def compute_logits(*args: Any, **named: Any) -> Any:
            logits = head(*args, **named)
            self.made.append(logits)
            return logits

        model.compute_logits = compute_logits

    def request(self) -> Any:
        """The adapter, for one request; None where the bare base is asked."""
        return self.lora

    def prove_lora(self) -> None:
        """The adapter moves a logit of a fixed probe; nothing else may be asked before."""
        if self.lora is None:
            return
        bare, mounted = (self.probe([*PROBE], lora=applied) for applied in (False, True))
        if bool((bare == mounted).all()):
            raise ValueError(
                "the LoRA moves no logit: it was loaded and is not applied, and the bare base would answer"
            )

    def facts(self) -> dict[str, Any]:
        return {
            "vocabulary": int(self.model.llm_engine.model_config.get_vocab_size()),
            "context": self.length,
            "device": "cuda" if self.cuda else "cpu",
            "invariant": self.invariant,
        }

    def generate(self, prompts: list[list[int]], most: int, ends: list[int]) -> list[list[int]]:
        """Greedy ids of each prompt, all side by side; each ends at one of `ends` or at `most`."""
        for prompt in prompts:
            self._check(len(prompt) + most)
        how = self.parameters(
            temperature=0.0, max_tokens=most, stop_token_ids=ends, ignore_eos=True, detokenize=False, seed=0
        )
        given = self._run(prompts, how, self.request())
        return [list(one.outputs[0].token_ids) for one in given]

    def logits(self, ids: list[int], first: int) -> Any:
        """After I[first - 1] to the last but one: float32 (tokens, vocabulary)."""
        given, _, rows = self._forward(ids, self.request())
        for place in range(1, len(ids)):  # what the interface says of each position: the token that came, and the best
            said = given.prompt_logprobs[place]
            for token, one in said.items():
                self._agree(float(rows[place - 1, token]), float(one.logprob), place)
        return rows[first - 1 :]

    def probe(self, ids: list[int], lora: bool) -> Any:
        """After the last token: float32 (vocabulary,)."""
        given, last, _ = self._forward(ids, self.request() if lora else None)
        for token, one in given.outputs[0].logprobs[0].items():
            self._agree(float(last[token]), float(one.logprob), len(ids))
        return last

    def _forward(self, ids: list[int], lora: Any) -> tuple[Any, Any, Any]:
        """One prompt's output, its last row of logits, and those of all rows but the last."""
        self._check(len(ids) + 1)
        how = self.parameters(temperature=0.0, max_tokens=1, logprobs=1, prompt_logprobs=1, detokenize=False, seed=0)
        given = self._run([ids], how, lora)[0]
        shapes = [tuple(one.shape) for one in self.made]
        if [rows for rows, _ in shapes] != [1, len(ids) - 1]:
            raise RuntimeError(
                f"vLLM made logits of {shapes} for a prompt of {len(ids)} tokens; one row, and all rows but the last, "
                "were awaited: is it another version?"
            )
        last, rows = (one.float().cpu() for one in self.made)
        return given, last[0], rows

    def _agree(self, found: float, said: float, place: int) -> None:
        if found != said:
            raise RuntimeError(
                f"the model's own logits are {found!r} at token {place}, and vLLM's interface says {said!r}"
            )

    def _run(self, prompts: list[list[int]], how: Any, lora: Any) -> list[Any]:
        self.made.clear()
        asked = [{"prompt_token_ids": ids} for ids in prompts]
        return list(self.model.generate(asked, how, lora_request=lora, use_tqdm=False))

    def _check(self, length: int) -> None:
        if length > self.length:
            raise ValueError(f"{length} tokens do not fit into a context of {self.length}; raise vllm.context")


def prepare(threads: int) -> tuple[bool, bool]:
    """Settle what vLLM reads when it is imported. Returns whether there is a CUDA device, and whether batches are
    without effect on it."""
    import torch

    torch.set_num_threads(threads)
    cuda = bool(torch.cuda.is_available())
    invariant = cuda and torch.cuda.get_device_capability() >= INVARIANT_FROM
    if invariant:
        os.environ["VLLM_BATCH_INVARIANT"] = "1"
    if not cuda:
        os.environ["TORCHDYNAMO_DISABLE"] = "1"  # it would compile three lines of sampling, for a minute
    return cuda, invariant


def context(base: Path, wanted: int) -> int:
    """Tokens of prompt and answer together: as wanted, or the most that the base can take."""
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    most = config.get("max_position_embeddings") or config.get("text_config", {}).get("max_position_embeddings")
    return min(wanted, int(most or wanted))


def room(lora: Path) -> int:
    """The least rank of `RANKS` that holds every module of the adapter."""
    config = json.loads((lora / "adapter_config.json").read_text(encoding="utf-8"))
    rank = max([int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())])
    fitting = [one for one in RANKS if one >= rank]
    if not fitting:
        raise ValueError(f"the adapter's rank is {rank}, and vLLM serves {RANKS[-1]} at most")
    return fitting[0]


def answer(session: Session, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    started = time.monotonic()
    reply: dict[str, Any] = {}
    raw = b""
    match request["op"]:
        case "facts":
            reply = session.facts()
        case "logits":
            raw = session.logits(request["ids"], request["first"]).contiguous().numpy().astype("<f4").tobytes()
        case "generate":
            reply = {"answers": session.generate(request["prompts"], request["most"], request["ends"])}
        case "probe":
            raw = session.probe(request["ids"], request["lora"]).contiguous().numpy().astype("<f4").tobytes()
        case other:
            raise ValueError(f"no such request: {other!r}")
    return {**reply, "seconds": time.monotonic() - started, "peak": peak_memory()}, raw


def peak_memory() -> int:
    """Most bytes that this program has held resident (not what it held as a copy of its parent, before it began)."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def serve(session: Session, asked: BinaryIO, replies: BinaryIO) -> None:
    for line in asked:
        try:
            reply, raw = answer(session, json.loads(line))
        except Exception as error:  # vLLM raises of many kinds, and each is for who asked
            reply, raw = {"error": f"{type(error).__name__}: {error}"}, b""
        replies.write(json.dumps({**reply, "bytes": len(raw)}).encode() + b"\n" + raw)
        replies.flush()


def die_with_parent() -> None:
    """A killed release leaves no engine behind (Linux: prctl's PR_SET_PDEATHSIG)."""
    parent = os.getppid()
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except (OSError, AttributeError):
        return  # no Linux: the end of its standard input ends it
    if os.getppid() != parent:
        sys.exit(1)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True)
    parser.add_argument("--lora", default="")
    parser.add_argument("--dtype", required=True)
    parser.add_argument("--quantization", default="")
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--sequences", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def main() -> None:
    die_with_parent()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever vLLM prints must not stand between two replies
    try:
        session = Session(options())
        session.prove_lora()
    except Exception as error:  # behind what vLLM itself printed of the cause
        sys.exit(f"{type(error).__name__}: {error}")
    replies.write(b'{"ready": true, "bytes": 0}\n')
    replies.flush()
    serve(session, sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
