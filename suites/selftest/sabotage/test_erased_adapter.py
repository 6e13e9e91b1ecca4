"""The file that looks sound and has lost its adapter: Q4_1 of the default model, made from a real release's adapter.

The base came from a Q4_1 file, so its weights lie on that grid; what the adapter adds is small and rounds away. The
file converts, loads, answers, and its weight error is small, so only its divergences tell. Needs what ``make release``
leaves behind: the store in ``out`` and the toolchain in ``.build``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.dataset.checks import items_of
from harness.engines import form, llama_cpp
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from harness.engines.generate import Decoding
from harness.engines.llama_compute import Compute
from harness.engines.llama_engine import LlamaEngine
from harness.fidelity import measure, reference
from harness.fidelity.measure import Measured, Sample
from harness.fidelity.reference import Heads
from harness.fidelity.sample import thirds
from harness.fidelity.survival import explain, survival
from harness.gates import fidelity, judging
from harness.gguf import convert, merge, quantize
from harness.gguf.toolchain import build
from harness.gguf.toolchain.find import Toolchain
from harness.spec import load
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from suites.selftest.sabotage import real_release
from suites.tiny.child import ROOT

ITEMS = 6
"""A task: a dozen in all show a margin of -0.8."""
SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Made:
    """The candidate on the original base, as one f16 file, and what it is held against."""

    spec: Spec
    toolchain: Toolchain
    base: Loaded
    f16: Path
    sample: Sample
    reference: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("erased")
    spec = load.load(ROOT / "data" / "v3" / "release.toml")
    tools = build.built()
    base, adapter = real_release.artifact("base", ""), real_release.candidate(spec)
    for name in ("merged", "f16", "reference"):
        (folder / name).mkdir()
    merge.write(base, adapter, folder / "merged")
    convert.to_f16(folder / "merged", tools, {}, folder / "f16", SECONDS)
    tasks = spec.adapters[spec.candidate].tasks
    sample = Sample(
        {task: thirds(items_of(spec.tasks[task], "benchmark"), ITEMS) for task in tasks},
        {task: Decoding(spec.batch_size, spec.tasks[task].max_new_tokens) for task in tasks},
    )
    loaded = form.load(FORM, base, spec.threads)
    reference.write(folder / "reference", loaded, adapter, sample)
    return Made(spec, tools, loaded, folder / "f16" / convert.FILE, sample, folder / "reference")


def _measured(made: Made, quantization: str, folder: Path) -> Measured:
    quantize.quantize(made.f16, quantization, made.toolchain, folder, made.spec.threads, SECONDS)
    head = made.base.model.get_output_embeddings()
    adapter, base = reference.against(made.reference, Heads(head, head))
    runtime = llama_cpp.Runtime(environment=made.toolchain.environment())
    with llama_cpp.opened(folder / convert.FILE, Compute(made.spec.threads), runtime) as loaded:
        asked = LlamaEngine(loaded, made.base.tokenizer)
        return measure.measure(asked, made.base.tokenizer, made.sample, adapter, base)


def _judged(made: Made, measured: Measured) -> tuple[str, str]:
    """Outcome and message of the gate, as the release suite judges it."""
    gate = next(one for one in fidelity.expected(made.spec) if one.id == "gguf.q4.adapter_survives")
    found = survival(measured.figures, made.spec.confidence)
    value = Measurement(
        found.margin, found.clusters, found.lower, found.upper, message=explain(found), sources={"parity": "a"}
    )
    judgement = judging.judge(gate, value, made.spec.confidence)
    return judgement.outcome, judgement.message


def test_q4_1_of_the_default_model_is_the_base_again_and_goes_red(made: Made, tmp_path: Path) -> None:
    outcome, message = _judged(made, _measured(made, "Q4_1", tmp_path))
    assert outcome == "failed", message
    assert "the adapter did not survive" in message


def test_q4_0_of_the_same_model_still_is_the_adapter(made: Made, tmp_path: Path) -> None:
    outcome, message = _judged(made, _measured(made, "Q4_0", tmp_path))
    assert outcome == "passed", message
