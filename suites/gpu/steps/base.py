"""The base as a checkpoint, and loaded with its weights rounded to NF4 on the device: what adapters are trained on
there."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import Any

from harness.engines import base_model, checkpoint, form, rounded
from harness.spec.objects import Base, Spec
from suites.gpu.settings import Settings
from suites.gpu.steps import device, material


def base(settings: Settings) -> dict[str, Any]:
    import torch

    device.require(settings)
    started = time.perf_counter()
    with base_model.opened(_spec(settings)) as place:
        checkpoint.write(place, settings.base)
    written = time.perf_counter()
    rounded.write(settings.base, settings.served, {})
    model = rounded.load(settings.served, torch.float32, device_map=form.device())
    loaded = time.perf_counter()
    return {
        "base_seconds": written - started,
        "served_seconds": loaded - written,
        "served_sha256": _digest(model),
        "peak_bytes": device.peak(settings),
    }


def _digest(model: Any) -> str:
    """SHA-256 over the model's parameters in float32, by name."""
    found = hashlib.sha256()
    for name, one in sorted(model.named_parameters()):
        found.update(name.encode())
        found.update(one.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _spec(settings: Settings) -> Spec:
    """The release's own, with the joined model as the source of the base: the pin stays."""
    spec = material.spec_of(settings)
    if settings.model is None:
        return spec
    return replace(spec, base=Base(f"path:{settings.model}", spec.base.pin))
