"""A GGUF LoRA is read back: it holds exactly its adapter, and whatever it holds beside or in place of it is told.

The files are made by the real llama.cpp's converter, of a tiny model with a real tokenizer.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import pytest

from harness.engines.native import ChildError
from harness.errors import GgufError
from harness.gguf import convert, lora, lora_proof, quantize
from harness.gguf.lora_proof import LoraProof
from harness.gguf.matrices import Matrices
from harness.gguf.toolchain import prove
from harness.gguf.toolchain.find import Toolchain
from suites.tiny import gguf as tiny_gguf
from suites.tiny import lora as tiny_lora

ABOUT = {"general.name": "tiny", "general.description": "greenrun: base sha256:1 adapter sha256:2"}
SECONDS = 300.0
ONE = "blk.1.attn_q.weight"


class Made:
    """A base in two types, an adapter of it and its LoRA file."""

    def __init__(self, place: Path, tools: Toolchain) -> None:
        self.place, self.tools = place, tools
        self.base, self.adapter, self.f16, self.q4 = (place / name for name in ("base", "adapter", "f16", "q4"))
        for folder in (self.f16, self.q4):
            folder.mkdir()
        tiny_gguf.write_base(self.base)
        tiny_lora.write_adapter(self.base, self.adapter)
        convert.to_f16(self.base, tools, {}, self.f16, SECONDS)
        quantize.quantize(self.f16 / convert.FILE, "Q4_0", tools, self.q4, 1, SECONDS)
        lora.write(self.adapter, self.base, tools, ABOUT, place, SECONDS)
        self.file = place / lora.FILE
        self.matrices = Matrices(self.base, self.q4 / convert.FILE)

    def proof(self, file: Path, adapter: Path | None = None, base: Path | None = None) -> LoraProof:
        """Reading a base file's vocabulary takes a second or two, so its own is read once."""
        matrices = Matrices(self.base, base) if base else self.matrices
        return lora_proof.prove(file, adapter or self.adapter, matrices, ABOUT["general.description"])


@pytest.fixture(scope="module")
def made(llama_cpp: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("lora"), llama_cpp)


@pytest.mark.parametrize("kind", ["f16", "q4"])
def test_a_lora_file_holds_exactly_its_adapter(made: Made, kind: str) -> None:
    proof = made.proof(made.file, base=made.place / kind / convert.FILE)

    assert proof.wrong == ()
    assert (proof.pairs, proof.ranks, proof.alpha, proof.scales) == (14, (4,), 8.0, (2.0,))
    assert 0.0 < proof.largest <= 2.0**-11
    assert proof.explain().startswith(
        "nothing is merged: the adapter stays apart, 14 pairs of rank 4, alpha 8, applied"
    )


