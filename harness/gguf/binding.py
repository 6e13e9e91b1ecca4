"""Ask a GGUF file through llama-cpp-python, in a child process: a crash in a kernel must not take pytest down.

Run as a program it is that child: it loads the model once, answers every prompt of a request, and writes what it said.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.engines.llama_compute import Compute

MARK = "greenrun: "
"""Prefix of the lines in which the child reports its progress, so that a crash can be placed."""
LOG = "llama.cpp: "
"""Prefix of the lines in which it repeats what llama.cpp said of loading."""


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
    log: str = ""
    """What llama.cpp said of loading, where layers were to lie on a GPU."""


def ask(
    toolchain: Any,
    model: Path,
    prompts: Sequence[Sequence[int]],
    limits: Sequence[int],
    compute: Compute,
    seconds: float,
    lora: Path | None = None,
) -> Spoken:
    """Answers to prompts of token ids, greedily, the model loaded once.

    Args:
        toolchain: a `harness.gguf.toolchain.find.Toolchain`.
        compute: threads, and layers on a GPU: where they do not lie there, nothing was answered.
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
            "threads": compute.threads,
            "layers": compute.layers,
            "gpu": bool(compute.gpu),
            "lora": None if lora is None else str(lora),
        }
        asked.write_text(json.dumps(request), encoding="utf-8")
        # -P: the modules beside this file are not to be found by the names of the standard library's
        ended = native.run([sys.executable, "-P", __file__, asked, said], seconds, env=toolchain.environment())
        rows = _rows(said)
    log = "\n".join(line.removeprefix(LOG) for line in ended.out.splitlines() if line.startswith(LOG))
    problem = "" if ended.ok else f"{_place(ended.out)}: {ended.explain()}"
    if rows and (missing := compute.missing(log)):
        rows, problem = [], missing  # answers of the CPU, which nobody asked for
    spent = sum(row["seconds"] for row in rows)
    return Spoken(
        texts=tuple(str(row["text"]) for row in rows),
        ended=tuple(bool(row["ended"]) for row in rows),
        problem=problem,
        seconds=ended.seconds,
        peak=ended.peak,
        answer_speed=sum(row["tokens"] for row in rows) / spent if spent else 0.0,
        log=log,
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

    said_of_loading: list[str] = []
    print(f"{MARK}loading the model", flush=True)
    room = max(len(ids) + limit for ids, limit in zip(request["prompts"], request["limits"], strict=True))
    with _overheard(said_of_loading) if request["layers"] else nullcontext():
        model = Llama(
            request["model"],
            n_ctx=room + 8,
            n_threads=request["threads"],
            n_threads_batch=request["threads"],
            lora_path=request["lora"],
            verbose=False,
            **_where(request["layers"], request["gpu"]),
        )
    for line in "".join(said_of_loading).splitlines():
        print(f"{LOG}{line}", flush=True)
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


ONE_GPU = 0
"""``LLAMA_SPLIT_MODE_NONE`` of llama.h: all layers on the first GPU."""


def _where(layers: int, gpu: bool) -> dict[str, Any]:
    """Settings of ``Llama`` for layers on a GPU, or for leaving alone one that is there: without layers it would still
    hold the cache, and take long prompts."""
    if layers:
        return {"n_gpu_layers": layers, "split_mode": ONE_GPU}
    return {"n_gpu_layers": 0, "offload_kqv": False, "op_offload": False} if gpu else {"n_gpu_layers": 0}


@contextmanager
def _overheard(said: list[str]) -> Iterator[None]:
    """For the context, what llama.cpp logs is kept."""
    import ctypes

    import llama_cpp

    def hear(level: int, text: bytes, data: Any) -> None:
        said.append(text.decode("utf-8", "replace"))

    listener = llama_cpp.llama_log_callback(hear)
    llama_cpp.llama_log_set(listener, ctypes.c_void_p(0))
    try:
        yield
    finally:
        llama_cpp.llama_log_set(llama_cpp.llama_log_callback(), ctypes.c_void_p(0))  # none: it prints by itself again


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
