"""What a form computes in: bfloat16 where the spec asks for it, in its keys, in what it is held against, and refused
where each product would be emulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from harness.dataset.checks import items_of
from harness.engines import float32, form, gpu, hidden_states, mount_proof, nf4
from harness.engines.divergence import passages
from harness.engines.form import Loaded
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.engines.nf4_unpacked import unpacked
from harness.engines.workshop import Workshop
from harness.errors import EngineError, SpecError
from harness.forms import registry
from harness.forms.form import Direct
from harness.forms.mounted import Mounted
from harness.gates import batching
from harness.spec import load
from harness.spec.objects import Spec
from harness.spec.serve import Precision, Serve
from suites.selftest.engines.afresh import answered
from suites.tiny import lora
from suites.tiny.child import Line

BFLOAT16 = Precision("bfloat16", "bfloat16")
TABLE = '[serve.cpu]\ncompute = "bfloat16"\nrest = "bfloat16"\n\n[generation]'


@pytest.fixture(scope="module")
def base(line: Line) -> Path:
    return line.spec.parent / "base"


@pytest.fixture(scope="module")
def spec(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    other = line.copy(tmp_path_factory.mktemp("bfloat16"))
    other.edit("[generation]", TABLE)
    return load.load(other.spec)


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lora.write_adapter(base, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def served(base: Path) -> Loaded:
    """The 4-bit form in bfloat16."""
    return form.load(nf4.FORM, base, 1, BFLOAT16)


def test_a_spec_names_it_for_each_device_and_nothing_else_is_changed_by_it(line: Line, spec: Spec) -> None:
    assert (spec.serve.on("cpu"), spec.serve.on("cuda")) == (BFLOAT16, Precision())
    assert load.load(line.spec).serve == Serve()
    deployed = registry.deployed(replace(spec, serve=Serve(cuda=BFLOAT16)))
    assert deployed.precision == (BFLOAT16 if form.device() == "cuda" else Precision())


def asked_of(spec: Spec) -> Mapping[str, object]:
    """What enters the key of any answer of the deployed form."""
    shop = cast(Workshop, SimpleNamespace(spec=spec, base=SimpleNamespace(digest="of the base")))
    deployed = registry.deployed(spec)
    assert isinstance(deployed, Direct)
    return deployed.identity(shop)


@pytest.mark.parametrize("key", ["compute", "rest", "attention"])
def test_every_key_of_it_is_in_the_key_of_answers_and_in_the_report(spec: Spec, key: str) -> None:
    said = {"compute": "float32", "rest": "float32", "attention": "eager"}[key]
    other = replace(spec, serve=replace(spec.serve, cpu=replace(BFLOAT16, **{key: said})))
    first, second = (asked_of(one) for one in (spec, other))
    assert first != second
    assert (registry.described(spec)[key], registry.described(other)[key]) == (getattr(BFLOAT16, key), said)


def test_products_and_what_stays_unquantized_are_in_it(base: Path) -> None:
    import torch

    mixed = form.load(nf4.FORM, base, 1, Precision("bfloat16", "float32", "eager")).model
    assert {one.compute_dtype for one in nf4.four_bit_modules(mixed)} == {torch.bfloat16}
    assert mixed.get_input_embeddings().weight.dtype == torch.float32
    assert mixed.config._attn_implementation == "eager"
    whole = form.load(nf4.FORM, base, 1, BFLOAT16).model
    assert {one.dtype for one in whole.parameters() if one.is_floating_point()} == {torch.bfloat16}
    with unpacked(whole):  # the shortcut is one of float32 alone: the module's own products stay
        assert not any("forward" in vars(one) for one in nf4.four_bit_modules(whole))


def test_a_fresh_process_answers_in_it(line: Line, served: Loaded, adapter: Path, base: Path, tmp_path: Path) -> None:
    items = items_of(load.load(line.spec).tasks["sea"], "benchmark")[:5]
    told = Serve(cpu=BFLOAT16, cuda=BFLOAT16)
    with mounted(served, adapter) as engine:
        assert answered(tmp_path, base, adapter, items, 8, told) == answer_all(engine, items, Decoding(5, 8))


def test_a_mount_is_proved_against_a_reference_in_the_same(
    line: Line, served: Loaded, adapter: Path, base: Path
) -> None:
    probes = items_of(load.load(line.spec).tasks["sea"], "benchmark")[:3]
    own = mount_proof.measure(lambda: served, lambda: form.load(float32.FORM, base, 1, BFLOAT16), adapter, probes)
    assert own.holds


def test_the_hidden_states_of_a_reference_in_it_make_its_logits(line: Line, adapter: Path, base: Path) -> None:
    reference = form.load(float32.FORM, base, 1, BFLOAT16)
    texts = passages(reference.tokenizer, items_of(load.load(line.spec).tasks["sea"], "benchmark")[:2])
    assert len(list(hidden_states.completion_states(reference, texts))) == 2
    head = reference.model.get_output_embeddings()
    head.register_forward_hook(lambda module, given, made: made * 0.9 if made.dim() == 3 else made)
    with pytest.raises(EngineError, match="scales or caps"):
        list(hidden_states.completion_states(reference, texts))


def rows(*distances: float) -> list[dict[str, object]]:
    return [{"metric": f"m{k}", "value": 0.9, "other": 0.9 - far} for k, far in enumerate(distances)]


def test_answers_that_move_pass_where_no_metric_leaves_the_band() -> None:
    found = batching.in_band("asked otherwise", [True, False], rows(0.0, 0.05), 0.05, {"adapter": "a"})
    assert (found.value, found.n) == (1.0, 2)
    assert "1 of 2 answers are the same, token for token, asked otherwise" in found.message
    assert "m1, by 0.0500 where 0.05 is let pass" in found.message


def test_a_metric_that_leaves_the_band_turns_the_gate_red() -> None:
    found = batching.in_band("asked otherwise", [True, False], rows(0.0, 0.06), 0.05, {"adapter": "a"})
    assert (found.value, found.n) == (0.5, 2)


def test_where_no_metric_was_looked_at_the_answers_must_be_the_same() -> None:
    assert batching.in_band("asked otherwise", [True, False], [], 0.05, {"adapter": "a"}).value == 0.5


def test_of_a_form_in_float32_one_answer_that_moves_turns_the_gate_red() -> None:
    assert batching.exact("asked otherwise", [True] * 24, [True, False], {"adapter": "a"}).value == 25 / 26


@pytest.mark.parametrize(
    ("deploy", "table", "problem"),
    [
        ("float32", TABLE, 'serve.cpu.compute: bfloat16, and deploy = "float32" ships a form that computes in float32'),
        ("gguf", TABLE, "serve: says how transformers serves a form, and llama.cpp serves gguf; remove the table"),
        ("nf4", TABLE.replace('"bfloat16"', '"float16"', 1), "serve.cpu.compute"),
    ],
)
def test_a_precision_that_a_form_cannot_have_is_refused(
    line: Line, tmp_path: Path, deploy: str, table: str, problem: str
) -> None:
    other = line.copy(tmp_path / "line")
    other.edit("[generation]", table)
    other.edit('deploy = "nf4"', f'deploy = "{deploy}"')
    try:
        told = "\n".join(f"{key}: {text}" for key, text in registry.wrong(load.load(other.spec)))
    except SpecError as error:
        told = str(error)
    assert problem in told


def test_every_form_says_whether_it_goes_by_the_table() -> None:
    assert {name for name, one in registry.OWN.items() if one.serves_as_told} == {
        name for name, one in registry.OWN.items() if isinstance(one, Mounted)
    }


def test_the_driver_is_read_as_the_kernel_tells_it(tmp_path: Path) -> None:
    told = tmp_path / "version"
    told.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC\n")
    assert gpu.driver(told) == "535.129.03"
    told.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n")
    assert gpu.driver(told) == "570.86.15"
    assert gpu.driver(tmp_path / "absent") == ""


def test_this_machines_gpu_is_in_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert form.machine(1)["cuda"] == (gpu.asked_apart()["settings"] if form.device() == "cuda" else {})
