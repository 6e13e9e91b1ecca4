"""Convert a merged checkpoint to a GGUF file in f16, with llama.cpp's own converter in a child process."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.engines import native
from harness.errors import GgufError
from harness.gguf.toolchain.find import Toolchain

FILE = "model.gguf"
UNKNOWN_TOKENIZER = "BPE pre-tokenizer was not recognized"


def to_f16(checkpoint: Path, toolchain: Toolchain, about: Mapping[str, str], folder: Path, seconds: float) -> None:
    """Write ``folder/model.gguf``.

    Args:
        about: ``general.*`` keys of the file: its name, and what it was made of. They stay in every file that is
            quantized from it, so that a file outside of any store still names its adapter.

    Raises:
        ChildError: the converter failed, hung or was killed; nothing half-written is left.
        NoMemoryError: it had not memory enough.
        GgufError: it does not know the base's tokenizer.
    """
    note = folder / "about.json"
    note.write_text(json.dumps(dict(about)), encoding="utf-8")
    target = folder / FILE
    command: list[str | Path] = [sys.executable, toolchain.converter, checkpoint]
    command += ["--outtype", "f16", "--outfile", target, "--metadata", note]
    try:
        ended = native.run(command, seconds, env=toolchain.environment())
    finally:
        note.unlink()
    if not ended.ok:
        target.unlink(missing_ok=True)
        if UNKNOWN_TOKENIZER in ended.err:
            raise GgufError(
                "converting to f16: this llama.cpp does not know how the base's tokenizer splits text (its "
                "pre-tokenizer), and a file that guessed would answer from other tokens; use a base whose tokenizer "
                "it knows, or a newer llama.cpp (--llama-cpp=DIR)"
            )
        raise native.failed("converting to f16", ended)
    if not target.is_file():
        raise GgufError(f"converting to f16: the converter ended well and wrote no file\n{ended.last_lines()}")
