"""``nf4``: the base in bitsandbytes' 4-bit NF4, the adapter mounted on it. What an adapter is trained on are these very
weights: the base, rounded as it is loaded."""

from __future__ import annotations

from harness.engines import nf4, nf4_weights
from harness.engines.workshop import Workshop
from harness.forms.mounted import Mounted
from harness.spec.objects import Spec
from harness.store.artifact import Artifact


class Nf4(Mounted):
    trains_in_four_bits = True

    def rounds(self, spec: Spec) -> bool:
        return True

    def weights(self, shop: Workshop) -> Artifact:
        return shop.make(nf4_weights.request(shop.base))


FORM = Nf4(
    name="nf4",
    place="harness.forms.nf4:FORM",
    loading=nf4.FORM,
    code_of=("harness.engines.nf4",),
    four_bit=True,
    measured_as="nf4",
    words="NF4 + adapter",
)
