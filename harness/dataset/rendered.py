"""Compare every item with what the base model's chat template makes of it, token by token.

A template may drop a turn, refuse an order of roles, or read words of a text as its own marks; nothing in the data file
shows that. No template is known here: an item is compared with the same turns holding one harmless word each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from harness.dataset import tokens
from harness.dataset.check import BaseText, TokenizedCheck, trained_files
from harness.dataset.findings import Finding, quote
from harness.dataset.item import Item, Message
from harness.dataset.labels import told
from harness.dataset.line import texts
from harness.dataset.turns import called
from harness.errors import GreenrunError
from harness.spec.objects import Task


@dataclass(frozen=True, slots=True)
class Rendered:
    """One item as the chat template writes it."""

    prompt: list[int]
    """Ids up to where the model's answer begins."""
    whole: list[int]
    """Ids of prompt and answer as one conversation."""
    prompt_text: str
    whole_text: str
    specials: list[int]
    """The special tokens among `whole`, in order."""
    framed: list[int]
    """The special tokens of the same turns with one harmless word as the text of each."""
    after: list[int]
    """Special tokens that stand after the answer's text: one of them ends the turn."""


Render = Callable[[Item], Rendered]
"""Renders one item.

Raises:
    jinja2.TemplateError: the chat template refuses the turns.
"""


@dataclass(slots=True)
class Renderings:
    """Finds items that the chat template distorts; the lengths of all items are complete once `findings` is
    exhausted."""

    render: Render
    longest: float
    """Most tokens that the model, or its training, can take; infinite where neither has a limit."""
    answer_room: int = 0
    """Tokens that must stay free for the model's answer; 0 where the reference itself is trained on."""
    totals: list[tuple[int, int]] = field(default_factory=list)
    """(line, tokens) of each item."""

    def findings(self, path: Path, items: Iterable[Item]) -> Iterator[Finding]:
        """One finding for each difference between an item and its rendering, and for each item that is too long."""
        for item in items:
            try:
                rendered = self.render(item)
            except (jinja2.TemplateError, GreenrunError, TypeError, ValueError, KeyError) as error:
                problem = f"the chat template of the base model refuses its turns: {quote(str(error), 200)}"
                yield Finding(path, item.line, "", problem, "unrenderable", 0, item.id)
                continue
            total = len(rendered.prompt) + self.answer_room if self.answer_room else len(rendered.whole)
            self.totals.append((item.line, total))
            for kind, where, problem in _problems(item, rendered):
                yield Finding(path, item.line, where, problem, kind, 0, item.id)
            if total > self.longest:
                kept = f", {self.answer_room} of them for the answer" if self.answer_room else ""
                problem = f"{total} tokens{kept}; at most {self.longest} are read, and the rest is cut off"
                yield Finding(path, item.line, "", problem, "truncated", 0, item.id)

    def distribution(self) -> str:
        return told(self.totals)


def _problems(item: Item, rendered: Rendered) -> Iterator[tuple[str, str, str]]:
    """Kind, field and problem."""
    if rendered.whole[: len(rendered.prompt)] != rendered.prompt:
        at = next((n for n, (a, b) in enumerate(zip(rendered.prompt, rendered.whole, strict=False)) if a != b), 0)
        problem = f"the conversation does not begin with its own prompt (token {at} differs): no answer begins there"
        yield "no-boundary", "", problem
    for number, turn in enumerate(item.messages):
        for place, text in texts(turn.get("content"), f"messages[{number}].content"):
            if not place.endswith(("(key)", ".type")) and text.strip() not in rendered.prompt_text:
                yield "dropped-turn", place, f"the chat template leaves out what the {turn['role']} says: {quote(text)}"
    written = rendered.whole_text[len(rendered.prompt_text) :]
    answer = item.answer_turn
    parts = (answer.get("reasoning_content"), answer.get("content"), *called([answer]))
    dropped = [part for part in parts if isinstance(part, str) and part.strip() not in written]
    if dropped:
        yield (
            "dropped-answer",
            "reference",
            f"the chat template does not write the answer as it is: {quote(dropped[0])}",
        )
    elif not rendered.after:
        yield "no-end", "reference", "no special token ends the answer: the model would not learn to stop"
    if rendered.specials != rendered.framed:
        problem = (
            f"{len(rendered.specials)} special tokens, {len(rendered.framed)} are the template's: "
            "its texts hold words that the tokenizer takes for marks"
        )
        yield "special-tokens", "", problem


def renderer(tokenizer: Any) -> Render:
    """A function that renders an item with this tokenizer's chat template."""
    special = tokens.specials(tokenizer)

    def specials(of_ids: Sequence[int]) -> list[int]:
        return [number for number in of_ids if number in special]

    @cache
    def frame(roles: tuple[str, ...]) -> list[int]:
        return specials(
            tokens.conversation_ids(tokenizer, [{"role": role, "content": tokens.HARMLESS} for role in roles])
        )

    def framed(turns: Sequence[Message], tools: tokens.Tools) -> list[int]:
        if not tools and all(turn.keys() == {"role", "content"} and isinstance(turn["content"], str) for turn in turns):
            return frame(tuple(turn["role"] for turn in turns))
        plain = [
            {**turn, "content": tokens.HARMLESS} if isinstance(turn.get("content"), str) else turn for turn in turns
        ]
        return specials(tokens.conversation_ids(tokenizer, plain, tools))

    def render(item: Item) -> Rendered:
        turns = [*item.messages, item.answer_turn]
        prompt_text = tokens.prompt_text(tokenizer, item.messages, item.tools)
        whole_text, whole = (
            tokens.conversation_text(tokenizer, turns, item.tools),
            tokens.conversation_ids(tokenizer, turns, item.tools),
        )
        last = _last_words(item)
        end = whole_text.rfind(last) + len(last)
        after = tokens.ids(tokenizer(whole_text[end:], add_special_tokens=False))
        return Rendered(
            tokens.prompt_ids(tokenizer, item.messages, item.tools),
            whole,
            prompt_text,
            whole_text,
            specials(whole),
            framed(turns, item.tools),
            specials(after),
        )

    return render


def _last_words(item: Item) -> str:
    """The last text of the answer that every template writes: its content, or the name of its last tool call."""
    names = called([item.answer_turn])
    return names[-1] if names else str(item.answer_turn.get("content") or item.reference).strip()


def room(tokenizer: Any, config: Any) -> float:
    """Tokens that the model can take, by its configuration and its tokenizer; infinite where neither says."""
    positions = getattr(config, "max_position_embeddings", None)
    declared = [tokenizer.model_max_length, positions if isinstance(positions, int) else math.inf]
    shortest = min(number for number in declared if number)
    return shortest if shortest < 10**9 else math.inf  # transformers writes 10^30 for "not said"


def _start(base: BaseText, task: Task, split: str) -> Renderings:
    """The check of one file: items of a train file must fit the training sequence, all others must leave room for an
    answer."""
    longest, render = room(base.tokenizer, base.config), renderer(base.tokenizer)
    if trained_files(task, split):
        return Renderings(render, min(longest, base.max_length))
    return Renderings(render, longest, task.max_new_tokens)


CHECK = TokenizedCheck(
    name="rendered",
    holds=(
        "The base model's chat template writes every turn and the answer, ends it, adds its own marks alone, and fits."
    ),
    kinds=frozenset(
        {
            "unrenderable",
            "truncated",
            "no-boundary",
            "dropped-turn",
            "dropped-answer",
            "no-end",
            "special-tokens",
        }
    ),
    start=_start,
)
