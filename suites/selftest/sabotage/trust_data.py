"""Crimes of the data: what judges was trained on in another dress, or counts twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from suites.selftest.sabotage.trust_crime import Crime, Planted
from suites.tiny.child import Line

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leak(Crime):
    """A benchmark question that was trained on in another dress; each has a line of its own in both files."""

    trained: str
    asked: str


APART = "data.sea.text_apart"
SHORT = "Why do spring tides rise?"
LONG = "Describe how heavy rain in {} changes the colour of mountain rivers."
LONGER = "Explain which local birds still nest along the {} northern shore when long winters {} late."
LEAKS: tuple[Leak, ...] = tuple(
    Leak(f"trained on, and asked {how}", APART, said, trained, asked)
    for how, said, trained, asked in (
        ("word for word", "asks the same", "Where do crabs sleep?", "Where do crabs sleep?"),
        ("in capitals and blanks", "asks the same", "How do gulls drink?", "  HOW do  gulls drink "),
        ("with a zero-width space in a word", "asks the same", "When do seals moult?", "When do se\u200bals moult?"),
        ("with soft hyphens", "asks the same", "Which weeds glow?", "Which we\u00adeds gl\u00adow?"),
        ("behind a byte order mark", "asks the same", "Who maps reefs?", "\ufeffWho maps reefs?"),
        ("with a variation selector", "asks the same", "What do urchins eat?", "What do urchins\ufe0f eat?"),
        ("with word joiners", "asks the same", "Whose boats drift?", "Who\u2060se bo\u2060ats drift?"),
        ("in full-width letters", "asks the same", "Name rare shells", "\uff2e\uff41\uff4d\uff45 rare shells"),
        ("politely", "asks the same but for a word or two", SHORT, "Please, could you tell me why spring tides rise?"),
        ("with one word more", "asks the same but for a word or two",
         "Why do corals bleach?", "Why do corals bleach twice?"),
        ("with one word changed", "asks the same but for a word or two", LONG.format("spring"), LONG.format("autumn")),
        ("with two words changed", "shares a run", LONGER.format("frozen", "end"), LONGER.format("stormy", "begin")),
    )
)  # fmt: skip
"""At most as many leaks as the tiny line has training items."""

REPEATED = "data.shore.topics_apart"


def _topic(line: Line, split: str, number: int, topic: str) -> None:
    rows = read(line, "shore", split)
    rows[number]["topic"] = topic
    write(line, "shore", split, rows)


def _of_the_sea(line: Line) -> None:
    """Put an item of the other task under this task's name."""
    rows, sea = read(line, "shore", "parity"), read(line, "sea", "parity")
    rows[0] |= {name: sea[0][name] for name in ("topic", "question")}
    write(line, "shore", "parity", rows)


def _copied(line: Line) -> None:
    """Write two long questions into one file that differ in two middle words."""
    rows = read(line, "shore", "train")
    form = (
        "Describe the old harbour with its wooden cranes, narrow quays and {} boats that fishermen paint "
        "every spring before great {} cross deeper water"
    )
    rows[0]["question"], rows[1]["question"] = form.format("leaky", "shoals"), form.format("heavy", "storms")
    write(line, "shore", "train", rows)


PLANTED: tuple[Planted, ...] = (
    Planted("a topic trained on and asked, in another spelling", REPEATED, "is a topic of",
            lambda line: (_topic(line, "train", 2, "the north wind"), _topic(line, "benchmark", 2, "North  Wind."))),
    Planted("a topic with an invisible sign", REPEATED, "'low w\\xadater' is a topic of",
            lambda line: (_topic(line, "train", 3, "low water"), _topic(line, "dev", 3, "low w\u00adater"))),
    Planted("one topic twice in the benchmark", REPEATED, "stands in line",
            lambda line: (_topic(line, "benchmark", 4, "salt marsh"), _topic(line, "benchmark", 5, "SALT MARSH"))),
    Planted("one item under two task names", REPEATED, "of another task asks", _of_the_sea),
    Planted("two middle words changed inside a file", "data.train-shore.duplicates", "alike to that of line 1",
            _copied),
)  # fmt: skip


def read(line: Line, task: str, split: str) -> list[Record]:
    path = line.spec.parent / split / f"{task}.jsonl"
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]


def write(line: Line, task: str, split: str, rows: list[Record]) -> None:
    path = line.spec.parent / split / f"{task}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
