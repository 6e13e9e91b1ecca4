"""Prove a toolchain: quantize a tiny random model with it and run the result, each in a child process.

Where layers are to lie on a GPU, that model's must: its programs must not only start.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.engines import llama_compute, native
from harness.engines.llama_compute import Compute
from harness.engines.native import ChildError
from harness.errors import ToolchainError
from harness.gguf.toolchain.find import Toolchain

SECONDS = 120.0
"""Time limit of each step in seconds; each takes well under one."""
_SYSTEM = re.compile(r"system_info:[^|]*\|(?P<sets>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that a quantized model was made and has answered on this machine."""

    sets: str
    """The instruction sets that the running kernels report: ``SSE3 AVX AVX2 AVX512 ...``."""
    seconds: float
    placed: str = ""
    """Which of its layers lay on a GPU, in words; "" where none was to."""


def prove(toolchain: Toolchain, compute: Compute) -> Proof:
    """Quantize the model and run it.

    Args:
        compute: what it is run with.

    Raises:
        ChildError: a tool died, hung or failed; its signal is named.
        ToolchainError: layers were to lie on a GPU, and do not.
    """
    with tempfile.TemporaryDirectory(prefix="greenrun-probe-") as place:
        plain, quantized = Path(place) / "probe-f16.gguf", Path(place) / "probe-q4_0.gguf"
        write(plain)
        made = native.run(
            [toolchain.tools["llama-quantize"], plain, quantized, "Q4_0"], SECONDS, env=toolchain.environment()
        )
        if not made.ok:
            raise ChildError("quantizing a tiny random model", made)
        command: list[str | Path] = [toolchain.tools["llama-completion"], "-m", quantized, "-p", PROMPT]
        command += ["-n", str(TOKENS), "--temp", "0", "-no-cnv", *compute.options()]
        answered = native.run(command, SECONDS, env=toolchain.environment())
        if not answered.ok:
            raise ChildError("running a tiny random quantized model", answered)
        log = answered.err + answered.out
        if missing := compute.missing(log):
            raise ToolchainError(f"running a tiny random quantized model: {missing}")
        return Proof(_sets(log), made.seconds + answered.seconds, llama_compute.placed(log))


def _sets(text: str) -> str:
    found = _SYSTEM.search(text)
    if found is None:
        return "not said"
    names = re.findall(r"(\w+) = 1\b", found["sets"])
    return " ".join(names) or "none"


WIDTH, HIDDEN, HEADS, LAYERS = 256, 512, 4, 2


PROMPT = "one two three four five six seven eight nine ten " * 4
"""About two hundred tokens: long enough for the kernels that take several rows at once."""


TOKENS = 8


def write(path: Path) -> None:
    """Write a random llama of two layers in f16 with a byte-level vocabulary. The same bytes every time."""
    import numpy as np
    from gguf import GGUFWriter, TokenType

    writer = GGUFWriter(str(path), "llama")
    writer.add_name("probe")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(1)  # mostly f16
    names = [*_byte_level_alphabet(), "on", "<|end|>"]
    kinds = [TokenType.NORMAL] * (len(names) - 1) + [TokenType.CONTROL]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types(kinds)
    writer.add_token_merges(["o n"])
    writer.add_eos_token_id(len(names) - 1)
    writer.add_vocab_size(len(names))

    random = np.random.default_rng(1)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float16))

    add("token_embd.weight", len(names), WIDTH)
    add("output.weight", len(names), WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, dtype=np.float32))
    for layer in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{part}.weight", WIDTH, WIDTH)
        add(f"blk.{layer}.ffn_gate.weight", HIDDEN, WIDTH)
        add(f"blk.{layer}.ffn_up.weight", HIDDEN, WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, HIDDEN)
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{part}.weight", np.ones(WIDTH, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _byte_level_alphabet() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes (``bytes_to_unicode`` of openai/gpt-2, encoder.py)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
