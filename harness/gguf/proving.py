"""Prove a toolchain: quantize a tiny random model with it and run the result, each in a child process."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.gguf import child, probe
from harness.gguf.errors import ChildError
from harness.gguf.toolchain import Toolchain

SECONDS = 120.0
"""Limit of each step; either takes well under a second."""
_SYSTEM = re.compile(r"system_info:[^|]*\|(?P<sets>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Proof:
    """That a quantized model was made and has answered on this machine."""

    sets: str
    """The instruction sets that the running kernels say they use: ``SSE3 AVX AVX2 AVX512 ...``."""
    seconds: float


def prove(toolchain: Toolchain) -> Proof:
    """Quantize and run the probe.

    Raises:
        ChildError: a tool died, hung or failed; its signal is named.
    """
    with tempfile.TemporaryDirectory(prefix="greenrun-probe-") as place:
        plain, quantized = Path(place) / "probe-f16.gguf", Path(place) / "probe-q4_0.gguf"
        probe.write(plain)
        made = child.run(
            [toolchain.tools["llama-quantize"], plain, quantized, "Q4_0"], SECONDS, env=toolchain.environment()
        )
        if not made.ok:
            raise ChildError("quantizing a tiny random model", made)
        command: list[str | Path] = [toolchain.tools["llama-completion"], "-m", quantized, "-p", probe.PROMPT]
        command += ["-n", str(probe.TOKENS), "--temp", "0", "-no-cnv", "-t", "2"]
        answered = child.run(command, SECONDS, env=toolchain.environment())
        if not answered.ok:
            raise ChildError("running a tiny random quantized model", answered)
        return Proof(_sets(answered.err + answered.out), made.seconds + answered.seconds)


def _sets(text: str) -> str:
    found = _SYSTEM.search(text)
    if found is None:
        return "not said"
    names = re.findall(r"(\w+) = 1\b", found["sets"])
    return " ".join(names) or "none"
