"""The gate of the base model: it can be asked at all. Judged before anything is trained or asked."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec.objects import Spec

TOKENIZER_OK = "base.tokenizer_ok"


def expected(spec: Spec) -> Iterator[Gate]:
    """The gate of the base model. It always blocks, since everything else rests on it."""
    yield Gate(TOKENIZER_OK, "tokenizer_ok", "base", blocking=True, metric="tokenizer_ok")
