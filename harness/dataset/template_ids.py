"""Compare the token ids that training uses with those of the chat template: prompt and answer against the whole
conversation.

An adapter is asked through the chat template. Where the template writes an assistant's turn otherwise than as prompt
and answer one behind the other, the adapter learns conversations that it is never asked. Qwen3's template is the known
case: unless thinking is turned off, it puts a think block in front of every answer, which the prompt does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from harness.dataset import tokens
from harness.dataset.check import TokenizedCheck, trained_files
from harness.dataset.findings import Finding, quote
from harness.dataset.item import Item
from harness.errors import GreenrunError

KIND = "other-ids"
SHOWN = 12
"""Tokens of either side that a finding shows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where the ids of training differ from those of the chat template."""

    at: int
    """Index of the first token that differs, from 0."""
    trained: str
    """Text of the trained ids from there on, at most `SHOWN` tokens; "" where they end there."""
    written: str
    """The template's text from there on, at most `SHOWN` tokens."""


Compare = Callable[[Item], Difference | None]
"""The difference of one item, or None where training shows the template's own ids.

Raises:
    jinja2.TemplateError: the chat template refuses the turns.
"""


def comparer(tokenizer: Any) -> Compare:
    """A function that compares an item's ids under this tokenizer and its chat template. White space and special tokens
    behind the token that ends the answer are no difference: they are never generated."""

    def text(ids: list[int]) -> str:
        return str(tokenizer.decode(ids[:SHOWN], skip_special_tokens=False))

    def compare(item: Item) -> Difference | None:
        prompt, completion = tokens.learned_ids(tokenizer, item)
        trained = [*prompt, *completion]
        turns = [*item.messages, item.answer_turn]
        written = tokens.conversation_ids(tokenizer, turns, item.tools)
        at = next((n for n, (a, b) in enumerate(zip(trained, written, strict=False)) if a != b), len(trained))
        at = min(at, len(written))
        if at == len(trained) and not tokenizer.decode(written[at:], skip_special_tokens=True).strip():
            return None
        return Difference(at, text(trained[at:]), text(written[at:]))

    return compare


def findings(path: Path, items: Iterable[Item], compare: Compare) -> Iterator[Finding]:
    """Items that would be trained in another form than the template writes."""
    for item in items:
        try:
            found = compare(item)
        except (jinja2.TemplateError, GreenrunError, TypeError, ValueError, KeyError) as error:
            yield Finding(path, item.line, "", f"cannot be compared: {quote(str(error), 120)}", KIND, 0, item.id)
            continue
        if found is not None:
            problem = (
                f"from token {found.at + 1} on training has {quote(found.trained)}, and the chat template writes "
                f"{quote(found.written)}: the adapter would be asked in another form than it was trained in"
            )
            yield Finding(path, item.line, "", problem, KIND, 0, item.id)


@dataclass(slots=True)
class TemplateIds:
    """Finds items whose trained ids are not the template's; gathered while `findings` is consumed."""

    compare: Compare
    seen: int = 0
    other: int = 0

    def findings(self, path: Path, items: Iterable[Item]) -> Iterator[Finding]:
        for item in items:
            found = list(findings(path, [item], self.compare))
            self.seen, self.other = self.seen + 1, self.other + len(found)
            yield from found

    def distribution(self) -> str:
        return f"{self.seen - self.other} of {self.seen} items are trained as the chat template writes them"


CHECK = TokenizedCheck(
    name="template_ids",
    holds="Prompt and answer as they are trained are the chat template's own rendering, token for token.",
    kinds=frozenset({KIND}),
    start=lambda base, task, split: TemplateIds(comparer(base.tokenizer)),
    concerns=trained_files,
)
"""A check of the training (`harness.gates.training`), not of a data file: the registry does not list it."""


def mend(unset: Iterable[str]) -> str:
    """What may make both equal, for the end of a report.

    Args:
        unset: variables that the chat template reads and the spec says nothing of.
    """
    names = ", ".join(sorted(unset))
    return f"the chat template reads {names}: set what you serve with in [base.chat]" if names else ""
