"""``gguf``: a GGUF file that llama.cpp serves, the adapter merged into it or laid upon it as a LoRA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from harness.engines import base_model, llama_engine
from harness.engines.generate import Decoding
from harness.engines.llama_cpp import Runtime
from harness.engines.workshop import Workshop
from harness.errors import EngineError
from harness.forms.form import Form, Served
from harness.gguf import computing, requests
from harness.gguf import files as made
from harness.gguf.files import GgufFiles
from harness.gguf.toolchain.find import Toolchain
from harness.jobs.call import Call
from harness.spec.objects import Spec
from harness.store.artifact import Artifact

MODEL, BASE, LORA = "model_{}.gguf", "base.gguf", "lora_{}.gguf"
"""Names of files in a bundle: an adapter merged in, the base alone, an adapter apart."""


class Gguf(Form):
    name = "gguf"
    engine = "llama.cpp"
    bare = False  # a merged file cannot be asked without its adapter
    tells = False  # nor can it say who spoke: gguf.q4.adapter_survives does
    measured_as = made.Q4

    @property
    def code(self) -> tuple[str, ...]:
        return ("harness.engines.llama_engine", "harness.engines.llama_cpp_child")

    def settings(self, spec: Spec) -> Mapping[str, object]:
        """What the spec asks of the file."""
        return {} if spec.gates.gguf is None else asdict(spec.gates.gguf)

    def problems(self, spec: Spec) -> Iterator[tuple[str, str]]:
        if spec.gates.gguf is None:
            yield "gates.gguf", 'missing, and deploy = "gguf" ships what its gates make; add the table'
        yield from super().problems(spec)

    def rounds(self, spec: Spec) -> bool:
        """Whether training uses rounded weights: it does where LoRAs are laid upon a quantized base file that is not
        the spec's own base.

        Merged, adapter and base are rounded together, so adapters are trained on the base's own weights.
        """
        return requests.settings(spec).apart and not base_model.is_gguf(spec.base)

    def weights(self, shop: Workshop) -> Artifact:
        if not self.rounds(shop.spec):
            return shop.base
        return shop.make(requests.served(shop.base, made.base_file(shop)))

    def serve(self, shop: Workshop, adapter: Artifact | None) -> Served:
        if adapter is None:
            raise EngineError("a GGUF file is not asked without its adapter")
        return serve(shop, made.files(shop, adapter, made.Q4))

    def decoding(self, wanted: Decoding) -> Decoding:
        """Batches of one. llama.cpp uses other kernels for other batch sizes, so an answer could depend on what is
        asked beside it, and a gate must not rest on that."""
        return wanted.one_by_one()

    def ships(self, shop: Workshop, adapter: Artifact, name: str) -> Mapping[str, Path]:
        """The very files whose answers were judged: an adapter alone would be merged and quantized anew by whoever
        receives it. Apart, the one base file goes with a LoRA file of each adapter."""
        return shipped(made.files(shop, adapter, made.Q4), name)


def shipped(files: GgufFiles, name: str) -> Mapping[str, Path]:
    lora = files.lora_file
    return {MODEL.format(name): files.file} if lora is None else {BASE: files.file, LORA.format(name): lora}


def serve(shop: Workshop, files: GgufFiles) -> Served:
    """Serve an adapter's files with llama.cpp.

    Raises:
        BlockedError: there is no llama.cpp, or it finds no GPU for the layers that are to lie on one.
    """
    tools: Toolchain = shop.llama_cpp()
    compute = computing.of(shop.spec, tools)
    identity = {**files.identity, "toolchain": tools.digest, **compute.identity}
    opened = Call.of(
        llama_engine.opened,
        file=files.file,
        lora=files.lora_file,
        tokenizer=shop.base.path,
        compute=compute,
        runtime=Runtime(environment=tools.variables()),
    )
    return Served(identity, opened)


FORM = Gguf()
