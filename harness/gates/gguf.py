"""Gates of the candidate's GGUF file: it was made soundly, holds what its name says, and answers in llama.cpp.

Where the adapter stays apart (``adapter = "apart"``) nothing is merged, and ``merge_ok`` says that the LoRA file holds
exactly the adapter; ``convert_f16_ok`` is about an f16 file of the weights that it was trained on, ``quantize_q4_ok``
about the base file as it is served, and the runtimes answer with the LoRA laid upon that.

They advise unless the table says ``blocking = true``.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec.objects import Spec

CHECKS = (
    "toolchain_ready",
    "merge_ok",
    "convert_f16_ok",
    "quantize_q4_ok",
    "llama_cli_smoke_ok",
    "llama_cpp_python_smoke_ok",
)
"""The checks in the order of the work: the first red one is the cause of those behind it."""


def expected(spec: Spec) -> Iterator[Gate]:
    table = spec.gates.gguf
    if table is None:
        return
    for check in CHECKS:
        split = "" if check == "toolchain_ready" else "benchmark"
        yield Gate(
            f"gguf.{check}", check, "candidate", table.blocking, metric=check, adapter=spec.candidate, split=split
        )
