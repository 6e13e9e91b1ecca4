"""Turn JSONL lines into items.

Three forms are read: the project's task records, whose prompt is rendered by the task's template; the common
``messages`` form, whose last assistant turn is the reference; and ``prompt`` with ``completion``, each a text or a
list of turns. Turns go through as they are, tool calls included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

from harness.dataset.declared import NOTHING, Declared
from harness.dataset.item import Item, Message, Point
from harness.dataset.line import ENCODING, Record, examine, plausible
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
    source = Source(path, options)
    count = 0
    for block in source.blocks():
        if block.skipped:
            raise DataError(path, block.first, f"a line of {block.skipped} bytes is too long; is a newline missing?")
        for number, raw in enumerate(block.data.split(b"\n"), block.first):
            if raw.strip():
                count += 1
                yield number, _exact(path, number, raw)
    for finding in source.findings:
        raise DataError(path, 0, finding.problem)
    if not count:
        raise DataError(path, 0, "holds no record; one JSON object a line is expected")


def read_items(
    path: Path, task: str, template: str | None, system: str, options: Options = DEFAULT, declared: Declared = NOTHING
) -> tuple[Item, ...]:
    """All items of one data file.

    Args:
        path: JSONL file.
        task: the task that the file belongs to; a record that names another is refused.
        template: Jinja2 source of the user turn; None where every record brings its own turns.
        system: the system turn; "" for none.
        declared: what the task says of kinds and answers.

    Raises:
        DataError: a record cannot be used, or two share an id.
    """
    items = []
    seen: dict[str, int] = {}
    for item in stream_items(path, task, template, system, options, declared):
        if item.id in seen:
            line = seen[item.id]
            raise DataError(path, item.line, f"id {item.id!r} was used in line {line} already; ids are unique")
        seen[item.id] = item.line
        items.append(item)
    return tuple(items)


def stream_items(
    path: Path, task: str, template: str | None, system: str, options: Options = DEFAULT, declared: Declared = NOTHING
) -> Iterator[Item]:
    """The items of one data file, one at a time; ids are not compared.

    Raises:
        DataError: a record cannot be used.
    """
    for line, record in stream_lines(path, options):
        yield item_of(path, line, record, task, template, system, options.topic, declared)


def compile_template(source: str) -> jinja2.Template:
    """A template that fails on an unknown field and cannot run code from a data file."""
    return _ENVIRONMENT.from_string(source)


_ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@lru_cache(maxsize=32)
def _compiled(source: str) -> tuple[jinja2.Template, tuple[str, ...]]:
    """A template and the fields that it names."""
    return compile_template(source), tuple(sorted(meta.find_undeclared_variables(_ENVIRONMENT.parse(source))))


def _exact(path: Path, number: int, raw: bytes) -> Record:
    """The record of a line with every digit of its numbers."""
    if plausible(raw) is not None:
        record: Record = json.loads(raw)
        return record
    examined = examine(path, number, raw)
    for finding in examined.findings:
        if examined.record is None or finding.kind not in ENCODING | {"empty-field"}:
            raise DataError(path, number, finding.problem)
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
) -> Item:
    """One record as an item.

    Args:
        cluster: the field that says which items are not independent; "" is ``topic``. Spellings of one topic are one.

    Raises:
        DataError: the record has none of the three forms, or a field of the wrong shape.
    """
    if record.get("task", task) != task:
        raise DataError(path, line, f"task is {record['task']!r}, but the spec lists this file under {task!r}")
    opening = ({"role": "system", "content": system},) if system else ()
    try:
        asked: tuple[str, ...] = ()
        if "messages" in record:
            turns, reference = _split(path, line, "messages", record["messages"])
        elif "completion" in record and "reference" not in record:
            asking, completion = _turns(record["prompt"], "user"), _turns(record["completion"], "assistant")
            opening = () if asking and asking[0]["role"] == "system" else opening
            turns, reference = _split(path, line, "completion", [*opening, *asking, *completion])
        elif template is None:
            raise DataError(
                path,
                line,
                "holds neither messages nor prompt with completion, and only a template can make its prompt: name one, "
                f"tasks.{task}.template",
            )
        else:
            render, asked = _compiled(template)
            turns = (*opening, {"role": "user", "content": render.render(record).strip()})
            reference = record["reference"]
        name = str(record.get("id", f"line-{line}"))
        kind = str(record.get("kind", "plain"))
        return Item(
            id=name,
            task=task,
            kind=kind,
            topic=topic_of(said) if (said := str(record.get(cluster or "topic") or "")).strip() else name,
            messages=turns,
            reference=_text(reference, "reference"),
            points=tuple(_point(entry) for entry in record.get("points", ())),
            line=line,
            fields=record,
            asked=asked,
            must_refuse=kind in declared.refuse,
            look_alike=kind in declared.look_alike,
            declares=declared.keys,
            tools=() if asked else _tools(record.get("tools")),
        )
    except KeyError as error:
        raise DataError(path, line, f"key {error.args[0]!r} is missing") from error
    except jinja2.UndefinedError as error:
        raise DataError(path, line, f"the task's template needs a field that is not there: {error.message}") from error
    except jinja2.TemplateError as error:
        raise DataError(path, line, f"the task's template cannot render it: {error.message}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(path, line, f"a field has the wrong shape: {error}") from error


def _point(entry: Mapping[str, Any]) -> Point:
    wordings = entry["wordings"]
    if not isinstance(wordings, list):
        raise TypeError(f"wordings is no list, got {type(wordings).__name__}")
    return Point(tuple(_text(wording, "a wording") for wording in wordings), _text(entry.get("note", ""), "note"))


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text, got {type(value).__name__}")
    return value


def _tools(value: object) -> tuple[Mapping[str, Any], ...]:
    """A record's tools: a list of objects, or the same as JSON in a text, as some exports have it."""
    listed = json.loads(value) if isinstance(value, str) else value
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise TypeError(f"tools is no list of objects, got {type(value).__name__}")
    return tuple(listed)


def _turns(value: Any, role: str) -> list[Message]:
    return [{"role": role, "content": value}] if isinstance(value, str) else list(value)


def _split(path: Path, line: int, field: str, turns: list[Message]) -> tuple[tuple[Message, ...], str]:
    """The prompt's turns and the text of the last one, which is the assistant's."""
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict) or not isinstance(turn.get("role"), str):
            raise DataError(path, line, f"{field}[{number}] is no turn; an object with role and content is expected")
        if not isinstance(turn.get("content"), (str, list, type(None))):
            raise DataError(path, line, f"{field}[{number}].content is no text, got {type(turn['content']).__name__}")
    if not turns or turns[-1]["role"] != "assistant":
        raise DataError(path, line, f"{field} must end with the assistant's turn: it is the reference")
    reference = turns[-1].get("content")
    if not isinstance(reference, str):
        raise DataError(path, line, f"{field} ends in a turn without text; its content is what is learned and judged")
    return tuple(turns[:-1]), reference
