"""The base's weights as NF4 has them, de-quantized: what an adapter for the 4-bit form is trained on."""

from __future__ import annotations

from harness.engines import nf4
from harness.store import digests
from harness.store.artifact import Artifact, Key, Request


def request(base: Artifact) -> Request:
    inputs = {
        "base": base.digest,
        "form": dict(nf4.FORM.settings),
        "code": digests.of_code("harness.engines.nf4"),
        "versions": dict(digests.of_versions(("transformers", "bitsandbytes", "torch"))),
    }
    return Request(Key("served", "nf4", inputs), lambda folder: nf4.write_dequantized(base.path, folder))