def halved(tensors: dict[str, Any]) -> Mapping[str, Any]:
    return {name: values[: len(values) // 2] if name.endswith("_a") else values for name, values in tensors.items()}


def without(*names: str) -> tiny_lora.Edit:
    return lambda tensors: {name: values for name, values in tensors.items() if name not in names}


def changed(name: str, by: float) -> tiny_lora.Edit:
    return lambda tensors: {**tensors, name: tensors[name] * by}


def rows_turned(tensors: dict[str, Any]) -> Mapping[str, Any]:
    return {**tensors, f"{ONE}.lora_b": tensors[f"{ONE}.lora_b"][::-1].copy()}


def with_a_norm(tensors: dict[str, Any]) -> Mapping[str, Any]:
    return {**tensors, "blk.0.attn_norm.weight": tensors[f"{ONE}.lora_a"][0].copy()}


@pytest.mark.parametrize(
    ("tensors", "fields", "told"),
    [
        (dict, {"adapter.lora.alpha": 4.0}, "applied at 1, and was trained at 2"),
        (dict, {"adapter.lora.alpha": None}, "alpha: none in the file, so llama.cpp would apply every pair at 1"),
        (dict, {"adapter.type": "control_vector"}, "adapter.type: 'control_vector' in the file"),
        (dict, {"general.architecture": "qwen2"}, "architecture: 'qwen2' in the file, 'llama' in its base file"),
        (dict, {"general.description": "of another"}, "it says that it was made of 'of another'"),
        (without(f"{ONE}.lora_a", f"{ONE}.lora_b"), {}, f"{ONE}: missing"),
        (without(f"{ONE}.lora_b"), {}, f"{ONE}: only half of the pair is there"),
        (changed(f"{ONE}.lora_b", 1.01), {}, f"{ONE}: other numbers than the adapter's, off by 0.01"),
        (changed("blk.0.ffn_up.weight.lora_a", float("nan")), {}, "other numbers than the adapter's, off by inf"),
        (rows_turned, {}, f"{ONE}: other numbers than the adapter's"),
        (halved, {}, "(64, 4) x (2, 64) in the file, (64, 4) x (4, 64) in the adapter"),
        (with_a_norm, {}, "blk.0.attn_norm.weight: not of this adapter"),
    ],
    ids=[
        "another alpha",
        "no alpha",
        "no LoRA",
        "another architecture",
        "another origin",
        "a pair missing",
        "half a pair missing",
        "a number changed",
        "no number",
        "rows in another order",
        "another rank",
        "a tensor too many",
    ],
)
def test_a_lora_file_that_is_not_its_adapter_is_told(
    made: Made, tmp_path: Path, tensors: tiny_lora.Edit, fields: dict[str, Any], told: str
) -> None:
    proof = made.proof(tiny_lora.rewritten(made.file, tmp_path / lora.FILE, tensors, fields))

    assert any(told in one for one in proof.wrong), proof.wrong


def test_the_lora_file_of_another_adapter_is_told(made: Made, tmp_path: Path) -> None:
    other = tiny_lora.write_adapter(made.base, tmp_path / "other", seed=6)

    proof = made.proof(made.file, adapter=other)

    assert len(proof.wrong) == 14
    assert "and 9 more" in proof.explain()


def test_a_base_file_of_another_base_is_told(made: Made, tmp_path: Path) -> None:
    """Of the same shape: its numbers are others."""
    other = Path(shutil.copyfile(made.f16 / convert.FILE, tmp_path / convert.FILE))
    for tensor in gguf.GGUFReader(other, "r+").tensors:
        if tensor.name.endswith(("attn_q.weight", "attn_k.weight")):
            tensor.data[:] = tensor.data[::-1].copy()

    wrong = made.proof(made.file, base=other).wrong

    assert len(wrong) == 4
    assert all(one.endswith("it is of another base") for one in wrong)


def test_a_base_file_of_another_width_is_told(made: Made, tmp_path: Path) -> None:
    prove.write(tmp_path / convert.FILE)

    wrong = made.proof(made.file, base=tmp_path / convert.FILE).wrong

    assert f"{ONE}: for a matrix of 64 x 64, the base file's is 256 x 256" in wrong


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_lora_file_that_was_cut_short_is_refused(made: Made, tmp_path: Path, share: float) -> None:
    data = made.file.read_bytes()
    (tmp_path / lora.FILE).write_bytes(data[: int(len(data) * share)])

    with pytest.raises(GgufError, match="cut short or no GGUF file"):
        made.proof(tmp_path / lora.FILE)


@pytest.mark.parametrize(
    ("options", "alpha", "scales"),
    [
        ({"use_rslora": True}, 16.0, (4.0,)),
        ({"rank_pattern": {"q_proj": 8}, "alpha_pattern": {"q_proj": 8}}, 8.0, (1.0, 2.0)),
        ({"rank_pattern": {"q_proj": 8}, "alpha_pattern": {"q_proj": 16}}, None, ()),
    ],
    ids=["rslora", "ranks of its own", "alphas of its own"],
)
def test_one_alpha_gives_every_module_its_scale_or_there_is_no_file(
    made: Made, tmp_path: Path, options: dict[str, Any], alpha: float | None, scales: tuple[float, ...]
) -> None:
    """The converter reads lora_alpha alone, and its file would be applied otherwise than in training."""
    adapter = tiny_lora.write_adapter(made.base, tmp_path / "adapter", **options)
    if alpha is None:
        with pytest.raises(GgufError, match=r"q_proj one of 16|would need an alpha of 16"):
            lora.alpha_of(adapter)
        return
    lora.write(adapter, made.base, made.tools, ABOUT, tmp_path, SECONDS)

    proof = made.proof(tmp_path / lora.FILE, adapter)

    assert (proof.wrong, proof.alpha) == ((), alpha)
    assert proof.scales == tuple(sorted(scales, reverse=True))


def test_an_adapter_that_no_lora_file_can_hold_is_refused(made: Made, tmp_path: Path) -> None:
    adapter = tiny_lora.write_adapter(made.base, tmp_path / "adapter", use_dora=True)
    (tmp_path / "into").mkdir()

    with pytest.raises(ChildError, match="converting the adapter to a GGUF LoRA"):
        lora.write(adapter, made.base, made.tools, ABOUT, tmp_path / "into", SECONDS)

    assert list((tmp_path / "into").iterdir()) == []


def test_a_llama_cpp_without_the_converter_is_named(made: Made, tmp_path: Path) -> None:
    tools = Toolchain(tmp_path, {}, tmp_path, tmp_path / "convert.py", None, "none", "digest")

    with pytest.raises(GgufError, match=r"holds no convert_lora_to_gguf\.py"):
        lora.write(made.adapter, made.base, tools, ABOUT, tmp_path, SECONDS)
