"""A pytest plugin for one sabotage: llama.cpp's programs are not told of the LoRA, as if they let it lie."""

from __future__ import annotations

from pathlib import Path

from harness.gguf import smoke


def _forget_the_lora(path: Path | None) -> list[str | Path]:
    return []


smoke._lora = _forget_the_lora
