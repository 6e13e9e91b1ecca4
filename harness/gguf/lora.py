"""Write an adapter as a GGUF LoRA file, which llama.cpp lays upon a base file that it leaves as it is.

Rounded together with its base an adapter is lost where its changes are smaller than the base's grid
(`harness.gguf.merge` has the figures). Apart, nothing of it is rounded but its own numbers, to 16 bits, and one base
file serves many adapters.

What is left is whether the adapter knows the base that it is laid upon. Measured on 24 `dev` items of the default spec
(842 tokens) upon its Q4_1 file, KL from the adapter as trained in nats per token, one recipe and seed:

    trained on the file's own weights    7e-5    answers to `dev` in format: style 0.94, writing 1.00
    trained on those of NF4              0.015                               style 0.86, writing 0.88

A LoRA file in f32 is twice as large and 3e-4 nats from one in f16: that is not where an adapter is lost.

A file has one alpha, by which llama.cpp scales every pair: alpha / rank of the pair. An adapter whose modules want
scales that no single alpha gives is refused, since llama.cpp would apply it otherwise than training did.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.engines import native
from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.errors import GgufError
from harness.gguf.toolchain.find import Toolchain

FILE = "lora.gguf"
A, B = ".lora_A.weight", ".lora_B.weight"
"""Ends of the names of a pair's two matrices: (rank, in) and (out, rank)."""
PREFIX = "base_model.model."
"""Prefix that peft writes before a module's name."""


def write(
    adapter: Path, base: Path, toolchain: Toolchain, about: Mapping[str, str], folder: Path, seconds: float
) -> None:
    """Write ``folder/lora.gguf`` in f16, with llama.cpp's own converter in a child process.

    Args:
        base: a checkpoint of the adapter's base; its configuration alone is read.
        about: ``general.name`` and ``general.description`` of the file: what it was made of.

    Raises:
        GgufError: no one alpha gives every module its scale, or this llama.cpp has no converter for adapters.
        ChildError: the converter failed, hung or was killed; nothing half-written is left.
        NoMemoryError: it had not memory enough.
    """
    if not toolchain.lora_converter.is_file():
        raise GgufError(
            f"{toolchain.folder} holds no {toolchain.lora_converter.name}, which makes a GGUF LoRA of an adapter; run "
            "make llama-cpp, or name a whole llama.cpp with --llama-cpp=DIR"
        )
    target = folder / FILE
    with tempfile.TemporaryDirectory(prefix="greenrun-lora-") as place:
        prepared = Path(place)
        config = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
        # the converter reads r and lora_alpha alone: neither rslora nor single modules' alphas
        config["lora_alpha"] = alpha_of(adapter)
        (prepared / CONFIG).write_text(json.dumps(config), encoding="utf-8")
        (prepared / WEIGHTS).symlink_to((adapter / WEIGHTS).resolve())
        (prepared / "README.md").write_text(_card(about), encoding="utf-8")  # its one way to be told what to say
        command: list[str | Path] = [sys.executable, toolchain.lora_converter, prepared]
        command += ["--base", base, "--outtype", "f16", "--outfile", target]
        ended = native.run(command, seconds, env=toolchain.environment())
    if not ended.ok:
        target.unlink(missing_ok=True)
        raise native.failed("converting the adapter to a GGUF LoRA", ended)
    if not target.is_file():
        raise GgufError(
            f"converting the adapter to a GGUF LoRA: the converter ended well and wrote no file\n{ended.last_lines()}"
        )


def _card(about: Mapping[str, str]) -> str:
    """Text of a model card whose front matter holds `about`; a JSON string is valid YAML."""
    rows = [f"{key.removeprefix('general.')}: {json.dumps(value)}" for key, value in about.items()]
    return "\n".join(["---", *rows, "---", ""])


def alpha_of(adapter: Path) -> float:
    """The alpha with which llama.cpp scales every pair as training did.

    Raises:
        GgufError: the modules want several.
    """
    ranks = {name.removesuffix(A).removeprefix(PREFIX): rank for name, rank in _ranks(adapter / WEIGHTS).items()}
    wanted = scales(json.loads((adapter / CONFIG).read_text(encoding="utf-8")), ranks)
    alphas = {name: scale * ranks[name] for name, scale in wanted.items()}
    if not alphas:
        raise GgufError(f"{adapter}: holds no LoRA pair, so there is nothing to apply")
    first, alpha = next(iter(alphas.items()))
    other = next((name for name, found in alphas.items() if not math.isclose(found, alpha, rel_tol=1e-6)), None)
    if other is not None:
        raise GgufError(
            f"{adapter}: {first} would need an alpha of {alpha:g} and {other} one of {alphas[other]:g}, and a GGUF "
            'LoRA has one for all; ship it merged ([gates.gguf] adapter = "merged"), or train it without alpha_pattern'
        )
    return alpha


def scales(config: Mapping[str, Any], ranks: Mapping[str, int]) -> dict[str, float]:
    """Module -> factor that peft multiplies its LoRA product by, from the adapter's configuration.

    Args:
        ranks: module -> rank of its pair.
    """
    alphas = config.get("alpha_pattern") or {}
    found = {}
    for module, rank in ranks.items():
        alpha = float(config["lora_alpha"])
        if alphas:
            from peft.utils.other import get_pattern_key

            alpha = float(alphas.get(get_pattern_key(list(alphas), module), alpha))
        found[module] = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return found


def _ranks(weights: Path) -> dict[str, int]:
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as tensors:
        return {name: int(tensors.get_slice(name).get_shape()[0]) for name in tensors.keys() if name.endswith(A)}  # noqa: SIM118 - not a dict
