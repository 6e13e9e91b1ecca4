"""Turn records into items: each form of a record (`harness.dataset.forms`) becomes turns and a reference.

The whole record is the item: tools, calls and what an assistant thinks go through to the chat template, and a turn of
weight 0 is not learned. What cannot be taken is refused with its line, its turn and the mend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

from harness.dataset import file_format, forms, turns
from harness.dataset.declared import NOTHING, Declared
from harness.dataset.findings import quote
from harness.dataset.forms import Conversation
from harness.dataset.item import Item, Message, Point
from harness.dataset.line import ENCODING, Record, examine, plausible
from harness.dataset.reading import PLAIN, Reading, named
from harness.dataset.rows import Rows
from harness.dataset.source import Source
from harness.errors import DataError
from harness.spec.data import DEFAULT, Options
from harness.text.units import units
from harness.text.visible import visible


def parse_lines(path: Path) -> list[tuple[int, Record]]:
    """Line number and object of every record in a JSONL file.

    Raises:
        DataError: the file is missing or empty, or a line is not one JSON object in UTF-8.
    """
    return list(stream_lines(path))


def stream_lines(path: Path, options: Options = DEFAULT) -> Iterator[tuple[int, Record]]:
    """`parse_lines`, one record at a time.

    Raises:
        DataError: as `parse_lines`, when the line in question is reached.
    """
    for number, found in _lines(path, options):
        if isinstance(found, DataError):
            raise found
        yield number, found


def _lines(path: Path, options: Options) -> Iterator[tuple[int, Record | DataError]]:
    """Number and record of every line or row, or why it holds none; 0 stands for the file as a whole.

    Raises:
        DataError: the file cannot be opened, or is not the one that the run opened with.
    """
    found = file_format.format_of(path)
    count = 0
    if found.name == file_format.LINES:
        source = Source(path, options)
        for block in source.blocks():
            if block.skipped:
                count += 1
                problem = f"a line of {block.skipped} bytes is too long; is a newline missing?"
                yield block.first, DataError(path, block.first, problem)
                continue
            for number, raw in enumerate(block.data.split(b"\n"), block.first):
                if raw.strip():
                    count += 1
                    yield number, _exact(path, number, raw)
        findings, nothing = source.findings, "holds no record; one JSON object a line is expected"
    else:
        rows = Rows(path, found, options)
        for number, raw in rows.lines():
            count += 1
            yield number, _exact(path, number, raw)
        findings, nothing = rows.findings, f"a {found.name} without a row"
    for finding in findings:
        yield 0, DataError(path, finding.line, finding.problem)
    if not count and not findings:
        yield 0, DataError(path, 0, nothing)


def read_items(
    path: Path,
    task: str,
    template: str | None,
    system: str,
    options: Options = DEFAULT,
    declared: Declared = NOTHING,
    reading: Reading = PLAIN,
) -> tuple[Item, ...]:
    """All items of one data file.

    Args:
        path: the data (`harness.spec.data_place`).
        task: the task that the file belongs to; a record that names another is refused.
        template: Jinja2 source of the user turn; None where every record brings its own turns.
        system: the system turn; "" for none. A conversation that opens with its own keeps that.
        declared: what the task says of kinds and answers.
        reading: how the task reads its records.

    Raises:
        DataError: a record cannot be used, or two share an id.
    """
    return distinct(path, stream_items(path, task, template, system, options, declared, reading))


def stream_items(
    path: Path,
    task: str,
    template: str | None,
    system: str,
    options: Options = DEFAULT,
    declared: Declared = NOTHING,
    reading: Reading = PLAIN,
) -> Iterator[Item]:
    """The items of one data file, one at a time; ids are not compared.

    Raises:
        DataError: a record cannot be used.
    """
    for line, record in stream_lines(path, options):
        yield item_of(path, line, record, task, template, system, options.topic, declared, reading)


def usable_items(
    path: Path,
    task: str,
    template: str | None,
    system: str,
    options: Options = DEFAULT,
    declared: Declared = NOTHING,
    reading: Reading = PLAIN,
    missed: Callable[[DataError], object] = lambda error: None,
) -> Iterator[Item]:
    """The items of one data file that can be made; of every other line, and of the file, `missed` is told why not.

    Raises:
        DataError: the file cannot be opened, or is not the one that the run opened with.
    """
    for line, found in _lines(path, options):
        if isinstance(found, DataError):
            missed(found)
            continue
        try:
            item = item_of(path, line, found, task, template, system, options.topic, declared, reading)
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


def compile_template(source: str) -> jinja2.Template:
    """A template that fails on an unknown field and cannot run code from a data file."""
    return _ENVIRONMENT.from_string(source)


_ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@lru_cache(maxsize=32)
def _compiled(source: str) -> tuple[jinja2.Template, tuple[str, ...]]:
    """A template and the fields that it names."""
    return compile_template(source), tuple(sorted(meta.find_undeclared_variables(_ENVIRONMENT.parse(source))))


def _exact(path: Path, number: int, raw: bytes) -> Record | DataError:
    """The record of a line with every digit of its numbers, or why there is none."""
    if plausible(raw) is not None:
        record: Record = json.loads(raw)
        return record
    examined = examine(path, number, raw)
    for finding in examined.findings:
        if examined.record is None or finding.kind not in ENCODING | {"empty-field"}:
            return DataError(path, number, finding.problem)
    assert examined.record is not None, "a line without a record has a finding that says why"
    return examined.record


def topic_of(said: str) -> str:
    """A topic as it counts: without case, width, punctuation, signs that nobody sees, and a leading article."""
    return _ARTICLE.sub("", " ".join(units(visible(said)))) or said


_ARTICLE = re.compile(r"^(the|an?) ")


def item_of(
    path: Path,
    line: int,
    record: Record,
    task: str,
    template: str | None,
    system: str,
    cluster: str = "",
    declared: Declared = NOTHING,
    reading: Reading = PLAIN,
) -> Item:
    """One record as an item.

    Args:
        cluster: the field that says which items are not independent; "" is ``topic``. Spellings of one topic are one.
        reading: how the task reads its records.

    Raises:
        DataError: the record has none of the forms, or a field of the wrong shape.
    """
    try:
        fields = named(record, reading)
        if fields.get("task", task) != task:
            raise DataError(
                path,
                line,
                f"task is {quote(fields['task'])}, but the spec lists this file under {task!r}; where the column means "
                f'something else, say so: [tasks.{task}.columns] task = ""',
            )
        form = forms.form_of(fields)
        if problem := forms.refused(form, fields, task):
            raise DataError(path, line, problem)
        opening: tuple[Message, ...] = ({"role": "system", "content": system},) if system else ()
        written = {**fields, **{key: value for key, value in record.items() if value is not None}}
        if form == forms.TASK:
            if template is None:
                raise DataError(path, line, _unknown(fields, task))
            render, asked = _compiled(template)
            asking = {"role": "user", "content": render.render(written).strip()}
            learned = Learned((*opening, asking), _text(fields["reference"], "reference"))
            tools = () if "tools" in asked else turns.tools_of(fields.get("tools"))
        else:
            asker, asked = _asking(form, template, written)
            made = (lambda: str(asker.render(written)).strip()) if asker is not None else None
            spoken = forms.conversation(form, fields, made)
            if spoken.turns[0].message["role"] not in turns.OPENING:
                spoken = Conversation(spoken.field, (*map(turns.Turn, opening), *spoken.turns), spoken.tools)
            learned, tools = _learned(spoken, reading), spoken.tools
        name = str(fields.get("id", f"line-{line}"))
        kind = str(fields.get("kind", "plain"))
        return Item(
            id=name,
            task=task,
            kind=kind,
            topic=topic_of(said) if (said := str(fields.get(cluster or "topic") or "")).strip() else name,
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
            must_refuse=kind in declared.refuse,
            look_alike=kind in declared.look_alike,
            declares=declared.keys,
        )
    except KeyError as error:
        raise DataError(path, line, _missing(str(error.args[0]), fields, task)) from error
    except jinja2.UndefinedError as error:
        problem = f"the task's template needs a field that is not there: {error.message}; the record has "
        raise DataError(path, line, f"{problem}{', '.join(record) or 'no key'}") from error
    except jinja2.TemplateError as error:
        raise DataError(path, line, f"the task's template cannot render it: {error.message}") from error
    except ValueError as error:
        raise DataError(path, line, str(error)) from error
    except (TypeError, AttributeError) as error:
        problem = f"a field has the wrong shape: {error}; where a column of that name means something else, map it in"
        raise DataError(path, line, f"{problem} [tasks.{task}.columns]") from error


@dataclass(frozen=True, slots=True)
class Learned:
    """A conversation cut where the reference begins."""

    messages: tuple[Message, ...]
    reference: str
    answer: Message | None = None
    """The reference's turn, where it is more than a text."""
    earlier: tuple[int, ...] = ()


