"""The gate over the base itself: before anything is trained or asked, it can be asked at all."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec.objects import Spec

TOKENIZER_OK = "base.tokenizer_ok"


def expected(spec: Spec) -> Iterator[Gate]:
    """One gate, always blocking: whatever else a release asks rests on it."""
    yield Gate(TOKENIZER_OK, "tokenizer_ok", "base", blocking=True, metric="tokenizer_ok")
