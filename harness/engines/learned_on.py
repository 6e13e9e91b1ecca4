"""The weights that an adapter of the spec was trained on, as an artifact."""

from __future__ import annotations

from harness.engines import nf4_weights, trained_on
from harness.engines.workshop import Workshop
from harness.store.artifact import Artifact


def weights_of(shop: Workshop, name: str) -> tuple[Artifact, str]:
    """(artifact of the weights, how they are known) for one adapter of the spec; "" for one that is trained here.

    Where neither spec nor files tell it of an adapter from elsewhere, it is taken to be trained on the same weights as
    adapters are trained on here.
    """
    adapter = shop.spec.adapters[name]
    if adapter.path is None:
        return shop.weights, ""
    found = trained_on.origin(name, adapter.trained_on, adapter.path, shop.spec.deploy)
    if found.weights == "":
        return shop.weights, found.told
    return shop.make(nf4_weights.request(shop.base)) if found.weights == trained_on.NF4 else shop.base, found.told


def name_of(adapter: Artifact) -> str:
    """An adapter's name in the spec: the last word of its artifact's label."""
    return adapter.label.rpartition(" ")[2]
