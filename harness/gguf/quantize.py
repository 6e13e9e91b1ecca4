"""Quantize a GGUF file with llama-quantize in a child process."""

from __future__ import annotations

from pathlib import Path

from harness.engines import native
from harness.errors import GgufError
from harness.gguf.convert import FILE
from harness.gguf.toolchain.find import Toolchain


def quantize(source: Path, quantization: str, toolchain: Toolchain, folder: Path, threads: int, seconds: float) -> None:
    """Write ``folder/model.gguf`` in the type named.

    Args:
        source: a GGUF file in f16 or f32.
        quantization: as llama-quantize names it: ``Q4_0``, ``Q8_0``, ``Q4_K_M``.

    Raises:
        ChildError: the tool died, hung or failed; nothing half-written is left.
        NoMemoryError: it had not memory enough.
        GgufError: it ended well and wrote nothing.
    """
    target = folder / FILE
    command: list[str | Path] = [toolchain.tools["llama-quantize"], source, target, quantization, str(threads)]
    ended = native.run(command, seconds, env=toolchain.environment())
    if not ended.ok:
        target.unlink(missing_ok=True)
        raise native.failed(f"quantizing to {quantization}", ended)
    if not target.is_file():
        raise GgufError(f"quantizing to {quantization}: the tool ended well and wrote no file\n{ended.last_lines()}")
