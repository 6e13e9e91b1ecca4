"""``vllm``: the base in vLLM, the adapter sent with every request as a LoRA of its own.

vLLM lives in an environment of its own (`harness.engines.vllm_environment`); `docs/vllm.md` says how it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from harness.engines import vllm_engine, vllm_environment
from harness.engines.form import machine
from harness.engines.vllm_engine import Settings
from harness.engines.workshop import Workshop
from harness.forms.form import Form, Served
from harness.jobs.call import Call
from harness.spec.objects import Spec
from harness.store.artifact import Artifact


class Vllm(Form):
    name = "vllm"
    engine = "vLLM"
    measured_as = "vllm"
    words = "vLLM + adapter"
    held_to = "F16"
    held = True
    tables = ("vllm",)

    @property
    def code(self) -> tuple[str, ...]:
        return ("harness.engines.vllm_engine", "harness.engines.vllm_child")

    def settings(self, spec: Spec) -> Mapping[str, object]:
        return asdict(spec.vllm)

    def serve(self, shop: Workshop, adapter: Artifact | None) -> Served:
        spec = shop.spec
        found = vllm_environment.find()
        settings = Settings(
            dtype=spec.vllm.dtype,
            context=spec.vllm.context,
            sequences=spec.batch_size,
            kv_cache_gib=spec.vllm.kv_cache_gib,
            threads=spec.threads,
        )
        form = {"name": self.name, **asdict(settings), **found.identity, "machine": machine(spec.threads)}
        folder = None if adapter is None else adapter.path
        return Served(
            {"base": shop.base.digest, "form": form},
            Call.of(vllm_engine.opened, base=shop.base.path, adapter=folder, settings=settings, found=found),
        )


FORM = Vllm()
