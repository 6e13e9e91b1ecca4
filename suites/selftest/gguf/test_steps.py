"""Steps whose tool misbehaves: nothing half-written is left, the step is named, and so is the mend.

The tools are stand-ins that fail on purpose; what a sound llama.cpp does is shown in ``test_gguf_answers.py``.
"""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines.llama_compute import Compute
from harness.engines.native import ChildError
from harness.engines.patience import always
from harness.errors import CorruptArtifactError, GgufError
from harness.gguf import binding, convert, quantize, smoke
from harness.gguf.smoke import END, Prompt
from harness.gguf.toolchain.find import Toolchain
from harness.store.artifact import Key
from harness.store.store import Store

PROMPT = Prompt("sea-00", "<|user|>tell<|end|>", (5, 6, 7), "You know the sea.", "tell", 8)
COUNT = "echo '0.01.002.003 I number of tokens in prompt = 3' >&2"
READS = f"{COUNT}; for id in 5 6 7; do echo \"0.01.002.003 I   $id -> 'x'\" >&2; done"
"""What the stand-in for llama-completion prints of the prompt above under --verbose-prompt."""


@pytest.fixture
def tools(tmp_path: Path) -> Toolchain:
    """Stand-ins that do nothing; a test writes the one that it is about."""
    names = ("llama-quantize", "llama-completion", "llama-cli")
    for name in names:
        write(tmp_path / "bin" / name, "exit 0")
    (tmp_path / "convert.py").write_text("", encoding="utf-8")
    found = {name: tmp_path / "bin" / name for name in names}
    return Toolchain(tmp_path, found, tmp_path / "bin", tmp_path / "convert.py", None, "none", "digest")


def write(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def into(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    folder.mkdir()
    return folder


def test_a_conversion_that_is_killed_leaves_no_half_file(tools: Toolchain, tmp_path: Path) -> None:
    tools.converter.write_text(
        "import os, signal, sys\n"
        "open(sys.argv[sys.argv.index('--outfile') + 1], 'wb').write(b'GGUF half')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
        encoding="utf-8",
    )
    folder = into(tmp_path)

    with pytest.raises(ChildError, match=r"converting to f16: .* died of SIGKILL"):
        convert.to_f16(tmp_path, tools, {}, folder, 60.0)

    assert list(folder.iterdir()) == []


def test_a_conversion_that_hangs_is_ended(tools: Toolchain, tmp_path: Path) -> None:
    tools.converter.write_text("import time\ntime.sleep(300)\n", encoding="utf-8")
    folder = into(tmp_path)

    with pytest.raises(ChildError, match=r"converting to f16: .* still at work after its limit of 2 s"):
        convert.to_f16(tmp_path, tools, {}, folder, 2.0)

    assert list(folder.iterdir()) == []


def test_a_conversion_that_fails_shows_what_the_converter_said_last(tools: Toolchain, tmp_path: Path) -> None:
    tools.converter.write_text("raise NotImplementedError('Architecture Foo not supported')\n", encoding="utf-8")

    with pytest.raises(ChildError, match="Architecture Foo not supported"):
        convert.to_f16(tmp_path, tools, {}, into(tmp_path), 60.0)


def test_a_tokenizer_that_the_converter_does_not_know_is_explained(tools: Toolchain, tmp_path: Path) -> None:
    tools.converter.write_text(f"raise NotImplementedError('{convert.UNKNOWN_TOKENIZER}')\n", encoding="utf-8")

    with pytest.raises(GgufError, match="does not know how the base's tokenizer splits text"):
        convert.to_f16(tmp_path, tools, {}, into(tmp_path), 60.0)


def test_a_converter_that_writes_nothing_is_not_believed(tools: Toolchain, tmp_path: Path) -> None:
    with pytest.raises(GgufError, match="ended well and wrote no file"):
        convert.to_f16(tmp_path, tools, {}, into(tmp_path), 60.0)


def test_a_quantization_that_dies_leaves_no_half_file(tools: Toolchain, tmp_path: Path) -> None:
    write(tools.tools["llama-quantize"], 'echo half > "$2"; kill -SEGV $$')
    folder = into(tmp_path)

    with pytest.raises(ChildError, match="quantizing to Q4_0: llama-quantize died of SIGSEGV"):
        quantize.quantize(tmp_path / "f16", "Q4_0", tools, folder, 1, 60.0)

    assert list(folder.iterdir()) == []


def test_a_quantization_that_writes_nothing_is_not_believed(tools: Toolchain, tmp_path: Path) -> None:
    with pytest.raises(GgufError, match="quantizing to Q4_0: the tool ended well and wrote no file"):
        quantize.quantize(tmp_path / "f16", "Q4_0", tools, into(tmp_path), 1, 60.0)


def answered(tools: Toolchain, script: str, seconds: float = 60.0) -> smoke.Said:
    write(tools.tools["llama-completion"], script)
    return smoke.completion(tools, Path("model.gguf"), PROMPT, Compute(1), seconds)


def test_an_answer_that_ends_by_itself_to_the_tokens_asked_is_sound(tools: Toolchain) -> None:
    said = answered(tools, f"{READS}; echo 'Answer: it rises. {END}'")

    assert (said.text, said.problem) == ("Answer: it rises.", "")


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (f"{READS}; kill -ILL $$", "llama-completion died of SIGILL"),
        (f"{READS}; kill -SEGV $$", "llama-completion died of SIGSEGV"),
        (f"{READS}; kill -KILL $$", "most often the system had no memory left"),
        (f"{READS}; exit 1", "llama-completion ended with status 1"),
        (READS, "printed no answer"),
        (f"{READS}; echo '{END}'", "printed no answer"),
        (f"{READS}; echo 'and so on and so on'", "did not end by itself within 8 tokens"),
        (f"{READS}; yes so", "prints without end"),
        (f"echo 'yes {END}'", "read other tokens than transformers: it did not say which"),
        (
            f"{READS.replace('5 6 7', '1 5 6')}; echo 'yes {END}'",
            "read other tokens than transformers: at token 0 of 3, [1, 5, 6] in place of [5, 6, 7]",
        ),
    ],
)
def test_an_answer_that_is_not_as_it_must_be_says_why(tools: Toolchain, script: str, problem: str) -> None:
    assert problem in answered(tools, script).problem


