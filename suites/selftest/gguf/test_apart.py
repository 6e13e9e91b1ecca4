"""An adapter that stays apart from its base: which forms are measured, what is said of them, how they are served."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from harness import gates
from harness.engines import base_model
from harness.errors import SpecError
from harness.fidelity import attribution
from harness.fidelity.attribution import Row, ServedFile, Serving
from harness.gates import fidelity
from harness.gguf.read_back import Share, Weights
from harness.report import document
from harness.report.catalogue import Say
from harness.report.forms import blocks
from harness.spec import load
from harness.spec.objects import Base, Spec
from suites.tiny.child import ROOT, Line

TABLE = "[gates.gguf]\n{options}\n\n[gates.regression]"
APART = 'adapter = "apart"'


def with_gguf(line: Line, folder: Path, options: str, *, deploy: bool = False) -> Spec:
    copied = line.copy(folder)
    copied.edit("[gates.regression]", TABLE.format(options=options))
    if deploy:
        copied.edit('deploy = "nf4"', 'deploy = "gguf"')
        copied.edit('[gates.bnb]\nblocking = true\nmounts = ["both"]\n', "")
    return load.load(copied.spec)


def test_merged_is_the_default_and_the_same_forms_are_measured_as_ever(line: Line, tmp_path: Path) -> None:
    assert fidelity.forms(with_gguf(line, tmp_path / "a", "")) == ("merged", "nf4", "f16", "q4")
    assert fidelity.forms(with_gguf(line, tmp_path / "b", 'adapter = "merged"')) == ("merged", "nf4", "f16", "q4")


@pytest.mark.parametrize(("deploy", "forms"), [(False, ("nf4", "f16", "q4")), (True, ("f16", "q4"))])
def test_apart_the_merged_file_is_measured_beside_them(
    line: Line, tmp_path: Path, deploy: bool, forms: tuple[str, ...]
) -> None:
    spec = with_gguf(line, tmp_path, APART, deploy=deploy)

    assert fidelity.forms(spec) == (*forms, "merged-q4")
    assert fidelity.deployed(spec, "q4") is deploy


def test_the_gates_have_the_same_ids_and_none_speaks_of_the_merged_file(line: Line, tmp_path: Path) -> None:
    merged, apart = (
        [gate.id for gate in gates.expected(with_gguf(line, tmp_path / options[-2], options)) if gate.area == "gguf"]
        for options in ('adapter = "merged"', APART)
    )

    assert merged == apart
    assert not any("merged" in name for name in apart)


def test_any_other_word_is_refused_with_those_that_there_are(line: Line, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"gates\.gguf\.adapter: 'beside' is not one of \['merged', 'apart'\]"):
        with_gguf(line, tmp_path, 'adapter = "beside"')


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ("package:some-model/some.Q4_1.gguf", True),
        ("path:/models/some.gguf", True),
        ("path:/models/some", False),
        ("hf:owner/some.gguf", False),
    ],
)
def test_a_base_that_is_a_gguf_file_is_known_by_its_source(source: str, given: bool) -> None:
    assert base_model.is_gguf(Base(source, "sha256:0")) is given


def test_the_default_release_serves_its_bases_own_file() -> None:
    spec = load.load(ROOT / "data" / "v3" / "release.toml")

    assert fidelity.apart(spec)
    assert base_model.is_gguf(spec.base)


def test_the_type_that_a_file_is_held_to_is_that_of_most_weights() -> None:
    types = {"F32": Share(61, 4000, 16000), "Q4_1": Share(210, 90000, 56250), "Q8_0": Share(1, 30000, 31875)}

    assert Weights(types, 1, "").dominant == "Q4_1"


ADAPTER = Row("adapter", "as trained", kl=0.0, scores={"coverage": 0.98}, size=500 << 20, speed=100.0)
F16 = Row("f16", "GGUF F16 + LoRA", kl=6e-6, scores={"coverage": 0.98}, size=268 << 20, fit=True)
Q4 = Row("q4", "GGUF Q4_1 + LoRA", kl=0.03, scores={"coverage": 0.98}, size=104 << 20, speed=110.0, fit=True)
MERGED = Row("merged-q4", "GGUF Q4_0, merged", kl=0.04, scores={"coverage": 0.95}, size=87 << 20)


def test_losses_are_laid_to_the_lora_file_to_the_base_file_and_to_merging() -> None:
    said = attribution.lost_at(attribution.steps([ADAPTER, replace(F16, kl=0.002), replace(Q4, kl=0.03), MERGED]))

    assert said == (
        "Quality was lost at adapter -> merged-q4 (+0.04 nats a token, coverage -0.030); then at f16 -> q4 "
        "(+0.028 nats a token); then at adapter -> f16 (+0.002 nats a token)."
    )


def test_a_file_that_no_gate_speaks_of_is_not_recommended_though_it_is_smaller() -> None:
    said = attribution.recommend([ADAPTER, F16, Q4, MERGED])

    assert said.startswith("Ship GGUF Q4_1 + LoRA: 104 MiB")
    assert "merged" not in said


def test_a_merged_file_that_lost_the_adapter_is_warned_of() -> None:
    lost = replace(MERGED, fit=False, why="the adapter did not survive")

    assert "Do not ship GGUF Q4_0, merged (the adapter did not survive)." in attribution.recommend([Q4, lost])


SERVING = Serving(ServedFile("base.gguf", "a" * 64, 98 << 20), ServedFile("lora_both.gguf", "b" * 64, 9 << 20))


def test_the_report_names_the_two_files_and_the_command_that_serves_them() -> None:
    report = "\n".join(blocks({"forms": attribution.document([ADAPTER, Q4], SERVING)}, Say()))

    assert "| base | base.gguf | 98.0 |" in report
    assert "| LoRA | lora_both.gguf | 9.0 |" in report
    assert "llama-server -m base.gguf --lora lora_both.gguf" in report


def test_a_merged_release_has_no_such_part() -> None:
    assert "serving" not in attribution.document([ADAPTER, Q4])
    assert "Served apart" not in "\n".join(blocks({"forms": attribution.document([ADAPTER, Q4])}, Say()))


def test_what_is_kept_of_serving_is_what_the_schema_of_verdicts_says() -> None:
    schema = json.loads(document.SCHEMA.read_text(encoding="utf-8"))
    part = {"$ref": "#/$defs/forms", "$defs": schema["$defs"]}
    kept = json.loads(json.dumps(attribution.document([ADAPTER, Q4], SERVING)))
    jsonschema.validate(kept, part)
    kept["serving"]["lora"].pop("sha256")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(kept, part)
