"""What cannot be used is told once, with its file and the mend, and nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.project import ROOT
from suites.selftest.new import shapes
from suites.selftest.new.conftest import New

ONE = b'{"prompt": "What is a haiku?", "completion": "A poem."}\n'
GBK = "".join(f"今天天气很好第{n}天,好\n昨天下雨了不好{n},坏\n" for n in range(40))
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.jsonl", b"", "holds no record"),
    "white space": ("a.jsonl", b"\n \n", "holds no record"),
    "an HTML page": ("a.jsonl", b"<!DOCTYPE html>\n<html></html>", "is an HTML page"),
    "a pointer of Git LFS": ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "GBK": ("a.csv", ("文本,标签\n" + GBK).encode("gbk"), "UTF-8"),
    "UTF-16": ("a.jsonl", ONE.decode().encode("utf-16"), "iconv"),
    "a broken archive": ("a.jsonl.gz", b"\x1f\x8b\x08nothing", "cannot be unpacked"),
    "an archive of nothing": ("a.zip", b"PK\x03\x04", "unpack it"),
    "one record": ("a.jsonl", ONE, "too few to fill train, benchmark, dev"),
    "one record many times": ("a.jsonl", 50 * ONE, "of which 1 are independent"),
    "a line that was cut": ("a.jsonl", 9 * ONE + b'{"prompt": \n', "a.jsonl:10: "),
    "lists": ("a.jsonl", b"[1]\n[2]\n", "2 of 2 lines cannot be read"),
    "columns that say nothing": ("a.jsonl", 9 * b'{"foo": "a", "bar": "b"}\n', 'rename one to "prompt"'),
    "labels that are numbers": ("a.jsonl", 9 * b'{"text": "a", "label": 0}\n', "holds 0, which is no text"),
    "completions that are numbers": ("a.jsonl", 9 * b'{"prompt": "a", "completion": 4}\n', "holds 4, which is no text"),
    "no answer": ("a.jsonl", 9 * b'{"messages": [{"role": "user", "content": "a"}]}\n', "must end with the assistant"),
    "pairs without a prompt": ("a.jsonl", 9 * b'{"chosen": "a", "rejected": "b"}\n', "write prompt and chosen apart"),
    "an array that was cut": ("a.json", b"[\n" + ONE.strip() + b",\n" + ONE[:20], "is no JSON at line 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_error_and_writes_nothing(name: str, new: New, tmp_path: Path) -> None:
    file, raw, wanted = HOSTILE[name]
    (tmp_path / file).write_bytes(raw)

    made = new(tmp_path / file)

    assert made.status == 2
    assert made.screen == []
    assert made.error.startswith(str(tmp_path / file))
    assert len(made.error.splitlines()) == 1
    assert wanted in made.error
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_a_folder_that_is_not_empty_is_left_alone(new: New, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")
    made = new(shapes.write("structured", tmp_path, 30))
    assert made.status == 2
    assert "is not empty; name a folder that is not there yet" in made.error
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(new: New, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    assert new(shapes.write("structured", tmp_path, 30)).status == 0


@pytest.mark.parametrize(
    ("option", "wanted"),
    [("--base=hf:owner/name", "names no commit"), ("--base=nowhere", "does not exist"),
     ("--adapter=nowhere", "no such folder"), ("--adapter=My Adapter=nowhere", "is no name")],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_named(option: str, wanted: str, new: New, tmp_path: Path) -> None:
    made = new(shapes.write("structured", tmp_path, 30), more=(option,))
    assert made.status == 2
    assert wanted in made.error
    assert not made.out.exists()


def test_a_given_adapter_is_judged_and_says_what_it_is(new: New, tmp_path: Path) -> None:
    folder = tmp_path / "lora"
    folder.mkdir()
    config = {"peft_type": "LORA", "r": 8, "lora_alpha": 16,
              "target_modules": ["layers.0.v_proj", "layers.1.v_proj", "q_proj"],
              "base_model_name_or_path": "somebody/base", "task_type": "CAUSAL_LM"}  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file({"x.lora_B.weight": np.ones((2, 2), np.float32)}, folder / "adapter_model.safetensors")

    made = new(shapes.write("labels in CSV", tmp_path, 60), more=(f"--adapter=mine={folder}",))

    assert made.status == 0, made.error
    assert any("mine: trained on somebody/base; rank 8 on q_proj, v_proj" in line for line in made.screen)
    assert f'path = "{folder}"' in made.spec
    assert 'candidate = "mine"' in made.spec
    assert not (made.out / "train.jsonl").exists()
    assert any("leakage is unknown" in line for line in made.screen)


def test_the_command_starts_without_torch() -> None:
    code = "import sys, harness.new.__main__; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ}, check=False, timeout=60)
    assert done.returncode == 0
