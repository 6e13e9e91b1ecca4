"""``nf4``: the base in bitsandbytes' 4-bit NF4, the adapter mounted on it. What an adapter is trained on are these very
weights, de-quantized once."""

from __future__ import annotations

from harness.engines import nf4
from harness.engines.workshop import Workshop
from harness.forms.mounted import Mounted
from harness.spec.objects import Spec
from harness.store import digests
from harness.store.artifact import Artifact, Key, Request


class Nf4(Mounted):
    def rounds(self, spec: Spec) -> bool:
        return True

    def weights(self, shop: Workshop) -> Artifact:
        inputs = {
            "base": shop.base.digest,
            "form": dict(self.loading.settings),
            "code": digests.of_code("harness.engines.nf4"),
            "versions": dict(digests.of_versions(("transformers", "bitsandbytes", "torch"))),
        }
        base = shop.base.path
        return shop.make(Request(Key("served", "nf4", inputs), lambda folder: nf4.write_dequantized(base, folder)))


FORM = Nf4(
    name="nf4",
    place="harness.forms.nf4:FORM",
    loading=nf4.FORM,
    code_of=("harness.engines.nf4",),
    four_bit=True,
    measured_as="nf4",
    words="NF4 + adapter",
)
