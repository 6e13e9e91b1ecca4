"""Requests to the store for each artifact on the way to a GGUF file, each with its key.

The keys form a chain of digests: a quantized file's key holds the f16 file's digest, whose key holds the merged
checkpoint's digest, whose key holds those of adapter and base. So a file of another adapter cannot take its place.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.engines import base_model, chat_template, form, patience, rounded
from harness.errors import SpecError
from harness.gguf import convert, dequantized, jobs, lora, quantize, retold
from harness.gguf.toolchain.find import Toolchain
from harness.jobs.request import made_by
from harness.spec.gguf import GgufGates
from harness.spec.objects import Spec
from harness.store import digests
from harness.store.artifact import Artifact, Key, Request, scratch

VERSIONS = ("torch", "transformers", "tokenizers", "safetensors", "gguf", "numpy")
"""Packages of the virtual environment that the converter imports."""


def settings(spec: Spec) -> GgufGates:
    """``[gates.gguf]``, or its defaults where the spec has no such table."""
    return spec.gates.gguf or GgufGates()


def threads(spec: Spec) -> int:
    """Threads of llama.cpp's programs."""
    return settings(spec).threads or spec.threads


def merged(spec: Spec, weights: Artifact, adapter: Artifact) -> Request:
    """Weights and adapter as one float32 checkpoint.

    Args:
        weights: those that the adapter was trained on.
    """
    inputs = {
        "weights": weights.digest,
        "adapter": adapter.digest,
        "machine": form.machine(spec.threads),
        "code": digests.of_code("harness.gguf.merge"),
    }
    key = Key("merged", adapter.label, inputs)
    return made_by(jobs.merged, key, spec.compute, {"weights": weights.path, "adapter": adapter.path})


def about(spec: Spec, base: Artifact, adapter: Artifact | None) -> dict[str, str]:
    """The metadata by which a file names its origin, wherever it is copied to.

    Args:
        adapter: None for a file of the base alone.
    """
    if adapter is None:
        return {"general.name": f"{spec.name}-base", "general.description": f"greenrun: base sha256:{base.digest}"}
    return {
        "general.name": f"{spec.name}-{spec.candidate}",
        "general.description": f"greenrun: base sha256:{base.digest} adapter sha256:{adapter.digest}",
    }


def f16(spec: Spec, checkpoint: Artifact, told: Mapping[str, str], label: str, toolchain: Toolchain) -> Request:
    """A folder of weights as a GGUF file in f16.

    Args:
        told: what the file says of itself.
    """
    inputs = {
        "checkpoint": checkpoint.digest,
        "type": "f16",
        "about": dict(told),
        "toolchain": toolchain.digest,
        "versions": dict(digests.of_versions(VERSIONS)),
        "code": digests.of_code("harness.gguf.convert", "harness.engines.rounded"),
    }

    def build(folder: Path) -> None:
        with rounded.checkpoint(checkpoint.path, scratch(folder)) as plain:
            convert.to_f16(plain, toolchain, told, folder, _converting(spec, plain))

    return Request(Key("gguf", f"{label} f16", inputs), build)


def quantized(spec: Spec, adapter: Artifact, f16: Artifact, quantization: str, toolchain: Toolchain) -> Request:
    """The f16 file in another type: ``Q4_0`` for the spec's own, any other that llama-quantize knows for comparison."""
    inputs = {
        "f16": f16.digest,
        "type": quantization,
        "toolchain": toolchain.digest,
        "code": digests.of_code("harness.gguf.quantize"),
    }

    def build(folder: Path) -> None:
        plain = f16.path / convert.FILE
        quantize.quantize(plain, quantization, toolchain, folder, threads(spec), _quantizing(spec, plain))

    return Request(Key("gguf", f"{adapter.label} {quantization}", inputs), build)


