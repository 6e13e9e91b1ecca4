"""``float32``: the base in full precision, the adapter mounted on it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.engines import float32
from harness.forms.mounted import Mounted
from harness.spec.objects import Spec


class Float32(Mounted):
    def problems(self, spec: Spec) -> Iterator[tuple[str, str]]:
        yield from super().problems(spec)
        for key in spec.serve.in_bfloat16():
            yield (
                f"serve.{key}",
                'bfloat16, and deploy = "float32" ships a form that computes in float32; remove the key',
            )


FORM = Float32("float32", "harness.forms.float32:FORM", float32.FORM, ("harness.engines.float32",))
