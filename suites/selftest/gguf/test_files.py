"""Merged checkpoints and GGUF files are read back: what is cut short, mixed up or spoilt on the way is told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.dataset.item import Item
from harness.engines import form
from harness.engines.adapter_files import CONFIG
from harness.engines.float32 import FORM
from harness.errors import GgufError
from harness.gguf import merge, read_back
from harness.gguf.toolchain import prove
from suites.tiny import line as tiny

TARGETS = ["q_proj", "v_proj", "down_proj"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    tiny.write_base(folder)
    return folder


@pytest.fixture(scope="module")
def tied(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with one tensor for embeddings and output."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("tied")
    shutil.copytree(base, folder, dirs_exist_ok=True)
    (folder / "model.safetensors").unlink()
    model = AutoModelForCausalLM.from_pretrained(base)
    model.lm_head.weight = model.get_input_embeddings().weight
    model.config.tie_word_embeddings = True
    model.save_pretrained(folder)
    return folder


def adapter_on(base: Path, folder: Path, targets: list[str]) -> Path:
    """A random LoRA that moves the logits."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(5)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM")
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(folder)
    return folder


def items() -> list[Item]:
    turns = ({"role": "system", "content": "You know the sea."}, {"role": "user", "content": "Tell me of badoki."})
    return [Item("a", "sea", "plain", "badoki", turns, tiny.ANSWER, (), 1)]


def measured(base: Path, adapter: Path, merged: Path) -> merge.MergeProof:
    return merge.measure(lambda: form.load(FORM, base, 1), adapter, merged, items())


def test_a_merged_checkpoint_answers_as_its_adapter_does(base: Path, tmp_path: Path) -> None:
    adapter = adapter_on(base, tmp_path / "adapter", TARGETS)
    merge.write(base, adapter, tmp_path)

    proof = measured(base, adapter, tmp_path)

    assert proof.largest < 1e-4
    assert (proof.foreign, proof.missing, proof.tied) == ((), (), False)


def test_the_bare_base_in_place_of_a_merged_checkpoint_is_seen(base: Path, tmp_path: Path) -> None:
    proof = measured(base, adapter_on(base, tmp_path / "adapter", TARGETS), base)

    assert proof.largest > 0.01
    assert proof.kl > 0.0


def test_a_tied_base_stays_tied_where_the_adapter_leaves_its_ends_alone(tied: Path, tmp_path: Path) -> None:
    adapter = adapter_on(tied, tmp_path / "adapter", TARGETS)
    merge.write(tied, adapter, tmp_path)

    proof = measured(tied, adapter, tmp_path)

    assert proof.largest < 1e-4
    assert (proof.foreign, proof.missing, proof.tied) == ((), (), True)


def test_an_adapter_on_the_output_of_a_tied_base_does_not_change_its_embeddings(tied: Path, tmp_path: Path) -> None:
    """Merged into the shared tensor it would: every input would be read in another way than in training."""
    adapter = adapter_on(tied, tmp_path / "adapter", [*TARGETS, "lm_head"])
    merge.write(tied, adapter, tmp_path)

    proof = measured(tied, adapter, tmp_path)

    assert proof.largest < 1e-4
    assert proof.tied is False


def test_lora_tensors_left_in_a_merged_checkpoint_are_named(base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    adapter = adapter_on(base, tmp_path / "adapter", TARGETS)
    merged = tmp_path / "merged"
    merged.mkdir()
    merge.write(base, adapter, merged)
    tensors = load_file(merged / "model.safetensors")
    left = "model.layers.0.self_attn.q_proj.lora_A.weight"
    save_file({**tensors, left: tensors["model.norm.weight"].clone()}, merged / "model.safetensors", {"format": "pt"})

    assert measured(base, adapter, merged).foreign == (left,)


def test_which_adapters_touch_an_end_is_read_from_their_weights(base: Path, tmp_path: Path) -> None:
    plain, ended = tmp_path / "plain", tmp_path / "ended"

    assert not merge.touches_an_end(adapter_on(base, plain, TARGETS))
    assert merge.touches_an_end(adapter_on(base, ended, ["lm_head"]))
    assert json.loads((ended / CONFIG).read_text(encoding="utf-8"))["target_modules"] == ["lm_head"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "probe.gguf"
    prove.write(path)
    return path


def test_a_gguf_file_is_read_back_by_its_tensors(file: Path) -> None:
    model, weights = read_back.read(file)

    assert (model.architecture, model.layers, model.width, model.vocabulary) == ("llama", 2, 256, 258)
    assert model.special == {"eos": 257}
    assert model.tensors == 21
    assert weights.types["F16"].tensors == 16
    assert weights.types["F32"].weights == 5 * 256
    assert 16.0 < weights.bits_per_weight < 16.1
    assert weights.size == file.stat().st_size


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.5, 0.99, 0.99999])
def test_a_file_that_was_cut_short_is_refused_wherever_it_ends(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])

    with pytest.raises(GgufError, match="cut short or no GGUF file"):
        read_back.read(file)


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04" * 1000)

    with pytest.raises(GgufError, match="no GGUF file"):
        read_back.read(path)


def test_equal_models_have_no_difference(file: Path) -> None:
    model, _ = read_back.read(file)

    assert list(read_back.differences(model, model)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"architecture": "qwen3"}, "architecture: 'llama' in the file, 'qwen3' in its source"),
        ({"tensors": 22}, "tensors: 21 in the file, 22 in its source"),
        ({"vocabulary": 320}, "vocabulary: 258 in the file, 320 in its source"),
        ({"special": {"eos": 2}}, "eos token id: 257 in the file, 2 in its source"),
        ({"special": {"eos": 257, "bos": 1}}, "bos token id: None in the file, 1 in its source"),
        ({"chat_template": "{{ messages }}"}, "chat template: none in the file"),
    ],
)
def test_each_difference_from_the_source_is_told(file: Path, change: dict[str, Any], told: str) -> None:
    found, _ = read_back.read(file)
    wanted = replace(found, **change)

    assert [text for text in read_back.differences(wanted, found) if text.startswith(told)]


def test_another_chat_template_is_shown_where_it_differs(file: Path) -> None:
    found, _ = read_back.read(file)
    ours, theirs = replace(found, chat_template="<|start|>user\nA"), replace(found, chat_template="<|start|>User\nA")

    (told,) = read_back.differences(ours, theirs)

    assert "differs from its source's at character 9" in told
    assert "'User\\nA' in the file, 'user\\nA' in the source" in told


def test_bits_a_weight_are_counted_over_all_tensors_and_not_taken_from_a_name() -> None:
    types = {"Q4_0": read_back.Share(2, 3200, 1800), "Q8_0": read_back.Share(1, 3200, 3400)}
    weights = read_back.Weights(types, 6000, "")

    assert weights.bits_per_weight == pytest.approx((4.5 + 8.5) / 2)
    assert weights.share("Q4_0") == 0.5
    assert weights.share("Q4_K") == 0.0
    assert weights.describe().startswith("Q4_0 50.0 % (2 tensors), Q8_0 50.0 % (1 tensors); 6.50 bits a weight")


def test_a_checkpoint_says_what_its_file_must_say(tied: Path) -> None:
    model = read_back.source(tied)

    assert (model.architecture, model.layers, model.width) == ("llama", 2, 64)
    assert model.tensors == 2 * 9 + 2  # the output matrix is the embeddings and counts once
    assert model.special == {"eos": 0, "pad": 2}
    assert model.chat_template == tiny.CHAT_TEMPLATE