def _learned(spoken: Conversation, reading: Reading) -> Learned:
    """What is asked, and the assistant's last turn that is learned: what comes after it is not seen."""
    roles = [turn.message["role"] for turn in spoken.turns]
    if roles[-1] != turns.ASSISTANT:
        what = turns.unknown_role(roles[-1]) or f"its last turn is the {roles[-1]}'s"
        raise ValueError(f"{spoken.field} must end with the assistant's turn, which is the reference; {what}")
    wanted = [at for at, turn in enumerate(spoken.turns) if roles[at] == turns.ASSISTANT and turn.weight]
    if not wanted:
        raise ValueError(f"every assistant's turn of {spoken.field} has weight 0: nothing is left to learn or to judge")
    *earlier, last = wanted
    answer = spoken.turns[last].message
    try:
        reference = turns.text_of(answer)
    except ValueError as error:
        raise ValueError(f"the reference, turn {last} of {spoken.field}: {error}") from error
    if isinstance(answer.get("content"), list):
        answer = {**answer, "content": turns.text_of({"content": answer["content"]})}
    messages = tuple(turn.message for turn in spoken.turns[:last])
    whole = None if turns.is_plain(answer) else answer
    return Learned(messages, reference, whole, tuple(earlier) if reading.learn == "all" else ())


