"""Gates of the 4-bit form: the base really is 4-bit, and adapters really are mounted on it and answer."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec.objects import Spec


def expected(spec: Spec) -> Iterator[Gate]:
    table = spec.gates.bnb
    if table is None:
        return
    blocking = table.blocking
    yield Gate("bnb.base_quant_load_ok", "base_quant_load_ok", "base", blocking, metric="four_bit_share")
    for name in (spec.candidate,) if table.mounts is None else table.mounts:
        for check, metric in (("lora_mount_ok", "mounted"), ("generate_non_empty", "non_empty")):
            yield Gate(f"bnb.{name}_{check}", check, name, blocking, metric=metric, adapter=name, split="benchmark")
