"""Sabotages of the way to a GGUF file. Its gates advise by default; here they block.

The line's own tokenizer is one that llama.cpp does not know, so what lies behind the conversion is shown with a real
tokenizer in ``test_gguf_answers.py``.
"""

from __future__ import annotations

from suites.sabotage import spec
from suites.sabotage.case import Sabotage

BLOCKING = spec.edited("[gates.regression]", "[gates.gguf]\nblocking = true\n\n[gates.regression]")

SABOTAGES = (
    Sabotage(
        "no-llama-cpp",
        spec.both(BLOCKING, spec.called_with("--llama-cpp=no-such-folder")),
        "gguf.toolchain_ready",
        "no-such-folder is not a folder; run make llama-cpp",
        tied="a missing tool is a defect of the machine and not of a release",
    ),
    Sabotage(
        "merged-without-its-adapter",
        spec.both(BLOCKING, spec.called_with("-p", "suites.sabotage.plugins.unmerged")),
        "gguf.merge_ok",
        "largest difference of a log-probability",
        tied="only a new merge would tell, and the kit makes none",
    ),
    Sabotage(
        "tokenizer-that-llama-cpp-does-not-know",
        BLOCKING,
        "gguf.convert_f16_ok",
        "does not know how the base's tokenizer splits text",
        tied="its base is the tiny line's, which has a tokenizer of its own",
    ),
)
