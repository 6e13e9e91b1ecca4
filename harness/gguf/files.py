"""The files of an adapter's GGUF forms, each made once: a merged file, or a base file and a LoRA file apart.

Where the adapter is merged, ``f16`` and ``q4`` are the merged checkpoint as converted and as quantized. Where it stays
apart, ``q4`` is what is served, the base file with the LoRA laid upon it, and ``f16`` is the same LoRA upon an f16 file
of the very weights that it was trained on: what it is away from the adapter was lost by the LoRA file alone, and what
``q4`` is away beyond that by the base file. ``merged-q4`` is then the merged file, for comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.engines import base_model
from harness.engines.learned_on import name_of, weights_of
from harness.engines.workshop import Workshop
from harness.gguf import convert, lora, requests
from harness.store.artifact import Artifact

F16, Q4, MERGED_Q4 = "f16", "q4", "merged-q4"
SAYS = "general.description"


@dataclass(frozen=True, slots=True)
class GgufFiles:
    """The files that llama.cpp loads for one adapter: a merged file, or a base file and the adapter as a LoRA."""

    base: Artifact
    """Artifact with the file that the model is loaded from."""
    lora: Artifact | None = None
    """Artifact with the LoRA file; None where the adapter is merged into `base`."""
    says: str | None = None
    """The description that `base` must carry; None for a file that was made elsewhere."""

    @property
    def file(self) -> Path:
        return self.base.path / convert.FILE

    @property
    def lora_file(self) -> Path | None:
        return None if self.lora is None else self.lora.path / lora.FILE

    @property
    def identity(self) -> dict[str, object]:
        """Digests of the files, for the keys of answers and measurements."""
        mine: dict[str, object] = {"file": self.base.digest}
        return mine if self.lora is None else {**mine, "lora": self.lora.digest}

    @property
    def sources(self) -> Mapping[str, str]:
        """Digests of the files, for gates that rest on them."""
        mine = {"gguf": self.base.digest}
        return mine if self.lora is None else {**mine, "gguf lora": self.lora.digest}

    @property
    def size(self) -> int:
        """Bytes of the files that ship."""
        own = self.base.sizes[convert.FILE]  # by the manifest: of a step on the way the file may be gone
        return own if self.lora is None else own + self.lora.sizes[lora.FILE]


def merged(shop: Workshop, adapter: Artifact) -> Artifact:
    """The adapter merged into the weights that it was trained on, in float32."""
    return shop.make(requests.merged(shop.spec, weights_of(shop, name_of(adapter))[0], adapter))


def lora_file(shop: Workshop, adapter: Artifact) -> Artifact:
    """The adapter as a GGUF LoRA.

    Raises:
        BlockedError: there is no llama.cpp.
        GgufError: it cannot be converted.
    """
    return shop.make(requests.lora_file(shop.spec, shop.base, adapter, shop.llama_cpp()))


def base_file(shop: Workshop) -> Artifact:
    """What every LoRA is laid upon: the spec's own GGUF file, or the base in the spec's quantization.

    Raises:
        BlockedError: it has to be made, and there is no llama.cpp.
        GgufError: it cannot be made.
    """
    if base_model.is_gguf(shop.spec.base):
        return shop.make(requests.given_base(shop.spec, shop.base))
    return shop.make(requests.quantized_base(shop.spec, shop.base, shop.llama_cpp()))


def files(shop: Workshop, adapter: Artifact, name: str) -> GgufFiles:
    """An adapter's files for ``f16``, ``q4`` or ``merged-q4``.

    Raises:
        BlockedError: there is no llama.cpp.
        GgufError: a step on the way fails.
    """
    apart = requests.settings(shop.spec).apart and name != MERGED_Q4
    return _apart(shop, adapter, name) if apart else _merged(shop, adapter, name)


def _merged(shop: Workshop, adapter: Artifact, name: str) -> GgufFiles:
    checkpoint, tools = merged(shop, adapter), shop.llama_cpp()
    told = requests.about(shop.spec, shop.base, adapter)
    plain = shop.make(requests.f16(shop.spec, checkpoint, told, adapter.label, tools))
    if name == F16:
        return GgufFiles(plain, says=told[SAYS])
    quantization = requests.settings(shop.spec).quantization
    made = shop.make(requests.quantized(shop.spec, adapter, plain, quantization, tools))
    return GgufFiles(made, says=told[SAYS])


def _apart(shop: Workshop, adapter: Artifact, name: str) -> GgufFiles:
    told = requests.about(shop.spec, shop.base, None)
    if name == F16:
        weights, _ = weights_of(shop, name_of(adapter))
        plain = shop.make(requests.f16(shop.spec, weights, told, "weights", shop.llama_cpp()))
        return GgufFiles(plain, lora_file(shop, adapter), told[SAYS])
    says = None if base_model.is_gguf(shop.spec.base) else told[SAYS]
    return GgufFiles(base_file(shop), lora_file(shop, adapter), says)
