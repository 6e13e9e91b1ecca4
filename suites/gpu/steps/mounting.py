"""The adapter on the NF4 base, counted and proved with the release's own proofs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from harness.dataset.checks import items_of
from suites.gpu.settings import Settings
from suites.gpu.steps import device, material

PROBES = 6
"""Benchmark items of each task whose reference answers are teacher-forced, as in a release."""


def mount(settings: Settings) -> dict[str, Any]:
    from harness.engines import fingerprint, float32, form, mount_proof, nf4
    from harness.engines.mount import mounted

    device.require(settings)
    spec = material.spec_of(settings)
    adapter = material.adapter(settings)
    each = min(PROBES, settings.items)
    probes = [
        item for task in spec.adapters[spec.candidate].tasks for item in items_of(spec.tasks[task], "benchmark")[:each]
    ]
    engine = form.load(nf4.FORM, settings.base, spec.threads)
    counted = nf4.census(engine.model)
    bare = fingerprint.first_logits(engine)
    with mounted(engine, adapter) as model:
        speaks = fingerprint.compare(bare, fingerprint.first_logits(model))
    proved = mount_proof.measure(
        lambda: engine, lambda: form.load(float32.FORM, settings.served, spec.threads), adapter, probes
    )
    return {
        "adapter": adapter.name,
        "device": str(engine.model.device),
        "census": asdict(counted),
        "fingerprint": {**asdict(speaks), "differs": speaks.differs},
        "proof": {**asdict(proved), "holds": proved.holds},
        "probes": len(probes),
        "peak_bytes": device.peak(settings),
    }
