"""Check every reference answer against the form and the points that the model's answers are judged by.

An adapter that learns a reference which fails its own gate learns to fail it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.dataset import seen, turns
from harness.dataset.check import RecordsCheck
from harness.dataset.findings import Finding, quote
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords, of_task
from harness.dataset.line import Record, texts
from harness.errors import DataError
from harness.spec.objects import Task
from harness.text import shape
from harness.text.wordings import holds

_CONTROL = re.compile(r"<\|[a-z_]{2,30}\|>|<(?:start|end)_of_turn>")
"""Control tokens of common model families' chat templates: inside a text they would end or open a turn."""

_UNRENDERED = re.compile(r"\{\{-?\s*[A-Za-z_][\w.]*\s*-?\}\}|\{%-?\s*\w.{0,80}?%\}")
"""A placeholder of a template that was not filled in."""


@dataclass(frozen=True, slots=True)
class TemplateCheck:
    """Renders each record of a task and compares its prompt and reference with the task's forms."""

    records: TaskRecords
    answer_form: str | None
    refusal_form: str | None
    name: str = "template"

    def findings(self, path: Path, line: int, record: Record) -> tuple[Finding, ...]:
        try:
            item = self.records.item(path, line, record)
        except DataError as error:
            return (Finding(path, line, "", error.problem, "unusable"),)
        return template_findings(path, (item,), self.answer_form, self.refusal_form)


def template_findings(
    path: Path, items: tuple[Item, ...], answer_pattern: str | None, refusal_pattern: str | None
) -> tuple[Finding, ...]:
    """Empty prompts and references, references off their form, and points that a reference says wrongly;
    and in the rendered text, placeholders that were not filled and words that chat templates reserve.

    Args:
        path: the file that the items were read from; it is only named.
        items: the file's items.
        answer_pattern: regular expression that the whole reference of an answerable item matches; None where the
            task declares no form, and any text is one.
        refusal_pattern: the same for an item that must be refused.

    Returns:
        Findings in the order of the items. No items give no findings: `count_findings` speaks of those.
    """
    return tuple(
        Finding(path, item.line, field, problem, kind)
        for item in items
        for kind, field, problem in _problems(item, refusal_pattern if item.must_refuse else answer_pattern)
    )


def _problems(item: Item, form: str | None) -> Iterator[tuple[str, str, str]]:
    """Kind, field and problem."""
    if not any(_text(turn.get("content")).strip() for turn in item.messages if turn["role"] == "user"):
        yield "empty-prompt", "messages", "the prompt is empty; a user turn with text is expected"
    for field, text in [(turn["role"], _text(turn.get("content"))) for turn in item.messages] + [
        ("reference", item.reference)
    ]:
        for kind, pattern, what in (
            ("control-token", _CONTROL, "a word that chat templates reserve"),
            ("unrendered", _UNRENDERED, "a placeholder that was not filled"),
        ):
            if found := pattern.search(text):
                yield kind, field, f"holds {quote(found.group())}, {what}"
    for number, turn in enumerate(item.messages):
        if problem := turns.unknown_role(turn["role"]):
            yield "unknown-role", f"turn {number}", problem
    if not item.reference.strip():
        yield "empty-reference", "reference", "empty; the answer that the adapter should give is expected"
        return
    if form is not None and not shape.is_whole(form, item.reference):
        name = "refusal" if item.must_refuse else "answer"
        problem = f"not in the {name} form {form!r}: {quote(item.reference, 80)}"
        yield "off-form", "reference", problem
    for number, point in enumerate(item.points):
        said = [wording for wording in point.wordings if holds(item.reference, wording)]
        field = f"points[{number}]"
        if item.must_refuse and said:
            yield "told-point", field, f"the refusal says {said[0]!r}; a refusal holds no required point"
        elif not item.must_refuse and not said:
            wordings = ", ".join(map(repr, point.wordings))
            yield "untold-point", field, f"the item's own reference says none of {wordings}"


def _text(content: object) -> str:
    """All text of a turn: its content may be a text, parts, or none beside tool calls."""
    return "\n".join(text for place, text in texts(content) if not place.endswith("(key)"))


def _start(task: Task, template: str | None) -> TemplateCheck:
    return TemplateCheck(of_task(task, template), task.answer_form, task.refusal_form)


CHECK = RecordsCheck(
    name="template",
    holds="Every prompt renders, and every reference answer has the house form and says its own points.",
    kinds=frozenset(
        {
            "unusable",
            "unknown-role",
            "empty-prompt",
            "control-token",
            "unrendered",
            "empty-reference",
            "off-form",
            "told-point",
            "untold-point",
        }
    ),
    start=_start,
    tells=seen.note,
)
