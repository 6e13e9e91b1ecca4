"""The rows that show an 8B base with random weights on a card: what it takes, how fast it learns and answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from suites.gpu.row import Figures, Row
from suites.gpu.scale import MOST_LOADED, MOST_TRAINING, SCALES
from suites.gpu.tools import BFLOAT16, FLOAT32, GENERATE, OWN, PLAIN, TWICE

_GIB = 2**30


def of_rounds(found: Figures, by: str) -> list[Figures]:
    """The rounds of ``8b-qlora`` that one tool took."""
    return [one for one in found["rounds"] if one["by"] == by]


def pace(rounds: Sequence[Figures]) -> float:
    """Tokens a second, the median of rounds."""
    return median(one["tokens_per_second"] for one in rounds)


def answers_a_second(found: Figures, tool: str) -> float | None:
    """Of ``8b-answers``, the median of a tool's rounds; None where it took none."""
    seconds = found["seconds"].get(tool)
    return found["answers"] / median(seconds) if seconds else None


def _gib(number: float) -> str:
    return f"{number / _GIB:.2f} GiB"


def _held_to(found: Figures, most: float, said: str) -> str:
    """Whether the card held no more than is wanted; of another scale nothing is wanted."""
    if found["scale"] != "8b":
        return f" (the {found['scale']} one: nothing is wanted of it)"
    return f" (wanted {said}: {'holds' if found['peak_bytes'] <= most else 'DOES NOT HOLD'})"


def _memory(found: Figures) -> str:
    wanted = _held_to(found, MOST_LOADED, "at most 6 GiB")
    if found["rest_bytes"] is None:
        return f"at most {_gib(found['peak_bytes'])} of the whole process{wanted}"
    rest, tensors, held = (_gib(found[name]) for name in ("rest_bytes", "tensors_peak_bytes", "peak_bytes"))
    return f"{rest} at rest, at most {tensors} of tensors and {held} held{wanted}"


def _loaded(found: Figures) -> str:
    counted = found["census"]
    said = "" if found["finite"] else "; ITS LOGITS ARE NOT FINITE"
    return (
        f"{found['weights'] / 1e9:.2f} billion weights made in {found['seconds']:.1f} s, {counted['four_bit']} of "
        f"{counted['linear']} linear layers in NF4: {_memory(found)}{said}"
    )


def _from_disk(found: Figures) -> str:
    return (
        f"{found['bytes'] / 1e9:.1f} GB in {found['seconds']:.1f} s, written just before in "
        f"{found['write_seconds']:.1f} s: {_memory(found)}"
    )


def _learning(by: str) -> Callable[[Figures], str | None]:
    def show(found: Figures) -> str | None:
        rounds = of_rounds(found, by)
        if not rounds:
            return None
        most = max(rounds, key=lambda one: one["peak_bytes"])
        wanted = _held_to({**most, "scale": found["scale"]}, MOST_TRAINING, "below 40 GB")
        each = ", ".join(f"{one['tokens_per_second']:,.0f}" for one in rounds)
        return (
            f"{pace(rounds):,.0f} tokens/s ({each}) at {found['rows']} x {found['tokens']} tokens; at most "
            f"{most['peak_bytes'] / 1e9:.1f} GB{wanted if by != PLAIN else ''}; mean loss {rounds[-1]['loss']:.4f}"
        )

    return show


def _beside(found: Figures) -> str | None:
    own, plain = of_rounds(found, OWN), of_rounds(found, PLAIN)
    return f"{pace(own) / pace(plain):.2f} x" if own and plain else None


def _answers(tool: str) -> Callable[[Figures], str | None]:
    def show(found: Figures) -> str | None:
        rate = answers_a_second(found, tool)
        if rate is None:
            return None
        mounted = "with its adapter" if found["adapter"] else "without an adapter"
        each = ", ".join(f"{one:.1f}" for one in found["seconds"][tool])
        return (
            f"{rate:.2f} answers/s, {rate * found['tokens']:,.0f} tokens/s: {found['answers']} together, "
            f"{found['tokens']} tokens each, {mounted} ({each} s)"
        )

    return show


def _same(name: str) -> Callable[[Figures], str | None]:
    def show(found: Figures) -> str | None:
        counted = found["same"].get(name)
        if counted is None:
            return None
        share = counted["tokens"] / counted["of_tokens"]
        return f"{counted['same']} of {counted['of']}; {share:.0%} of their tokens lie before the first that differs"

    return show


_FEW = SCALES["8b"].few
ROWS = (
    Row("loaded in NF4, made on the card matrix by matrix", ("8b-load",), _loaded),
    Row("QLoRA by this project's trainer", ("8b-qlora",), _learning(OWN)),
    Row("QLoRA by plain TRL, in turn with it", ("8b-qlora",), _learning(PLAIN)),
    Row("this project's tokens/s of plain TRL's", ("8b-qlora",), _beside),
    Row("QLoRA by this project's trainer, layers computed twice", ("8b-qlora",), _learning(TWICE)),
    Row("answers, bfloat16", ("8b-answers",), _answers(BFLOAT16)),
    Row("answers, float32, in turn with it", ("8b-answers",), _answers(FLOAT32)),
    Row("answers, bfloat16 by transformers' generate, in turn with it", ("8b-answers",), _answers(GENERATE)),
    Row("the same answers: bfloat16, asked again", ("8b-answers",), _same(f"{BFLOAT16} again")),
    Row(f"the same answers: bfloat16, in batches of {_FEW}", ("8b-answers",), _same(f"{BFLOAT16} few")),
    Row("the same answers: bfloat16, one by one", ("8b-answers",), _same(f"{BFLOAT16} alone")),
    Row("the same answers: bfloat16, by transformers' generate", ("8b-answers",), _same(GENERATE)),
    Row("the same answers: float32, asked again", ("8b-answers",), _same(f"{FLOAT32} again")),
    Row(f"the same answers: float32, in batches of {_FEW}", ("8b-answers",), _same(f"{FLOAT32} few")),
    Row("loaded from a checkpoint on the disk by the project's own loader", ("8b-disk",), _from_disk),
)
