"""The request for the base's weights as NF4 computes with them, de-quantized: adapters for the 4-bit form are trained
on these."""

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
