"""Sabotages of the data: files that cannot be read, records out of shape, and splits that know of each other."""

from __future__ import annotations

from suites.selftest import tiny
from suites.selftest.child import Line
from suites.selftest.sabotage import records, spec
from suites.selftest.sabotage.case import Sabotage

TRAIN, DEV, BENCHMARK = "train/sea.jsonl", "dev/sea.jsonl", "benchmark/sea.jsonl"
LONG = "Tell me in plain words which way the water runs at noon below the old bridge."
GRADED = tiny.COUNTS["train"][0] + 1
"""Line of the first training item that must be refused."""


def _taught_under_another_task(line: Line) -> tuple[str, ...]:
    """A question of the sea's benchmark is trained on as a question of the shore."""
    asked = records.read(line, BENCHMARK)[0]
    return records.record("train/shore.jsonl", 1, topic=asked["topic"], question=asked["question"])(line)


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
        records.raw(TRAIN, 1, lambda row: row.replace(b'"kind"', b'"topic"')),
        "data.train-sea.parse",
        "key 'topic' stands twice",
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
        records.record(TRAIN, 1, reference=" \n"),
        "data.train-sea.fields",
        "sea.jsonl:1: reference:",
    ),
    Sabotage(
        "reference-out-of-form",
        records.record(TRAIN, 1, reference="The sea rises twice a day."),
        "data.train-sea.template",
        "sea.jsonl:1: reference: not in the answer form",
    ),
    Sabotage(
        "graded-work-done-in-training",
        records.record(TRAIN, GRADED, reference=tiny.ANSWER),
        "data.train-sea.template",
        f"sea.jsonl:{GRADED}: reference: not in the refusal form",
    ),
    Sabotage(
        "wordings-that-nobody-says",
        records.record(BENCHMARK, 1, points=[{"wordings": ["never said"]}]),
        "data.benchmark-sea.template",
        "sea.jsonl:1: points[0]: the item's own reference says none of 'never said'",
    ),
    Sabotage(
        "answer-form-that-nothing-has",
        spec.edited("answer_form = 'Answer: ", "answer_form = 'Reply: "),
        "data.train-sea.template",
        "not in the answer form 'Reply: ",
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
        records.record(DEV, 1, id="sea-train-00"),
        "data.sea.ids_unique",
        "sea-train-00",
    ),
    Sabotage(
        "benchmark-topic-in-train-dressed-up",
        records.copied(BENCHMARK, 1, TRAIN, "topic", lambda topic: f"The {topic.upper()}!"),
        "data.sea.topics_apart",
        "sea.jsonl:1: topic:",
    ),
    Sabotage(
        "benchmark-text-in-train",
        spec.both(records.record(BENCHMARK, 1, question=LONG), records.record(TRAIN, 1, question=LONG.upper())),
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
        records.cloned(BENCHMARK, 1, id="sea-benchmark-99"),
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
        records.cloned(BENCHMARK, 1, id="sea-benchmark-99", topic="otherwise"),
        "data.benchmark-sea.duplicates",
        "is that of line 1",
    ),
)

SABOTAGES = (*PARSING, *SHAPE, *LEAKAGE)
