"""Gates of the candidate's GGUF forms: the same token ids, the same adapter, the same answers as before conversion.

Merged into its base, ``f16`` is the merged checkpoint as converted and ``q4`` as quantized. Apart
(``adapter = "apart"``), ``q4`` is the base file as it is served with the adapter as a LoRA laid upon it, and ``f16``
the same LoRA upon an f16 file of the very weights that it was trained on: what the LoRA file alone loses. The merged
and quantized file is measured beside them, and no gate speaks of it.

Whether a file reads text as training did and still holds its adapter blocks where the file is what ships; everything
else advises unless the table says ``blocking = true``.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.forms import registry
from harness.gates import aims
from harness.gates.gate import Gate
from harness.gguf.files import F16, MERGED_Q4, Q4
from harness.spec.gguf import GgufGates
from harness.spec.objects import ALL, Spec

FILES = (F16, Q4)
"""Names of the two judged forms in ids, reports and artifacts. `MERGED_Q4`, the merged and quantized file of an adapter
that stays apart, is measured and not judged."""


def expected(spec: Spec) -> Iterator[Gate]:
    table = spec.gates.gguf
    if table is None:
        return
    for form in (*held(spec), *FILES):
        yield from _of_form(spec, table, form)
    yield _gate(spec, "all", "attribution", table.blocking)


def forms(spec: Spec) -> tuple[str, ...]:
    """The forms that are compared with the adapter as trained, in the order of the report's table."""
    own = registry.deployed(spec).measured_as
    quantized = (own,) if own and own not in FILES else ()
    return (*quantized, *FILES, MERGED_Q4) if apart(spec) else ("merged", *quantized, *FILES)


def held(spec: Spec) -> tuple[str, ...]:
    """The deployed form, where it is no file and yet held to the limits of one: another program computes it."""
    form = registry.deployed(spec)
    return (form.measured_as,) if form.held else ()


def apart(spec: Spec) -> bool:
    """Whether the adapter stays apart from its base in the GGUF forms."""
    return spec.gates.gguf is not None and spec.gates.gguf.apart


def deployed(spec: Spec, form: str) -> bool:
    """Whether the form is the very one that ships, and gates hold it to limits."""
    return form in (*FILES, *held(spec)) and form == registry.deployed(spec).measured_as


def _of_form(spec: Spec, table: GgufGates, form: str) -> Iterator[Gate]:
    ships = deployed(spec, form)
    # A form that is no file is given token ids, and has no reading of its own.
    for check in ("token_parity", "adapter_survives") if form in FILES else ("adapter_survives",):
        yield _gate(spec, form, check, table.blocking or ships)
    for check in ("logit_parity_kl", "logit_parity_same_top_1"):
        yield _gate(spec, form, check, table.blocking)
    for metric, aimed_at in aims.gated(spec).items():
        yield Gate(
            f"gguf.{form}.{metric}_not_lost",
            "not_lost",
            f"{form}-{metric}",
            table.blocking and aimed_at,
            rule="not_worse",
            metric=metric,
            threshold=-(table.margin if ships else table.sample_margin),
            adapter=spec.candidate,
            task=ALL,
            split="benchmark",
        )


def _gate(spec: Spec, form: str, check: str, blocking: bool) -> Gate:
    rule, threshold = ("not_worse", 0.0) if check == "adapter_survives" else ("every", 1.0)
    return Gate(
        f"gguf.{form}.{check}",
        check,
        form,
        blocking,
        rule=rule,  # type: ignore[arg-type]
        metric=check,
        threshold=threshold,
        adapter=spec.candidate,
        split="benchmark",
    )


def metrics_of(spec: Spec) -> tuple[str, ...]:
    """The metrics that a form is compared by: those that the candidate has thresholds in on the benchmark."""
    return tuple(aims.gated(spec))


def form_of(gate: Gate) -> str:
    """``f16``, ``q4`` or a form's own name: the second part of the id."""
    return gate.id.split(".")[1]
