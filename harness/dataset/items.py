"""Turn records into items: each form of a record (`harness.dataset.forms`) becomes turns and a reference.

The whole record is the item: tools, calls and what an assistant thinks go through to the chat template, and a turn of
weight 0 is not learned. What cannot be taken is refused with its line, its turn and the mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from harness.dataset import declared as declarations
from harness.dataset import forms, turns
from harness.dataset import reading as readings
from harness.dataset.declared import NOTHING, Declared
from harness.dataset.findings import quote
from harness.dataset.forms import Conversation
from harness.dataset.item import Item, Message, Point
from harness.dataset.learned import Learned, learned_of
from harness.dataset.line import Record
from harness.dataset.prompt_template import compiled
from harness.dataset.reading import PLAIN, Reading, named
from harness.dataset.records import every_line, stream_lines
from harness.errors import DataError
from harness.spec.data import DEFAULT, Options
from harness.spec.objects import Task
from harness.text.units import units
from harness.text.visible import visible

_ARTICLE = re.compile(r"^(the|an?) ")


@dataclass(frozen=True, slots=True)
class TaskRecords:
    """How the records of one task become items."""

    task: str
    """Its name; a record that names another is refused."""
    template: str | None = None
    """Jinja2 source of the user turn; None where every record brings its own turns."""
    system: str = ""
    """The system turn; "" for none. A conversation that opens with its own keeps that."""
    declared: Declared = NOTHING
    """What the task says of kinds and answers."""
    reading: Reading = PLAIN
    """Which column is which, and which turns are learned."""

    def item(self, path: Path, line: int, record: Record, cluster: str = "") -> Item:
        """One record as an item.

        Args:
            cluster: the field that says which items are not independent; "" is ``topic``. Spellings of one topic are
                one.

        Raises:
            DataError: the record has none of the forms, or a field of the wrong shape.
        """
        fields: dict[str, Any] = {}
        try:
            fields = named(record, self.reading)
            self._refuse_other(fields)
            written = {**fields, **{key: value for key, value in record.items() if value is not None}}
            asked, tools, learned = self._conversation(fields, written)
            name, kind = str(fields.get("id", f"line-{line}")), str(fields.get("kind", "plain"))
            topic = str(fields.get(cluster or "topic") or "")
            return Item(
                id=name,
                task=self.task,
                kind=kind,
                topic=topic_of(topic) if topic.strip() else name,
                messages=learned.messages,
                reference=learned.reference,
                points=tuple(_point(entry) for entry in fields.get("points", ())),
                line=line,
                fields=fields,
                asked=asked,
                tools=tools,
                answer=learned.answer,
                earlier=learned.earlier,
                written={
                    name: written[name] for name in asked if name in written and written[name] is not fields.get(name)
                },
                must_refuse=kind in self.declared.refuse,
                look_alike=kind in self.declared.look_alike,
                declares=self.declared.keys,
            )
        except (KeyError, jinja2.TemplateError, ValueError, TypeError, AttributeError) as error:
            raise DataError(path, line, self._problem(error, record, fields)) from error

    def _refuse_other(self, fields: Mapping[str, Any]) -> None:
        """Refuse a record that names another task.

        Raises:
            ValueError: it does.
        """
        if fields.get("task", self.task) != self.task:
            raise ValueError(
                f"task is {quote(fields['task'])}, but the spec lists this file under {self.task!r}; where the column "
                f'means something else, say so: [tasks.{self.task}.columns] task = ""'
            )

    def _conversation(self, fields: Record, written: Record) -> tuple[tuple[str, ...], tuple[Any, ...], Learned]:
        """(fields that the prompt was made of, tools, turns with what is learned of them) of a record.

        Args:
            fields: the record under the reserved names.
            written: the same with its own names as well, for the template.

        Raises:
            ValueError: the form cannot be taken.
        """
        form = forms.form_of(fields)
        if problem := forms.refused(form, fields, self.task):
            raise ValueError(problem)
        opening: tuple[Message, ...] = ({"role": "system", "content": self.system},) if self.system else ()
        if form == forms.TASK:
            if self.template is None:
                raise ValueError(self._unknown(fields))
            render, asked = compiled(self.template)
            asking = {"role": "user", "content": render.render(written).strip()}
            learned = Learned((*opening, asking), _text(fields["reference"], "reference"))
            return asked, () if "tools" in asked else turns.tools_of(fields.get("tools")), learned
        asker, asked = self._alpaca(form, written)
        made = (lambda: str(asker.render(written)).strip()) if asker is not None else None
        spoken = forms.conversation(form, fields, made)
        if spoken.turns[0].message["role"] not in turns.OPENING:
            spoken = Conversation(spoken.field, (*map(turns.Turn, opening), *spoken.turns), spoken.tools)
        return asked, spoken.tools, learned_of(spoken, self.reading)

    def _alpaca(self, form: str, fields: Record) -> tuple[jinja2.Template | None, tuple[str, ...]]:
        """(template of the prompt, fields that it names) of an Alpaca record; (None, ()) where the task's template
        names none of its fields."""
        if form != forms.ALPACA:
            return None, ()
        fields.setdefault("input", "")
        render, asked = compiled(self.template or "")
        if asked and "instruction" in asked and fields.keys() >= set(asked):
            return render, asked
        return None, tuple(name for name in ("instruction", "input") if name in fields)

    def _problem(self, error: Exception, record: Record, fields: Record) -> str:
        """What is wrong with a record, in words, and the mend."""
        if isinstance(error, KeyError):
            return self._missing(str(error.args[0]), fields)
        if isinstance(error, jinja2.UndefinedError):
            problem = f"the task's template needs a field that is not there: {error.message}; the record has "
            return f"{problem}{', '.join(record) or 'no key'}"
        if isinstance(error, jinja2.TemplateError):
            return f"the task's template cannot render it: {error.message}"
        if isinstance(error, ValueError):
            return str(error)
        return (
            f"a field has the wrong shape: {error}; where a column of that name means something else, map it in "
            f"[tasks.{self.task}.columns]"
        )

    def _unknown(self, fields: Record) -> str:
        return (
            f"has none of the forms that are read without a template ({_READ}): name one, tasks.{self.task}.template, "
            f"or map columns, [tasks.{self.task}.columns]; its keys are {', '.join(fields) or 'none'}"
        )

    def _missing(self, key: str, fields: Record) -> str:
        problem = f"key {key!r} is missing"
        if key != "reference":
            return problem
        meant = next((name for name in _ANSWERS if name in fields), "NAME")
        return (
            f"{problem}; where the answer stands in another column, name it: [tasks.{self.task}.columns] "
            f'reference = "{meant}" (read without that: {_READ})'
        )


def of_task(task: Task, template: str | None) -> TaskRecords:
    """How a task of a spec reads its records.

    Args:
        template: the text of its prompt template.
    """
    return TaskRecords(task.name, template, task.system, declarations.of_task(task), readings.of_task(task))


_READ = ", ".join((forms.MESSAGES, forms.SHAREGPT, forms.ALPACA, forms.PROMPT))
_ANSWERS = ("answer", "response", "output", "completion", "target", "label", "chosen")
"""Column names that other data sets use for the reference answer."""


def read_items(path: Path, how: TaskRecords, options: Options = DEFAULT) -> tuple[Item, ...]:
    """All items of one data file.

    Args:
        path: the data (`harness.spec.data_place`).

    Raises:
        DataError: a record cannot be used, or two share an id.
    """
    return distinct(path, stream_items(path, how, options))


def stream_items(path: Path, how: TaskRecords, options: Options = DEFAULT) -> Iterator[Item]:
    """The items of one data file, one at a time; ids are not compared.

    Raises:
        DataError: a record cannot be used.
    """
    for line, record in stream_lines(path, options):
        yield how.item(path, line, record, options.topic)


def usable_items(
    path: Path, how: TaskRecords, options: Options, missed: Callable[[DataError], object]
) -> Iterator[Item]:
    """The items of one data file that can be made. For every other line, and for the file, `missed` is called with the
    reason.

    Raises:
        DataError: the file cannot be opened, or is not the one that the run opened with.
    """
    for line, found in every_line(path, options):
        if isinstance(found, DataError):
            missed(found)
            continue
        try:
            item = how.item(path, line, found, options.topic)
        except DataError as error:
            missed(error)
            continue
        yield item


def distinct(path: Path, items: Iterable[Item]) -> tuple[Item, ...]:
    """The items of one file.

    Raises:
        DataError: two share an id.
    """
    lines: dict[str, int] = {}
    found = []
    for item in items:
        if item.id in lines:
            problem = f"id {item.id!r} was used in line {lines[item.id]} already; ids are unique"
            raise DataError(path, item.line, problem)
        lines[item.id] = item.line
        found.append(item)
    return tuple(found)


def topic_of(said: str) -> str:
    """The topic by which items are compared: without case, width, punctuation, invisible characters and a leading
    article."""
    return _ARTICLE.sub("", " ".join(units(visible(said)))) or said


def _point(entry: Mapping[str, Any]) -> Point:
    wordings = entry["wordings"]
    if not isinstance(wordings, list):
        raise TypeError(f"wordings is no list, got {type(wordings).__name__}")
    return Point(tuple(_text(wording, "a wording") for wording in wordings), _text(entry.get("note", ""), "note"))


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text, got {type(value).__name__}")
    return value