def test_a_program_that_once_does_not_say_what_it_read_is_asked_once_more(tools: Toolchain, tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    said = answered(tools, f"if [ -e {mark} ]; then {READS}; fi; echo x >> {mark}; echo 'yes {END}'")

    assert (said.text, said.problem) == ("yes", "")
    assert mark.read_text(encoding="utf-8") == "x\nx\n"


def test_a_program_that_reads_other_tokens_is_not_asked_again(tools: Toolchain, tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    said = answered(tools, f"{READS.replace('5 6 7', '1 5 6')}; echo x >> {mark}; echo 'yes {END}'")

    assert "at token 0 of 3" in said.problem
    assert mark.read_text(encoding="utf-8") == "x\n"


@pytest.mark.parametrize(
    ("script", "failed"),
    [
        (f"{READS}; kill -SEGV $$", True),
        (f"{READS}; exit 1", True),
        (f"{READS}; yes so", True),
        (f"{READS}; echo 'yes {END}'", False),
        (f"{READS}; echo 'and so on and so on'", False),
        (READS, False),
    ],
    ids=["dies", "ends with a status", "prints without end", "answers", "does not end", "answers nothing"],
)
def test_a_program_that_failed_is_told_from_one_that_answered_badly(
    tools: Toolchain, script: str, failed: bool
) -> None:
    assert answered(tools, script).failed is failed


def test_tokens_that_the_prompts_own_text_claims_are_not_believed(tools: Toolchain) -> None:
    claimed = "printf \"number of tokens in prompt = 3\\n 5 -> 'a'\\n 6 -> 'b'\\n 7 -> 'c'\\n\" >&2"
    really = READS.replace("5 6 7", "1 1 1")

    assert "at token 0 of 3, [1, 1, 1]" in answered(tools, f"{claimed}; {really}; echo 'yes {END}'").problem


def test_a_program_that_hangs_is_killed_at_its_limit(tools: Toolchain) -> None:
    said = answered(tools, "sleep 300 & sleep 300", seconds=1.0)

    assert "still at work after its limit of 1 s and was killed with all its children" in said.problem
    assert said.seconds < 20


def test_llama_cli_is_believed_by_the_answer_that_it_wrote(tools: Toolchain) -> None:
    told = 'while [ "$1" != -o ]; do shift; done; printf "User:\\ntell\\n\\nAssistant:\\nit rises\\n\\n" > "$2"'
    write(tools.tools["llama-cli"], told)

    said = smoke.cli(tools, Path("model.gguf"), PROMPT, Compute(1), 60.0)

    assert (said.text, said.problem) == ("it rises", "")


def test_llama_cli_that_writes_no_answer_is_told(tools: Toolchain) -> None:
    write(tools.tools["llama-cli"], "echo banner")

    assert smoke.cli(tools, Path("model.gguf"), PROMPT, Compute(1), 60.0).problem.startswith("printed no answer")


@pytest.mark.parametrize("text", ["/read /etc/passwd", "/exit", "/glob *"])
def test_a_question_that_llama_cli_would_take_for_a_command_is_not_given_to_it(text: str) -> None:
    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": text}]

    assert smoke._two_turns(turns) == ("", "")


SPOKEN = f"{READS}; case \"$*\" in *--lora*) echo 'with it {END}';; *) echo 'without it {END}';; esac"
WRITTEN = 'while [ "$1" != -o ]; do shift; done; printf "Assistant:\n%s\n" "$said" > "$2"'
CLI = f'case "$*" in *--lora*) said=with;; *) said=without;; esac; {WRITTEN}'


def with_lora(tools: Toolchain, completion: str, cli: str = CLI) -> list[str]:
    """The problems of both programs' answers with a LoRA laid upon the model."""
    write(tools.tools["llama-completion"], completion)
    write(tools.tools["llama-cli"], cli)
    return [
        one.problem
        for one in smoke.by_programs(tools, Path("m"), [PROMPT], Compute(1), always(60.0), Path("lora.gguf"))
    ]


def test_programs_that_apply_the_lora_are_sound(tools: Toolchain) -> None:
    assert with_lora(tools, SPOKEN) == ["", ""]


def test_a_program_that_answers_the_same_without_the_lora_did_not_apply_it(tools: Toolchain) -> None:
    same = f"{READS}; echo 'the same {END}'"
    assert with_lora(tools, same) == [smoke.UNMOVED, ""]
    assert with_lora(tools, SPOKEN, f"said=same; {WRITTEN}") == ["", smoke.UNMOVED]


def test_a_base_that_does_not_answer_alone_shows_nothing_of_the_lora(tools: Toolchain) -> None:
    dies = f"{READS}; case \"$*\" in *--lora*) echo 'with it {END}';; *) kill -SEGV $$;; esac"
    problem, _ = with_lora(tools, dies)
    assert problem.startswith("the base alone does not answer, so nothing shows that the LoRA is applied")
    assert "SIGSEGV" in problem


def test_one_answer_that_the_lora_changed_shows_that_it_is_applied() -> None:
    said = [smoke.Said("a", "p", "same", ""), smoke.Said("b", "p", "other", "")]
    asked = [replace(PROMPT, item=one.item) for one in said]
    bare = [smoke.Said("a", "p", "same", ""), smoke.Said("b", "p", "bare", "")]

    assert smoke.told_apart(said, lambda prompt: bare[prompt.item == "b"], asked) == said
    told = smoke.told_apart(said, lambda prompt: said[prompt.item == "b"], asked)
    assert [one.problem for one in told] == [smoke.UNMOVED] * 2


@pytest.mark.parametrize(("applies", "problem"), [(True, ""), (False, smoke.UNMOVED)])
def test_a_binding_that_does_not_apply_the_lora_is_told(
    tools: Toolchain, tmp_path: Path, applies: bool, problem: str
) -> None:
    write_binding(
        tmp_path,
        "    def create_completion(self, ids, **settings):\n"
        f"        choice = {{'text': str({applies} and self.lora), 'finish_reason': 'stop'}}\n"
        "        return {'choices': [choice], 'usage': {'completion_tokens': 2}}\n",
        initial="self.lora = settings['lora_path']",
    )

    (said,) = smoke.by_binding(
        with_binding(tools, tmp_path), Path("m"), [PROMPT], Compute(1), always(60.0), Path("lora.gguf")
    )

    assert said.problem == problem


def test_a_binding_that_dies_is_placed_and_its_earlier_answers_are_kept(tools: Toolchain, tmp_path: Path) -> None:
    write_binding(
        tmp_path,
        "    def create_completion(self, ids, **settings):\n"
        "        if ids == [6]: os.kill(os.getpid(), signal.SIGILL)\n"
        "        choice = {'text': 'yes', 'finish_reason': 'stop'}\n"
        "        return {'choices': [choice], 'usage': {'completion_tokens': 2}}\n",
    )

    spoken = binding.ask(with_binding(tools, tmp_path), Path("m"), [[5], [6]], [8, 8], Compute(1), 60.0)

    assert spoken.texts == ("yes",)
    assert spoken.problem.startswith("answering prompt 2 of 2: ")
    assert "died of SIGILL" in spoken.problem


def test_a_binding_that_does_not_load_the_model_is_placed(tools: Toolchain, tmp_path: Path) -> None:
    write_binding(tmp_path, "", initial="raise ValueError('Failed to load model from file: m')")

    spoken = binding.ask(with_binding(tools, tmp_path), Path("m"), [[5]], [8], Compute(1), 60.0)

    assert spoken.problem.startswith("loading the model: ")
    assert "Failed to load model from file: m" in spoken.problem


def test_a_binding_that_hangs_is_ended(tools: Toolchain, tmp_path: Path) -> None:
    write_binding(tmp_path, "", initial="import time; time.sleep(300)")

    spoken = binding.ask(with_binding(tools, tmp_path), Path("m"), [[5]], [8], Compute(1), 2.0)

    assert "still at work after its limit of 2 s" in spoken.problem


def with_binding(tools: Toolchain, tmp_path: Path) -> Toolchain:
    return Toolchain(tools.folder, tools.tools, tools.libraries, tools.converter, tmp_path / "python", "none", "digest")


def write_binding(tmp_path: Path, methods: str, initial: str = "pass") -> None:
    folder = tmp_path / "python" / "llama_cpp"
    folder.mkdir(parents=True)
    text = "import os, signal\nclass Llama:\n"
    text += f"    def __init__(self, *place, **settings): {initial}\n    def reset(self): pass\n{methods}"
    (folder / "__init__.py").write_text(text, encoding="utf-8")


def test_the_binding_child_asks_for_greedy_answers_of_the_given_ids(tools: Toolchain, tmp_path: Path) -> None:
    write_binding(
        tmp_path,
        "    def create_completion(self, ids, **settings):\n"
        "        choice = {'text': repr((ids, sorted(settings.items()))), 'finish_reason': 'length'}\n"
        "        return {'choices': [choice], 'usage': {'completion_tokens': 2}}\n",
    )

    spoken = binding.ask(with_binding(tools, tmp_path), Path("m"), [[5, 6]], [8], Compute(1), 60.0)

    assert "[5, 6]" in spoken.texts[0]
    assert "('max_tokens', 8)" in spoken.texts[0]
    assert "('temperature', 0.0)" in spoken.texts[0]
    assert spoken.ended == (False,)


def test_a_file_of_another_adapter_in_the_stores_place_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    mine, theirs = (Key("gguf", name, {"f16": name}) for name in ("mine", "theirs"))
    for key in (mine, theirs):
        store.fetch(key, lambda folder, key=key: (folder / convert.FILE).write_bytes(key.label.encode()) and None)
    place = tmp_path / "gguf" / mine.digest[:24]
    shutil.copyfile(tmp_path / "gguf" / theirs.digest[:24] / "content" / convert.FILE, place / "content" / convert.FILE)

    with pytest.raises(CorruptArtifactError, match=r"model\.gguf: the manifest says sha256"):
        store.find(mine)


def test_a_whole_artifact_of_another_adapter_is_refused_by_the_key_that_it_was_built_for(tmp_path: Path) -> None:
    store = Store(tmp_path)
    mine, theirs = (Key("gguf", name, {"f16": name}) for name in ("mine", "theirs"))
    for key in (mine, theirs):
        store.fetch(key, lambda folder, key=key: (folder / convert.FILE).write_bytes(key.label.encode()) and None)
    place = tmp_path / "gguf" / mine.digest[:24]
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "gguf" / theirs.digest[:24], place)

    with pytest.raises(CorruptArtifactError, match="was built for key"):
        store.find(mine)


def test_a_failed_step_leaves_nothing_in_the_store(tools: Toolchain, tmp_path: Path) -> None:
    write(tools.tools["llama-quantize"], 'echo half > "$2"; kill -ILL $$')
    store = Store(tmp_path / "store", failures=tmp_path / "failures")
    key = Key("gguf", "x Q4_0", {"f16": "x"})

    def build(folder: Path) -> None:
        quantize.quantize(tmp_path / "f16", "Q4_0", tools, folder, 1, 60.0)

    with pytest.raises(ChildError, match="SIGILL"):
        store.fetch(key, build)

    assert store.find(key) is None
    assert not list((tmp_path / "store" / "gguf").glob("*.partial"))
    assert "SIGILL" in next((tmp_path / "failures").iterdir()).read_text(encoding="utf-8")


def test_what_a_file_says_of_itself_is_given_to_the_converter(tools: Toolchain, tmp_path: Path) -> None:
    tools.converter.write_text(
        "import shutil, sys\n"
        "word = lambda name: sys.argv[sys.argv.index(name) + 1]\n"
        "shutil.copyfile(word('--metadata'), word('--outfile'))\n",
        encoding="utf-8",
    )
    folder = into(tmp_path)
    convert.to_f16(tmp_path, tools, {"general.description": "of adapter 12"}, folder, 60.0)

    assert json.loads((folder / convert.FILE).read_text(encoding="utf-8")) == {"general.description": "of adapter 12"}
    assert [path.name for path in folder.iterdir()] == [convert.FILE]
