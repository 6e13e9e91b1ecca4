"""``docs/cost.md``: what a release costs in time, disk and memory, with where each figure comes from."""

from __future__ import annotations

from textwrap import fill

from harness.report import escape
from harness.spec.objects import Spec
from suites.cost import estimate, measured, plan, tables, tokens, work
from suites.cost.measured import RESULT, Figures
from suites.cost.plan import Plan
from suites.cost.roofline import CARDS, LIKELY, LOW
from suites.cost.tables import ADAPTERS, ITEMS

GOAL = 30 * 60.0
"""Seconds that the release as it is may take on one card."""


def document(spec: Spec, small: Spec, result: Figures | None) -> str:
    """The whole page.

    Args:
        spec: the release of the 8B base, `small` the default one.
        result: of ``python -m suites.gpu``; None where no card was measured.
    """
    asked = plan.of(spec)
    parts = [
        "# What a release costs",
        _head(result),
        "## The goal",
        _goal(asked, result),
        "## Stage by stage",
        _work(asked),
        tables.stages(asked, result),
        "## Larger ones",
        _larger(asked),
        tables.larger(asked, result),
        "## Disk and memory",
        ROOM,
        *(tables.disk(spec, number) for number in (len(asked.adapters), ADAPTERS)),
        tables.memory(spec),
        "## Rates",
        tables.rates(asked, result),
        "## On a processor",
        PROCESSOR,
        tables.processor_rates(),
        tables.processor(plan.of(small)),
        "## What this rests on",
        _assumed(asked),
    ]
    return "\n\n".join(parts) + "\n"


ROOM = """\
By the formulas that refuse a run before it starts (`harness/run/needs.py`), with `base_dtype = "bfloat16"` and
`[serve.cuda]` in bfloat16. They were held against a 135M model on a processor (`docs/bases.md`), and not against a
card. Layers that are computed twice (`checkpointing = true`) train in less; how much less has no formula there."""
PROCESSOR = """\
The default release, `data/v3` on SmolLM2-135M, by the same arithmetic: the only rates that were measured. The release
itself takes a quarter of an hour or so on two busy cores, llama.cpp included, where two workers share what stands here
for one process."""


def _head(result: Figures | None) -> str:
    card = measured.card_of(result)
    known = (
        f"What was measured on {escape.cell(card)} (`{RESULT}`) is taken from there."
        if card
        else "No card was measured yet: every figure of one is an estimate."
    )
    what = _wrapped(
        "The release of `data/v3-qwen3` on one card, from an empty store: three experiments, three adapters, every "
        f"gate but GGUF's. {known}"
    )
    how = _wrapped(
        "An estimate is what must be computed and moved, over what the card's datasheet says that it can, with "
        f"{LIKELY.used:.0%} to {LOW.used:.0%} of that used: a part that was assumed and not measured. "
        "`python -m suites.cost` writes this page."
    )
    return f"{what}\n\n{how}"


def _goal(asked: Plan, result: Figures | None) -> str:
    lines = "\n".join(f"- {card.name}: {_held(*estimate.of(asked, '8B', card, result).whole)}" for card in CARDS)
    left = _wrapped(
        "The gates over GGUF files, which only advise there, are left out: making and asking an 8B file was not "
        "measured, and nothing is assumed of it. So the goal itself is not shown."
    )
    return (
        f"Three experiments and every gate in {GOAL / 60:.0f} minutes on one H100 or H200, at 8B:\n\n{lines}\n\n{left}"
    )


def _held(likely: estimate.Stage, low: estimate.Stage) -> str:
    assert likely.seconds is not None
    assert low.seconds is not None
    within = [one.seconds is not None and one.seconds <= GOAL for one in (likely, low)]
    said = (
        "within it" if all(within) else f"within it where {LIKELY.used:.0%} is used" if any(within) else "NOT within it"
    )
    return f"{estimate.span(likely, low)}, {said}."


def _work(asked: Plan) -> str:
    done = work.of(asked, tokens.QWEN3)
    return _wrapped(
        f"{done.trainings} trainings over {done.trained:,.0f} tokens in all, {done.answers:,} answers in batches, "
        f"{done.read:,.0f} tokens of prompts, {done.jobs} jobs. A job is a process of its own and loads the base."
    )


def _larger(asked: Plan) -> str:
    return _wrapped(
        f"{ITEMS:,} training items in place of {sum(asked.train.values())}; {ITEMS:,} benchmark items in place of "
        f"{sum(asked.benchmark.values())}, asked of every adapter that is judged on their task; {ADAPTERS} adapters in "
        f"place of {len(asked.adapters)}, each one more learning one task, judged on its benchmark and mounted. On one "
        "card; jobs share nothing but the store, so several cards divide the time. Whether a base fits a card is said "
        "below."
    )


def _assumed(asked: Plan) -> str:
    one = tokens.QWEN3
    cards = "; ".join(
        f"{card.name} {card.memory / 1e9:.0f} GB, {card.bandwidth / 1e12:g} TB/s, {card.flops / 1e12:g} TFLOP/s in "
        f"bfloat16 ({card.source})"
        for card in CARDS
    )
    points = (
        f"Cards: {cards}.",
        f"{LIKELY.used:.0%} to {LOW.used:.0%} of either is used: assumed, not measured.",
        "Training: 6 N operations a token. Answering, by transformers: every weight is moved once for each token of a "
        "batch, 4 bits read, and 16 written and read, since bitsandbytes de-quantizes for more than one row.",
        f"A process starts in {LIKELY.start:g} s, and a checkpoint is read at {LIKELY.disk / 1e9:g} GB/s: assumed, not "
        "measured.",
        f"Items have, by the published tokenizer, {one.sample:g} tokens in training, {one.prompt:g} in a prompt and "
        f"{one.answer:g} in a reference, the longest {one.longest}. Answers are taken to be as long as that one, since "
        f"a batch of {asked.batch} goes on until its last answer has ended.",
        "The candidate is trained in each experiment, the other adapters in the one of most epochs. Nothing is in the "
        "store, and jobs run one after another.",
        "Not counted: data checks, GGUF files and llama.cpp, reports.",
        "8B is Qwen3-8B; 70B has the shape of Llama 3.1 70B, since Qwen3 has no dense base of that size.",
        f"Once `{RESULT}` is there, its rates stand in place of the estimates of its card at 8B, and 70B is taken from "
        "them by what must be computed and moved for either.",
    )
    return "\n".join(_wrapped(f"- {point}") for point in points)


def _wrapped(text: str) -> str:
    """A paragraph, or a point of a list, in lines of 120 characters."""
    return fill(
        text, 120, subsequent_indent="  " * text.startswith("- "), break_long_words=False, break_on_hyphens=False
    )
