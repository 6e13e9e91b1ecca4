"""The way to a GGUF file with the real llama.cpp: a tiny model with a real tokenizer goes all of it."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.engines.llama_compute import Compute
from harness.engines.native import ChildError
from harness.engines.patience import always
from harness.errors import GgufError
from harness.gguf import convert, quantize, read_back, smoke
from harness.gguf.smoke import Prompt
from harness.gguf.toolchain import find, prove
from harness.gguf.toolchain.find import Toolchain
from suites.tiny import gguf
from suites.tiny import line as tiny

ABOUT = {"general.name": "tiny", "general.description": "greenrun: base sha256:1 adapter sha256:2"}
SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Files:
    checkpoint: Path
    f16: Path
    q4: Path


@pytest.fixture(scope="module")
def files(llama_cpp: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Files:
    checkpoint, f16, q4 = (tmp_path_factory.mktemp(name) for name in ("checkpoint", "f16", "q4"))
    gguf.write_base(checkpoint)
    convert.to_f16(checkpoint, llama_cpp, ABOUT, f16, SECONDS)
    quantize.quantize(f16 / convert.FILE, "Q4_0", llama_cpp, q4, 1, SECONDS)
    return Files(checkpoint, f16 / convert.FILE, q4 / convert.FILE)


def test_the_toolchain_is_of_one_pinned_version_and_runs_a_quantized_model(llama_cpp: Toolchain) -> None:
    asked = find.ask(llama_cpp)
    proof = prove.prove(llama_cpp, Compute(2))

    assert asked.problems == ()
    assert set(asked.versions) == {*find.TOOLS, "llama-cpp-python"}
    assert proof.sets != "not said"
    assert "AMX" not in proof.sets


def test_both_files_say_what_their_checkpoint_says(files: Files) -> None:
    source = read_back.source(files.checkpoint)

    for path in (files.f16, files.q4):
        model, weights = read_back.read(path)
        assert list(read_back.differences(source, model)) == []
        assert weights.description == ABOUT["general.description"]


def test_the_files_hold_the_types_that_they_are_named_for(files: Files) -> None:
    plain, quantized = read_back.read(files.f16)[1], read_back.read(files.q4)[1]

    assert set(plain.types) == {"F16", "F32"}
    assert quantized.share("Q4_0") > 0.0
    assert quantized.size < plain.size


def test_a_type_that_falls_back_is_seen_in_the_tensors(llama_cpp: Toolchain, files: Files, tmp_path: Path) -> None:
    """Rows of 64 are no multiple of 256: the tool writes other types under the name of Q4_K_M and ends well."""
    quantize.quantize(files.f16, "Q4_K_M", llama_cpp, tmp_path, 1, SECONDS)

    weights = read_back.read(tmp_path / convert.FILE)[1]

    assert weights.share("Q4_K") == 0.0
    assert weights.bits_per_weight > 5.5


def test_a_chat_template_that_is_not_the_bases_is_told(llama_cpp: Toolchain, files: Files, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(files.checkpoint, changed)
    template = changed / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("assistant", "Assistant"), encoding="utf-8")
    convert.to_f16(changed, llama_cpp, ABOUT, tmp_path, SECONDS)

    told = list(read_back.differences(read_back.source(files.checkpoint), read_back.read(tmp_path / convert.FILE)[0]))

    assert len(told) == 1
    assert told[0].startswith("chat template: differs from its source's at character")


def test_a_tokenizer_that_the_converter_does_not_know_is_refused(llama_cpp: Toolchain, tmp_path: Path) -> None:
    tiny.write_base(tmp_path / "base")
    (tmp_path / "into").mkdir()

    with pytest.raises(GgufError, match="does not know how the base's tokenizer splits text"):
        convert.to_f16(tmp_path / "base", llama_cpp, ABOUT, tmp_path / "into", SECONDS)

    assert list((tmp_path / "into").iterdir()) == []


@pytest.fixture
def small_files_only() -> Iterator[None]:
    """Children of this process can write a megabyte, as if the disk were full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files_only")
def test_no_room_to_quantize_is_named_and_leaves_nothing(llama_cpp: Toolchain, files: Files, tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"quantizing to Q4_0: llama-quantize (died of SIGXFSZ|ended with status)"):
        quantize.quantize(files.f16, "Q4_0", llama_cpp, tmp_path, 1, SECONDS)

    assert list(tmp_path.iterdir()) == []


def prompt_of(files: Files, user: str, limit: int = 4) -> Prompt:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(files.checkpoint)
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": user}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ids = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
    return Prompt("one", text, ids, "Be brief.", user, limit)


@pytest.mark.parametrize(
    "user", ["Tell me.", "  two spaces\n\nand a gap\t", "naïve café — 東京 🙂", "100% \\n is no newline", "<|im_end|>"]
)
def test_llama_completion_reads_the_tokens_of_transformers(llama_cpp: Toolchain, files: Files, user: str) -> None:
    said = smoke.completion(llama_cpp, files.q4, prompt_of(files, user), Compute(1), SECONDS)

    assert "read other tokens" not in said.problem
    assert "ended with status" not in said.problem


def test_other_tokens_than_those_of_training_are_seen(llama_cpp: Toolchain, files: Files) -> None:
    prompt = prompt_of(files, "Tell me.")

    said = smoke.completion(llama_cpp, files.q4, replace(prompt, ids=(*prompt.ids[:-1], 7)), Compute(1), SECONDS)

    assert f"read other tokens than transformers: at token {len(prompt.ids) - 1}" in said.problem


def test_a_random_model_that_never_ends_is_told(llama_cpp: Toolchain, files: Files) -> None:
    said = smoke.completion(llama_cpp, files.q4, prompt_of(files, "Tell me."), Compute(1), SECONDS)

    assert "did not end by itself within 4 tokens" in said.problem
    assert said.answer_speed > 0


def test_a_file_that_was_cut_short_is_not_answered_from(llama_cpp: Toolchain, files: Files, tmp_path: Path) -> None:
    path = tmp_path / "short.gguf"
    data = files.q4.read_bytes()
    path.write_bytes(data[: len(data) // 2])

    said = smoke.completion(llama_cpp, path, prompt_of(files, "Tell me."), Compute(1), SECONDS)

    assert "llama-completion ended with status 1" in said.problem


def test_llama_cli_answers_by_the_template_in_the_file(llama_cpp: Toolchain, files: Files) -> None:
    said = smoke.cli(llama_cpp, files.q4, prompt_of(files, "Tell me.", limit=8), Compute(1), SECONDS)

    assert said.problem == ""
    assert said.text


def test_the_binding_answers_from_the_same_libraries(llama_cpp: Toolchain, files: Files) -> None:
    prompt = prompt_of(files, "Tell me.")

    (said,) = smoke.by_binding(llama_cpp, files.q4, [prompt], Compute(1), always(SECONDS))

    assert said.text
    assert "did not end by itself within 4 tokens" in said.problem


def test_what_was_built_says_how(llama_cpp: Toolchain) -> None:
    manifest = llama_cpp.folder / find.MANIFEST
    if not manifest.is_file():
        pytest.skip("--llama-cpp names one that was not built here; run without it to see how the pinned one was")
    told = json.loads(manifest.read_text(encoding="utf-8"))

    assert told["instructions"] == llama_cpp.instructions
    assert "-DGGML_AMX_TILE=OFF" in told["cmake"]
