"""The request for the weights that NF4 computes with, which adapters for the 4-bit form are trained on: the base's own
checkpoint, rounded whenever it is loaded (`harness.engines.rounded`)."""

from __future__ import annotations

from harness.engines import rounded
from harness.store import digests
from harness.store.artifact import Artifact, Key, Request


def request(base: Artifact) -> Request:
    by = {
        "code": digests.of_code("harness.engines.rounded"),
        "versions": dict(digests.of_versions(("transformers", "bitsandbytes", "torch"))),
    }
    return Request(
        Key("served", "nf4", {"base": base.digest, **by}), lambda folder: rounded.write(base.path, folder, by)
    )
