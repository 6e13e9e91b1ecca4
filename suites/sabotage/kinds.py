"""Every sabotage, in the order of the release's areas; and the gates that have none, with the reason."""

from __future__ import annotations

from suites.sabotage.case import Sabotage
from suites.sabotage.cases import (
    advice,
    bundle,
    command,
    data,
    determinism,
    evaluation,
    forgetting,
    gguf,
    quantization,
    regression,
    training,
)

__all__ = ["GAPS", "SABOTAGES", "Sabotage"]

SABOTAGES: tuple[Sabotage, ...] = (
    *command.SABOTAGES,
    *data.SABOTAGES,
    *training.SABOTAGES,
    *evaluation.SABOTAGES,
    *determinism.SABOTAGES,
    *forgetting.SABOTAGES,
    *quantization.SABOTAGES,
    *gguf.SABOTAGES,
    *regression.SABOTAGES,
    *bundle.SABOTAGES,
    *advice.ADVISED,
)

_NO_NOTES = "the tiny line's items cite no notes; the metric's own tests turn it red"
_OTHER_TOKENIZER = "llama.cpp does not know the tiny line's tokenizer; turned red with a real one in "
GAPS = {
    "gguf: quantize_q4_ok": f"{_OTHER_TOKENIZER}test_gguf_answers.py",
    "gguf: llama_cli_smoke_ok": f"{_OTHER_TOKENIZER}test_gguf_answers.py and test_gguf_steps.py",
    "gguf: llama_cpp_python_smoke_ok": f"{_OTHER_TOKENIZER}test_gguf_answers.py and test_gguf_steps.py",
    "gguf: token_parity": f"{_OTHER_TOKENIZER}test_gguf_parity_llama.py",
    "gguf: adapter_survives": f"{_OTHER_TOKENIZER}test_erased_adapter.py",
    "gguf: logit_parity_kl": f"{_OTHER_TOKENIZER}test_erased_adapter.py",
    "gguf: logit_parity_same_top_1": f"{_OTHER_TOKENIZER}test_gguf_parity_judging.py",
    "gguf: not_lost": f"{_OTHER_TOKENIZER}test_gguf_parity_judging.py",
    "gguf: attribution": "it only gathers what the gates before it measured, and advises",
    "eval: citation-precision": _NO_NOTES,
    "eval: citation-recall": _NO_NOTES,
    "eval: refusal-pooled": "it pools what refused and answered judge apart, and only advises",
    "regression: fresh_items": "it only advises, where attempts are counted; test_regression_release.py turns it red",
    "parity: format": "judged by the test of parity: coverage, over the same answers",
}
"""Kind of gate -> why no sabotage aims at it."""
