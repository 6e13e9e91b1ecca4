"""The candidate as a GGUF file: each step on the way is read back, and the file answers in llama.cpp."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.gguf import F16, Merged, Quantized, ReadCheckpoint, ReadFile, Smoked
from fixtures.release import Conclude
from fixtures.toolchain import InspectToolchain
from harness.errors import AdapterError, BuildFailedError
from harness.evidence import Measurement
from harness.gguf import inspect
from harness.gguf.errors import GgufError, SmokeError
from harness.gguf.merge import MergeProof
from harness.gguf.settings import Settings
from harness.gguf.smoke import Said, problems

UNMADE = (GgufError, AdapterError, BuildFailedError)
"""A step that fails makes its own gate fail, with its message; the gates behind it are blocked."""


def test_toolchain_ready(inspect_toolchain: InspectToolchain, conclude: Conclude) -> None:
    """Every tool is there, is of the pinned version, and a quantized model runs on this machine."""
    inspected = inspect_toolchain()
    found = inspected.toolchain
    sources = {} if found is None else {"toolchain": found.digest}
    conclude(Measurement(float(found is not None), 1, message=inspected.message, sources=sources))


def test_merge_ok(
    merged: Merged, prove_merge: Callable[[], MergeProof], gguf_settings: Settings, conclude: Conclude
) -> None:
    """The merged checkpoint, read back, answers as the adapter on its base does, and nothing of LoRA is left in it."""
    try:
        artifact, proof = merged(), prove_merge()
    except UNMADE as error:
        conclude(Measurement(0.0, 1, message=str(error)))
        return
    names = [f"{name}: not of this architecture" for name in proof.foreign]
    names += [f"{name}: missing" for name in proof.missing]
    holds = proof.largest <= gguf_settings.merge_tolerance and not names
    conclude(
        Measurement(
            value=float(holds),
            n=1,
            message=(
                f"largest difference of a log-probability {proof.largest:.2e} nats (at most "
                f"{gguf_settings.merge_tolerance:g}), KL {proof.kl:.2e} nats per token over {proof.positions} tokens; "
                f"output matrix {'is' if proof.tied else 'is not'} the embeddings"
                + (f"; tensors: {', '.join(names[:3])}" if names else "")
            ),
            sources={"merged": artifact.digest},
        )
    )


def test_convert_f16_ok(f16: F16, read_checkpoint: ReadCheckpoint, read_file: ReadFile, conclude: Conclude) -> None:
    """The f16 file, read back, says of itself what its checkpoint says: architecture, size, tokens, chat template."""
    try:
        artifact = f16()
        found, weights = read_file(artifact)
    except UNMADE as error:
        conclude(Measurement(0.0, 1, message=str(error)))
        return
    wrong = list(inspect.differences(read_checkpoint(), found))
    told = (
        f"{found.architecture}, {found.tensors} tensors, {found.vocabulary} tokens, special ids {dict(found.special)}; "
        f"{weights.describe()}"
    )
    conclude(Measurement(float(not wrong), 1, message="; ".join([*wrong, told]), sources={"gguf f16": artifact.digest}))


def test_quantize_q4_ok(
    f16: F16, quantized: Quantized, read_file: ReadFile, gguf_settings: Settings, conclude: Conclude
) -> None:
    """The quantized file, read back, is as small as the spec asks, whatever it is called, and is the same model."""
    try:
        artifact = quantized(gguf_settings.quantization)
        found, weights = read_file(artifact)
    except UNMADE as error:
        conclude(Measurement(0.0, 1, message=str(error)))
        return
    wanted, plain = read_file(f16())
    wrong = list(inspect.differences(wanted, found))
    if weights.description != plain.description:
        wrong.append(f"it says that it was made of {weights.description!r}, its source of {plain.description!r}")
    bits = weights.bits_per_weight
    if bits > gguf_settings.bits_per_weight:
        wrong.append(_fell_back(weights, gguf_settings))
    told = f"asked for {gguf_settings.quantization}: {weights.describe()}"
    conclude(Measurement(float(not wrong), 1, message="; ".join([*wrong, told]), sources={"gguf": artifact.digest}))


def _fell_back(weights: inspect.Weights, settings: Settings) -> str:
    return (
        f"{weights.bits_per_weight:.2f} bits a weight, the spec allows {settings.bits_per_weight:g}: "
        f"{100 * weights.share(settings.quantization):.0f} % of the weights are {settings.quantization}, the others "
        "fell back to wider types (K-quants need rows of a multiple of 256); choose one with blocks of 32, such as Q4_0"
    )


def test_llama_cli_smoke_ok(smoked: Smoked, conclude: Conclude) -> None:
    """llama-completion and llama-cli answer real benchmark items: not empty, ended by themselves, in time."""
    _conclude_smoke(smoked, "cli", conclude)


def test_llama_cpp_python_smoke_ok(smoked: Smoked, conclude: Conclude) -> None:
    """The Python binding does, in a process of its own."""
    _conclude_smoke(smoked, "binding", conclude)


def _conclude_smoke(smoked: Smoked, program: str, conclude: Conclude) -> None:
    try:
        said = smoked(program)
        asked, wrong, told = len(said), problems(said), "; ".join(_speeds(said))
    except SmokeError as error:
        asked, wrong, told = error.asked, error.problems, ""
    if wrong:
        told = "\n".join((f"{len(wrong)} of {asked} answers are not as they must be", *wrong))
    conclude(Measurement(1.0 - len(wrong) / asked, asked, message=told))


def _speeds(said: list[Said]) -> list[str]:
    """One part a program: answers, speeds and memory."""
    parts = []
    for program in dict.fromkeys(one.program for one in said):
        mine = [one for one in said if one.program == program]
        timed = [one.answer_speed for one in mine if one.answer_speed]
        speed = f", {sum(timed) / len(timed):.0f} tokens/s" if timed else ""
        peak = max(one.peak for one in mine) / 2**20
        parts.append(f"{program}: {len(mine)} answered{speed}, {peak:.0f} MiB at most")
    return parts
