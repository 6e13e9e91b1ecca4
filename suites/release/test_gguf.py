"""The candidate as a GGUF file: each step on the way is read back, and the file answers in llama.cpp."""

from __future__ import annotations

from contextlib import suppress

from fixtures.base import Base
from fixtures.deployed import Deployed
from fixtures.gguf import Gguf
from fixtures.release import Conclude
from fixtures.toolchain import LlamaCpp
from harness.errors import AdapterError, BuildFailedError, GgufError, GreenrunError, SmokeError
from harness.gguf import read_back
from harness.gguf.smoke import Said, problems
from harness.spec.gguf import GgufGates
from harness.statistics.measurement import Measurement

UNMADE = (GgufError, AdapterError, BuildFailedError)
"""A step that fails makes its own gate fail, with its message; the gates behind it are blocked. What the steps begin
with, base and weights, is none of them: it is asked for first."""


def test_toolchain_ready(llama_cpp: LlamaCpp, conclude: Conclude) -> None:
    """Every tool is there, is of the pinned version, and a quantized model runs on this machine."""
    inspected = llama_cpp.inspected()
    found = inspected.toolchain
    sources = {} if found is None else {"toolchain": found.digest}
    conclude(Measurement(float(found is not None), 1, message=inspected.message, sources=sources))


def test_merge_ok(deployed: Deployed, gguf: Gguf, conclude: Conclude) -> None:
    """The adapter is in what is served.

    Merged: the checkpoint, read back, answers as the adapter on its base does, and nothing of LoRA is left in it.
    Apart: nothing is merged, and the LoRA file holds exactly the adapter, every pair of it, every number but for
    rounding to f16, rank and alpha, so that it is applied at the scale of training; and nothing else.
    """
    deployed.candidate_weights()
    try:
        kept = gguf.kept()
    except UNMADE as error:
        _conclude_unmade(error, gguf, conclude)
        return
    conclude(Measurement(float(kept.holds), 1, message=kept.message, sources=kept.sources))


def test_convert_f16_ok(base: Base, gguf: Gguf, conclude: Conclude) -> None:
    """The f16 file, read back, says of itself what its checkpoint says: architecture, size, tokens, chat template.

    Apart, it is a file of the base: of the weights that the adapter was trained on.
    """
    base.fit()
    try:
        form = gguf.f16()
        found, weights = gguf.read(form.base)
    except UNMADE as error:
        _conclude_unmade(error, gguf, conclude)
        return
    wrong = list(read_back.differences(gguf.checkpoint_says(), found))
    told = (
        f"{found.architecture}, {found.tensors} tensors, {found.vocabulary} tokens, special ids {dict(found.special)}; "
        f"{weights.describe()}"
    )
    conclude(
        Measurement(float(not wrong), 1, message="; ".join([*wrong, told]), sources={"gguf f16": form.base.digest})
    )


def test_quantize_q4_ok(base: Base, gguf: Gguf, conclude: Conclude) -> None:
    """The quantized file, read back, is as small as the spec asks, whatever it is called, and is the same model.

    Apart, it is the base file that every LoRA is laid upon: the spec's own GGUF file, or the base quantized.
    """
    base.fit()
    try:
        form = gguf.quantized()
        found, weights = gguf.read(form.base)
    except UNMADE as error:
        _conclude_unmade(error, gguf, conclude)
        return
    wanted, _ = gguf.read(gguf.f16().base)
    wrong = list(read_back.differences(wanted, found))
    asked = "as given"
    if form.says is not None:
        asked = f"asked for {gguf.settings.quantization}"
        if weights.description != form.says:
            wrong.append(f"it says that it was made of {weights.description!r}, and was made of {form.says!r}")
    if weights.bits_per_weight > gguf.settings.bits_per_weight:
        wrong.append(_too_wide(weights, gguf.settings, given=form.says is None))
    told = f"{asked}: {weights.describe()}" + (", the adapter apart from it" if form.lora else "")
    conclude(Measurement(float(not wrong), 1, message="; ".join([*wrong, told]), sources=form.sources))


def _conclude_unmade(error: GreenrunError, gguf: Gguf, conclude: Conclude) -> None:
    """Fail the gate of a step that could not be taken, on the adapter that it was to be taken with, if there is one."""
    sources = {}
    with suppress(*UNMADE):
        sources = {"adapter": gguf.candidate().digest}
    conclude(Measurement(0.0, 1, message=str(error), sources=sources))


def _too_wide(weights: read_back.Weights, settings: GgufGates, *, given: bool) -> str:
    head = f"{weights.bits_per_weight:.2f} bits a weight, the spec allows {settings.bits_per_weight:g}: "
    if given:
        return f"{head}name a smaller file under [base], or say what is meant in gates.gguf.bits_per_weight"
    mine = 100 * weights.share(settings.quantization)
    if settings.quantization in BLOCKS_OF_32:
        return (
            f"{head}{mine:.0f} % of the weights are {settings.quantization}, and the others stay wider in any file of "
            "that type: a merged head or embeddings, an output matrix, rows that are no multiple of 32; say what is "
            "meant in gates.gguf.bits_per_weight, or keep the adapter off them"
        )
    return (
        f"{head}{mine:.0f} % of the weights are {settings.quantization}, the others fell back to wider types (K-quants "
        "need rows of a multiple of 256); choose one with blocks of 32, such as Q4_0"
    )


BLOCKS_OF_32 = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL", "MXFP4")
"""Types that fit any row of a multiple of 32: what is wider beside them did not fall back for its width."""


def test_llama_cli_smoke_ok(gguf: Gguf, conclude: Conclude) -> None:
    """llama-completion and llama-cli answer real benchmark items: not empty, ended by themselves, in time."""
    _conclude_smoke(gguf, "cli", conclude)


def test_llama_cpp_python_smoke_ok(gguf: Gguf, conclude: Conclude) -> None:
    """The Python binding does, in a process of its own."""
    _conclude_smoke(gguf, "binding", conclude)


def _conclude_smoke(gguf: Gguf, program: str, conclude: Conclude) -> None:
    try:
        said = gguf.smoked(program)
        asked, wrong, told = len(said), problems(said), "; ".join(_speeds(said))
    except SmokeError as error:
        asked, wrong, told = error.asked, error.problems, ""
    if wrong:
        told = "\n".join((f"{len(wrong)} of {asked} answers are not as they must be", *wrong))
    conclude(Measurement(1.0 - len(wrong) / asked, asked, message=told, sources=gguf.quantized().sources))


def _speeds(said: list[Said]) -> list[str]:
    """One part a program: answers, speeds, memory, and the layers on a GPU."""
    parts = []
    for program in dict.fromkeys(one.program for one in said):
        mine = [one for one in said if one.program == program]
        timed = [one.answer_speed for one in mine if one.answer_speed]
        speed = f", {sum(timed) / len(timed):.0f} tokens/s" if timed else ""
        peak = max(one.peak for one in mine) / 2**20
        placed = "".join(dict.fromkeys(f", {one.placed}" for one in mine if one.placed))
        parts.append(f"{program}: {len(mine)} answered{speed}, {peak:.0f} MiB at most{placed}")
    return parts
