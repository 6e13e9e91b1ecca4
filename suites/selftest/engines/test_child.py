"""A program in another process that had not memory enough is told as that, whether it says so or dies of it."""

from __future__ import annotations

import os
import sys

import pytest

from harness.engines import child
from harness.errors import EngineError, NoMemoryError

READY = "import json, sys; print(json.dumps({'ready': True, 'bytes': 0}), flush=True); sys.stdin.readline(); "
REFUSES = READY + "print(json.dumps({'bytes': 0, 'error': %r}), flush=True); sys.stdin.readline()"
ENDS = READY + "sys.exit(%r)"
CUDA = "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."


@pytest.mark.parametrize(
    ("program", "error", "told"),
    [
        (
            REFUSES % CUDA,
            NoMemoryError,
            r"refused 'generate' on model: .*Tried to allocate 2.00 GiB.*run fewer workers",
        ),
        (ENDS % CUDA, NoMemoryError, r"(?s)ended with status 1 .*run fewer workers.*Tried to allocate 2.00 GiB"),
        (READY + "bytearray(2**46)", NoMemoryError, r"(?s)ended with status 1 .*run fewer workers.*MemoryError"),
        (REFUSES % "no such layer", EngineError, "refused 'generate' on model: no such layer$"),
        (ENDS % "no such layer", EngineError, r"(?s)ended with status 1 .*no such layer$"),
    ],
    ids=["refused", "ended", "its own", "another refusal", "another end"],
)
def test_the_error_is_the_one_that_the_program_tells(program: str, error: type[Exception], told: str) -> None:
    with child.started([sys.executable, "-c", program], os.environ, 20.0, "it", "model") as running:
        with pytest.raises(error, match=told) as caught:
            running.ask({"op": "generate"})
        assert type(caught.value) is error
