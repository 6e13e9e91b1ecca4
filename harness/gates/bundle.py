"""Gates of the staged bundle: it is complete, matches its checksums, and gives the same answers when unpacked."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec.objects import Spec

CHECKS = ("archives_complete", "checksums_ok", "judged_items_complete", "answers_equal")


def expected(spec: Spec) -> Iterator[Gate]:
    for check in CHECKS:
        yield Gate(f"bundle.{check}", check, "staged", spec.gates.bundle.blocking, metric=check, adapter=spec.candidate)