def given_base(spec: Spec, base: Artifact) -> Request:
    """The spec's own base file, every byte as it is: what people serve.

    Where the spec has a ``[base.chat]`` the file is given that chat template, tensor for tensor the same: else whoever
    serves it by its own template would ask it in another form.

    Args:
        base: the checkpoint, whose template is the one that holds.
    """
    pin = spec.base.pin.removeprefix("sha256:")
    chat = chat_template.named(base.path).get("default", "") if chat_template.changes(spec.base.chat) else ""

    def build(folder: Path) -> None:
        copy = scratch(folder) if chat else folder
        copy.mkdir(exist_ok=True)
        shutil.copyfile(base_model.locate(spec), copy / convert.FILE)
        if (found := digests.of_file(copy / convert.FILE)) != pin:
            raise SpecError(spec.path, "base.pin", f"the file changed while it was being copied: sha256 {found}")
        if chat:
            retold.with_chat_template(copy / convert.FILE, chat, folder / convert.FILE)

    if not chat:
        return Request(Key("gguf", "base as given", {"sha256": pin}), build)
    inputs = {
        "sha256": pin,
        "chat_template": digests.of_value(chat),
        "code": digests.of_code("harness.gguf.retold"),
        "versions": dict(digests.of_versions(("gguf", "numpy"))),
    }
    return Request(Key("gguf", "base with its chat template", inputs), build)


def quantized_base(spec: Spec, base: Artifact, toolchain: Toolchain) -> Request:
    """The base in the spec's quantization. The f16 file in between is not kept."""
    options, told = settings(spec), about(spec, base, None)
    inputs = {
        "checkpoint": base.digest,
        "type": options.quantization,
        "about": told,
        "toolchain": toolchain.digest,
        "versions": dict(digests.of_versions(VERSIONS)),
        "code": digests.of_code("harness.gguf.convert", "harness.gguf.quantize"),
    }

    def build(folder: Path) -> None:
        place = scratch(folder)
        place.mkdir(exist_ok=True)
        convert.to_f16(base.path, toolchain, told, place, _converting(spec, base.path))
        plain = place / convert.FILE
        quantize.quantize(plain, options.quantization, toolchain, folder, threads(spec), _quantizing(spec, plain))

    return Request(Key("gguf", f"base {options.quantization}", inputs), build)


def served(base: Artifact, file: Artifact) -> Request:
    """The weights that a base file computes with, as a checkpoint to train on.

    Args:
        base: whose tokenizer goes with them.
    """
    inputs = {
        "base": base.digest,
        "file": file.digest,
        "code": digests.of_code("harness.gguf.dequantized"),
        "versions": dict(digests.of_versions(("transformers", "gguf", "torch"))),
    }

    def build(folder: Path) -> None:
        dequantized.write(file.path / convert.FILE, base.path, folder)

    return Request(Key("served", "gguf", inputs), build)


def lora_file(spec: Spec, base: Artifact, adapter: Artifact, toolchain: Toolchain) -> Request:
    """The adapter as a GGUF LoRA in f16."""
    told = about(spec, base, adapter)
    inputs = {
        "adapter": adapter.digest,
        "base": base.digest,
        "about": told,
        "toolchain": toolchain.digest,
        "versions": dict(digests.of_versions((*VERSIONS, "peft"))),
        "code": digests.of_code("harness.gguf.lora"),
    }

    def build(folder: Path) -> None:
        lora.write(adapter.path, base.path, toolchain, told, folder, _converting(spec, adapter.path))

    return Request(Key("lora", adapter.label, inputs), build)


def _converting(spec: Spec, source: Path) -> float:
    """Limit in seconds for writing a checkpoint or an adapter as GGUF."""
    return patience.told_or(settings(spec).convert_seconds, patience.converting(patience.size_of(source)))


def _quantizing(spec: Spec, plain: Path) -> float:
    """Limit in seconds for quantizing an f16 file."""
    return patience.told_or(settings(spec).quantize_seconds, patience.quantizing(patience.size_of(plain)))
