"""Sabotages of the data: files that cannot be read, records out of shape, and splits that know of each other."""

from __future__ import annotations

import json
import re

from suites.sabotage import records, spec
from suites.sabotage.case import Sabotage
from suites.sabotage.records import BENCHMARK, DEV, TRAIN, File, Record
from suites.sabotage.spec import Table
from suites.tiny import line as tiny
from suites.tiny.child import Line

LONG = "Tell me in plain words which way the water runs at noon below the old bridge."
GRADED = tiny.COUNTS["train"][0] + 1
"""Line of the first training item that must be refused."""


def _first_key_twice(row: bytes) -> bytes:
    key = json.dumps(next(iter(json.loads(row)))).encode()
    return row.replace(b"{", b"{" + key + b": 1, ", 1)


def _graded_work_done(line: Line) -> tuple[str, ...]:
    """Give the first training item that must be refused the answer to another item."""
    found = records.read(line, TRAIN)
    refused, answered = (records.number_wanted(line, TRAIN, one) for one in (records.refused, records.answered))
    answer = records.holding(found[answered - 1], "reference")["reference"]
    return records.record(TRAIN, refused, reference=answer)(line)


def _answer_form_of_nobody(line: Line, table: Table) -> None:
    found = spec.task_of(line, table)
    found["answer_form"] = "Reply: " + found["answer_form"]


def _judged_item_taught(line: Line) -> tuple[str, ...]:
    """Turn a training item into the benchmark's first item, under the training item's own id and origin."""
    kept = ("id", "origin")
    judged = {name: value for name, value in records.read(line, BENCHMARK)[0].items() if name not in kept}
    return records.record(TRAIN, 1, **judged)(line)


def _taught_under_another_task(line: Line) -> tuple[str, ...]:
    """Put a benchmark question of the first task into the training data of the second task."""
    other = File("train", 1)
    asked = records.holding(records.read(line, BENCHMARK)[0], "topic", "question")
    records.holding(records.read(line, other)[0], "topic", "question")
    return records.record(other, 1, topic=asked["topic"], question=asked["question"])(line)


def _new_id(found: Record) -> Record:
    """The record under a new id of the same form, with nines as its last digits."""
    name = str(records.holding(found, "id")["id"])
    return found | {"id": re.sub(r"\d(?=\d*$)", "9", name)}


PARSING = (
    Sabotage(
        "byte-order-mark",
        records.raw(TRAIN, 1, lambda row: b"\xef\xbb\xbf" + row),
        "data.train-sea.encoding",
        "sea.jsonl:1",
    ),
    Sabotage(
        "train-line-cut-short",
        records.raw(TRAIN, 3, lambda row: row[: len(row) // 2]),
        "data.train-sea.parse",
        "sea.jsonl:3:",
    ),
    Sabotage(
        "key-stands-twice",
        records.raw(TRAIN, 1, _first_key_twice),
        "data.train-sea.parse",
        "key 'id' stands twice",
    ),
    Sabotage("train-file-blank", records.emptied(TRAIN), "data.train-sea.encoding", "sea.jsonl:1: blank line"),
)

SHAPE = (
    Sabotage(
        "field-unknown",
        records.record(TRAIN, 1, refrence="x"),
        "data.train-sea.fields",
        "sea.jsonl:1: refrence: unknown key 'refrence'; did you mean 'reference'?",
    ),
    Sabotage(
        "field-missing", records.without(DEV, 2, "topic"), "data.dev-sea.fields", "sea.jsonl:2: topic: key is missing"
    ),
    Sabotage(
        "reference-blank",
        records.first(TRAIN, records.answered, reference=" \n"),
        "data.train-sea.fields",
        "sea.jsonl:1: reference:",
    ),
    Sabotage(
        "reference-out-of-form",
        records.first(TRAIN, records.answered, reference="This has no form at all"),
        "data.train-sea.template",
        "sea.jsonl:1: reference: not in the answer form",
    ),
    Sabotage(
        "graded-work-done-in-training",
        _graded_work_done,
        "data.train-sea.template",
        f"sea.jsonl:{GRADED}: reference: not in the refusal form",
    ),
    Sabotage(
        "sign-that-nobody-sees",
        records.raw(TRAIN, 1, lambda row: row.replace(b'"question": "', b'"question": "\\u00ad', 1)),
        "data.train-sea.characters",
        "sea.jsonl:1: question:",
    ),
    Sabotage(
        "wordings-that-nobody-says",
        records.first(BENCHMARK, records.answered, points=[{"wordings": ["never said"]}]),
        "data.benchmark-sea.template",
        "sea.jsonl:1: points[0]: the item's own reference says none of 'never said'",
    ),
    Sabotage(
        "answer-form-that-nothing-has",
        spec.changed(_answer_form_of_nobody),
        "data.train-sea.template",
        "not in the answer form 'Reply: ",
    ),
    Sabotage(
        "reference-that-denies-its-prompt",
        records.record(
            TRAIN, 1, question="Note: the sea rises twice. Tell me of it.", reference="Answer: it never rises twice."
        ),
        "data.train-sea.references_score",
        "the prompt states 'rises twice' and the reference denies it",
    ),
    Sabotage(
        "fewer-items-than-declared",
        records.dropped(TRAIN, 1),
        "data.train-sea.counts",
        "15 items, the spec declares 16",
    ),
)

LEAKAGE = (
    Sabotage(
        "id-of-train-in-dev",
        records.copied(TRAIN, 1, DEV, "id"),
        "data.sea.ids_unique",
        "sea-train-00",
    ),
    Sabotage(
        "benchmark-topic-in-train-dressed-up",
        records.copied(BENCHMARK, 1, TRAIN, "topic", lambda topic: f"The {topic.upper()}!"),
        "data.sea.topics_apart",
        "sea.jsonl:1: topic:",
    ),
    Sabotage("benchmark-item-in-train", _judged_item_taught, "data.sea.topics_apart", "sea.jsonl:1: topic:"),
    Sabotage(
        "benchmark-text-in-train",
        spec.both(
            records.first(BENCHMARK, records.answered, question=LONG),
            records.first(TRAIN, records.answered, question=LONG.upper()),
        ),
        "data.sea.text_apart",
        "words in a row with",
    ),
    Sabotage(
        "benchmark-question-in-train-of-another-task",
        _taught_under_another_task,
        "data.sea.text_apart",
        "train/shore.jsonl:1",
    ),
    Sabotage(
        "benchmark-item-cloned",
        records.cloned(BENCHMARK, 1, _new_id),
        "data.benchmark-sea.duplicates",
        "is that of line 1",
    ),
    Sabotage(
        "benchmark-item-cloned-under-its-id",
        records.cloned(BENCHMARK, 1),
        "data.benchmark-sea.duplicates",
        "is that of line 1",
    ),
    Sabotage(
        "benchmark-item-cloned-under-another-topic",
        records.cloned(BENCHMARK, 1, lambda found: _new_id(found) | {"topic": "otherwise"}),
        "data.benchmark-sea.duplicates",
        "is that of line 1",
    ),
)

SABOTAGES = (*PARSING, *SHAPE, *LEAKAGE)
