"""Ask a GGUF file real questions through llama.cpp's own programs, each in a child process.

llama-completion is given the prompt as rendered by the chat template, and says which tokens it read: they must be the
ones that the adapter was trained on. llama-cli is given the turns and applies the template in the file by itself.

Where the adapter stays apart, a program that takes the LoRA and does not apply it answers as the bare base, and well.
So each is asked without the LoRA, too, until one answer differs; where none does, none of them is sound.

A program that was to compute layers on a GPU and computes them on the CPU answers as well. So its own log must say that
they lie there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import llama_compute, native
from harness.engines.llama_compute import Compute
from harness.engines.native import Ended
from harness.engines.patience import Seconds
from harness.gguf import binding, program_log
from harness.gguf.toolchain.find import Toolchain

END = "[end of text]"
"""What llama-completion prints where the model wrote its stop token."""
ROOM = 8
"""Tokens of spare room in the context behind prompt and answer."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One benchmark item, ready to be asked."""

    item: str
    text: str
    """The prompt as the chat template renders it, up to where the answer begins."""
    ids: tuple[int, ...]
    """Token ids of `text` as training and transformers have them."""
    system: str
    user: str
    """System and user turn for a program that applies the template itself; "" for both where the item has other turns,
    or tools."""
    max_new_tokens: int
    stop: tuple[str, ...] = ()
    """Texts that end an answer. The programs write on behind them; that part is cut off."""


@dataclass(frozen=True, slots=True)
class Said:
    """The answer of a program, or what went wrong."""

    item: str
    program: str
    text: str
    problem: str
    """What is wrong; "" for an answer in time that is not empty, ends by itself, and was given to the very tokens
    asked."""
    seconds: float = 0.0
    peak: int = 0
    """Bytes of memory of the process."""
    prompt_speed: float = 0.0
    """Tokens per second; 0 where the program did not report it."""
    answer_speed: float = 0.0
    failed: bool = False
    """Whether the program itself failed: killed, too slow, no room, not on the GPU. Then it is asked again by the next
    run; a poor answer is kept."""
    placed: str = ""
    """Which layers lay on which GPU, by the program's own log; "" where none was to."""


def problems(said: Sequence[Said]) -> tuple[str, ...]:
    """One line, indented, for each answer that is not as it must be."""
    return tuple(f"  {one.item}, {one.program}: {one.problem}" for one in said if one.problem)


def prompts(
    tokenizer: Any, items: Sequence[Item], limits: Mapping[str, int], stop: tuple[str, ...] = ()
) -> list[Prompt]:
    """Items as prompts.

    Args:
        limits: task -> tokens that an answer may have.
        stop: texts that end an answer.
    """
    found = []
    for item in items:
        turns = [dict(turn) for turn in item.messages]
        text = tokens.prompt_text(tokenizer, item.messages, item.tools)
        system, user = ("", "") if item.tools else _two_turns(turns)
        ids = tuple(tokens.prompt_ids(tokenizer, item.messages, item.tools))
        found.append(Prompt(item.id, text, ids, system, user, limits[item.task], stop))
    return found