def _asking(form: str, template: str | None, fields: Record) -> tuple[jinja2.Template | None, tuple[str, ...]]:
    """The template of an Alpaca record and the fields that it names; none where it does not speak of them."""
    if form != forms.ALPACA:
        return None, ()
    fields.setdefault("input", "")
    render, asked = _compiled(template or "")
    if asked and "instruction" in asked and fields.keys() >= set(asked):
        return render, asked
    return None, tuple(name for name in ("instruction", "input") if name in fields)


_ANSWERS = ("answer", "response", "output", "completion", "target", "label", "chosen")
"""What others call the reference."""


def _unknown(fields: Record, task: str) -> str:
    return (
        f"has none of the forms that are read without a template ({forms.MESSAGES}, {forms.SHAREGPT}, {forms.ALPACA}, "
        f"{forms.PROMPT}): name one, tasks.{task}.template, or map columns, [tasks.{task}.columns]; its keys are "
        f"{', '.join(fields) or 'none'}"
    )


def _missing(key: str, fields: Record, task: str) -> str:
    problem = f"key {key!r} is missing"
    if key != "reference":
        return problem
    meant = next((name for name in _ANSWERS if name in fields), "NAME")
    return (
        f'{problem}; where the answer stands in another column, name it: [tasks.{task}.columns] reference = "{meant}" '
        f"(read without that: {forms.MESSAGES}, {forms.SHAREGPT}, {forms.ALPACA}, {forms.PROMPT})"
    )


def _point(entry: Mapping[str, Any]) -> Point:
    wordings = entry["wordings"]
    if not isinstance(wordings, list):
        raise TypeError(f"wordings is no list, got {type(wordings).__name__}")
    return Point(tuple(_text(wording, "a wording") for wording in wordings), _text(entry.get("note", ""), "note"))


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text, got {type(value).__name__}")
    return value
