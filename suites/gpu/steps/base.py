"""The base as a checkpoint, and its NF4 weights de-quantized on the device: what adapters are trained on there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from harness.engines import base_model, checkpoint, nf4
from harness.spec.objects import Base, Spec
from harness.store import digests
from suites.gpu.settings import Settings
from suites.gpu.steps import device, material


def base(settings: Settings) -> dict[str, Any]:
    device.require(settings)
    started = time.perf_counter()
    with base_model.opened(_spec(settings)) as place:
        checkpoint.write(place, settings.base)
    written = time.perf_counter()
    nf4.write_dequantized(settings.base, settings.served)
    weights = {name: sha for name, sha in digests.of_folder(settings.served).items() if name.endswith(".safetensors")}
    return {
        "base_seconds": written - started,
        "served_seconds": time.perf_counter() - written,
        "served_sha256": digests.of_value(weights),
        "peak_bytes": device.peak(settings),
    }


def _spec(settings: Settings) -> Spec:
    """The release's own, with the joined model as the source of the base: the pin stays."""
    spec = material.spec_of(settings)
    if settings.model is None:
        return spec
    return replace(spec, base=Base(f"path:{settings.model}", spec.base.pin))