def _two_turns(turns: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """(system turn, user turn) for llama-cli; ("", "") for other turns, and for a text that it would read as a command:
    its ``/read FILE`` puts that file into the prompt."""
    if [turn["role"] for turn in turns] != ["system", "user"] or turns[1]["content"].startswith("/"):
        return "", ""
    return turns[0]["content"], turns[1]["content"]


UNMOVED = "answers the same without the LoRA: it was loaded and is not applied, or it changes nothing"


def told_apart(said: list[Said], bare: Callable[[Prompt], Said], asked: Sequence[Prompt]) -> list[Said]:
    """The same answers, each with a problem where no answer shows that the LoRA was applied.

    Args:
        bare: asks the base without the LoRA; called until an answer differs.
    """
    if any(one.problem for one in said):
        return said
    for one, prompt in zip(said, asked, strict=True):
        without = bare(prompt)
        if without.failed:
            problem = f"the base alone does not answer, so nothing shows that the LoRA is applied: {without.problem}"
            return [replace(one, problem=problem, failed=True) for one in said]
        if without.text != one.text:
            return said
    return [replace(one, problem=UNMOVED) for one in said]


def completion(
    toolchain: Toolchain, model: Path, prompt: Prompt, compute: Compute, seconds: float, lora: Path | None = None
) -> Said:
    """One prompt through llama-completion.

    Args:
        lora: a GGUF LoRA that is laid upon the model.
    """
    context = len(prompt.ids) + prompt.max_new_tokens + ROOM
    command: list[str | Path] = [toolchain.tools["llama-completion"], "-m", model, "-p", prompt.text, "--no-escape"]
    command += ["-n", str(prompt.max_new_tokens), "-c", str(context), "--temp", "0", "--seed", "0", "-no-cnv"]
    # the template has written a BOS token where the model wants one; a second would be no prompt of training
    command += ["--override-kv", "tokenizer.ggml.add_bos_token=bool:false", *compute.options()]
    command += ["--no-display-prompt", "--verbose-prompt", "--no-warmup", "--simple-io", *_lora(lora)]
    ended = _heard(command, seconds, toolchain)
    out = ended.out.rstrip()
    whole = out.removesuffix(END).strip()
    text = tokens.before(whole, prompt.stop).strip()
    read = program_log.tokens_read(ended.err)
    failure, problem = _failure(ended, compute), ""
    if failure:
        problem = failure
    elif read != prompt.ids:
        differs = program_log.first_difference(prompt.ids, read)
        problem = f"llama-completion read other tokens than transformers: {differs}"
    elif not text:
        problem = f"printed no answer\n{ended.last_lines(3)}"
    elif not out.endswith(END) and text == whole:
        problem = f"did not end by itself within {prompt.max_new_tokens} tokens: ...{text[-80:]!r}"
    told = (ended.seconds, ended.peak, *program_log.speeds(ended.err), bool(failure), llama_compute.placed(ended.err))
    return Said(prompt.item, "llama-completion", text, problem, *told)


def _heard(command: Sequence[str | Path], seconds: float, toolchain: Toolchain) -> Ended:
    """How the program ended; asked once more where it ended well and did not say which tokens it read.

    It logs by a thread of its own, and one time on a busy machine those lines were missing. Of an answer to tokens that
    are not known nothing can be said, good or bad; a program that keeps silent twice is judged by that.
    """
    ended = native.run(command, seconds, env=toolchain.environment())
    if not ended.ok or program_log.tokens_read(ended.err):
        return ended
    return native.run(command, seconds, env=toolchain.environment())


def _failure(ended: Ended, compute: Compute) -> str:
    """How a program failed: it did not end well, or its layers are not where they were to lie; "" where it did not."""
    return compute.missing(ended.err) if ended.ok else ended.explain()


def _lora(path: Path | None) -> list[str | Path]:
    return [] if path is None else ["--lora", path]


def cli(
    toolchain: Toolchain, model: Path, prompt: Prompt, compute: Compute, seconds: float, lora: Path | None = None
) -> Said:
    """One prompt through llama-cli, which applies the chat template of the file; the answer must not be empty."""
    with tempfile.TemporaryDirectory(prefix="greenrun-cli-") as place:
        answer = Path(place) / "answer.txt"
        command: list[str | Path] = [toolchain.tools["llama-cli"], "-m", model, "-sys", prompt.system]
        command += ["-p", prompt.user, "--no-escape", "-n", str(prompt.max_new_tokens), "--temp", "0", "--seed", "0"]
        command += ["-c", str(len(prompt.ids) + prompt.max_new_tokens + 64), "-st", "-o", answer]
        command += [*compute.options(), *_lora(lora)]
        ended = native.run(command, seconds, env=toolchain.environment())
        written = answer.read_text(encoding="utf-8", errors="replace") if answer.is_file() else ""
    text = written.partition("Assistant:\n")[2].strip()
    failure = _failure(ended, compute)
    problem = failure or ("" if text else f"printed no answer\n{ended.last_lines(3)}")
    placed = llama_compute.placed(ended.err)
    return Said(prompt.item, "llama-cli", text, problem, ended.seconds, ended.peak, failed=bool(failure), placed=placed)


def by_programs(
    toolchain: Toolchain,
    model: Path,
    asked: Sequence[Prompt],
    compute: Compute,
    seconds: Seconds,
    lora: Path | None = None,
) -> list[Said]:
    """Every prompt through llama-completion, and the first that it can take through llama-cli.

    Args:
        seconds: limits of each.
        lora: a GGUF LoRA that is laid upon the model.
    """

    def said_by(program: Callable[..., Said], prompts: Sequence[Prompt]) -> list[Said]:
        def ask(prompt: Prompt, lora: Path | None = None) -> Said:
            limit = seconds(len(prompt.ids), prompt.max_new_tokens)
            return program(toolchain, model, prompt, compute, limit, lora)

        said = [ask(prompt, lora) for prompt in prompts]
        return said if lora is None else told_apart(said, ask, prompts)

    return [*said_by(completion, asked), *said_by(cli, [prompt for prompt in asked if prompt.user][:1])]


def by_binding(
    toolchain: Toolchain,
    model: Path,
    asked: Sequence[Prompt],
    compute: Compute,
    seconds: Seconds,
    lora: Path | None = None,
) -> list[Said]:
    """Every prompt through llama-cpp-python, the model loaded once.

    Args:
        seconds: limits, for all of them together.
        lora: a GGUF LoRA that is laid upon the model.
    """
    said = _bound(toolchain, model, asked, compute, seconds, lora)
    if lora is None:
        return said
    return told_apart(said, lambda one: _bound(toolchain, model, [one], compute, seconds, None)[0], asked)


def _bound(
    toolchain: Toolchain, model: Path, asked: Sequence[Prompt], compute: Compute, seconds: Seconds, lora: Path | None
) -> list[Said]:
    limits, ids = [prompt.max_new_tokens for prompt in asked], [prompt.ids for prompt in asked]
    limit = seconds(sum(map(len, ids)), sum(limits))
    spoken = binding.ask(toolchain, model, ids, limits, compute, limit, lora)
    said = []
    for number, prompt in enumerate(asked):
        failed = number >= len(spoken.texts)
        if failed:
            text, problem = "", spoken.problem or "gave no answer, and did not say why"
        else:
            whole = spoken.texts[number].strip()
            text = tokens.before(whole, prompt.stop).strip()
            problem = "printed no answer" if not text else ""
            if text and not spoken.ended[number] and text == whole:
                problem = f"did not end by itself within {prompt.max_new_tokens} tokens: ...{text[-80:]!r}"
        share = spoken.seconds / len(asked)
        told = (share, spoken.peak, 0.0, spoken.answer_speed, failed, llama_compute.placed(spoken.log))
        said.append(Said(prompt.item, "llama-cpp-python", text, problem, *told))
    return said
