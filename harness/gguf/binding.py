"""Ask a GGUF file through llama-cpp-python, in a child process: a crash in a kernel must not take pytest down.

Run as a program it is that child: it loads the model once, answers every prompt of a request, and writes what it said.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARK = "greenrun: "
"""Prefix of the lines in which the child reports its progress, so that a crash can be placed."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the binding answered to all prompts of one request."""

    texts: tuple[str, ...]
    """One a prompt; fewer where the child died."""
    ended: tuple[bool, ...]
    """Whether each answer ended at a stop token."""
    problem: str
    """What went wrong; "" where the child ended well."""
    seconds: float
    peak: int
    answer_speed: float
    """Tokens per second of answering, prompts included."""


def ask(
    toolchain: Any,
    model: Path,
    prompts: Sequence[Sequence[int]],
    limits: Sequence[int],
    threads: int,
    seconds: float,
    lora: Path | None = None,
) -> Spoken:
    """Answers to prompts of token ids, greedily, the model loaded once.

    Args:
        toolchain: a `harness.gguf.toolchain.find.Toolchain`.
        limits: tokens that each answer may have.
        seconds: for all of them together.
        lora: a GGUF LoRA that is laid upon the model.
    """
    from harness.engines import native

    with tempfile.TemporaryDirectory(prefix="greenrun-binding-") as place:
        asked, said = Path(place) / "asked.json", Path(place) / "said.jsonl"
        request = {
            "model": str(model),
            "prompts": [list(ids) for ids in prompts],
            "limits": list(limits),
            "threads": threads,
            "lora": None if lora is None else str(lora),
        }
        asked.write_text(json.dumps(request), encoding="utf-8")
        # -P: the modules beside this file are not to be found by the names of the standard library's
        ended = native.run([sys.executable, "-P", __file__, asked, said], seconds, env=toolchain.environment())
        rows = _rows(said)
    problem = "" if ended.ok else f"{_place(ended.out)}: {ended.explain()}"
    spent = sum(row["seconds"] for row in rows)
    return Spoken(
        texts=tuple(str(row["text"]) for row in rows),
        ended=tuple(bool(row["ended"]) for row in rows),
        problem=problem,
        seconds=ended.seconds,
        peak=ended.peak,
        answer_speed=sum(row["tokens"] for row in rows) / spent if spent else 0.0,
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    """The complete rows that the child wrote before it ended."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def _place(out: str) -> str:
    told = [line.removeprefix(MARK) for line in out.splitlines() if line.startswith(MARK)]
    return told[-1] if told else "before it began"


def main(asked: Path, said: Path) -> None:
    """In the child: answer, a row a prompt, each written at once."""
    request = json.loads(asked.read_text(encoding="utf-8"))
    print(f"{MARK}importing llama-cpp-python", flush=True)
    from llama_cpp import Llama

    print(f"{MARK}loading the model", flush=True)
    room = max(len(ids) + limit for ids, limit in zip(request["prompts"], request["limits"], strict=True))
    model = Llama(
        request["model"],
        n_ctx=room + 8,
        n_threads=request["threads"],
        n_threads_batch=request["threads"],
        lora_path=request["lora"],
        verbose=False,
    )
    with said.open("w", encoding="utf-8") as stream:
        for number, (ids, limit) in enumerate(zip(request["prompts"], request["limits"], strict=True)):
            print(f"{MARK}answering prompt {number + 1} of {len(request['prompts'])}", flush=True)
            started = time.monotonic()
            model.reset()
            given = model.create_completion(ids, max_tokens=limit, temperature=0.0, repeat_penalty=1.0, seed=0)
            choice = given["choices"][0]
            row = {
                "text": choice["text"],
                "ended": choice["finish_reason"] == "stop",
                "tokens": given["usage"]["completion_tokens"],
                "seconds": time.monotonic() - started,
            }
            stream.write(json.dumps(row) + "\n")
            stream.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
