"""Turn the banks into the data files of a release line: ``python -m harness.dataset.assemble data/v3``.

The same banks give the same bytes on every machine. Only what a bank cannot say is added here: ids,
the house form of the references, and an order in which no kind of item forms a block.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset.records import parse_lines
from harness.errors import DataError
from harness.store import digests

Record = dict[str, Any]

TASKS = ("style", "writing")
KINDS = ("plain", "look-alike", "graded", "no-notes", "no-brief")
DECLINED = {
    "graded": "Declined: graded work must be your own.\nInstead: I can help you study for it.",
    "no-notes": "Declined: no notes were given.\nInstead: send the notes and ask again.",
    "no-brief": "Declined: no brief was given.\nInstead: send the facts and ask again.",
}


@dataclass(frozen=True, slots=True)
class Split:
    """One folder of data files and how its items are named."""

    folder: str
    sources: Mapping[str, str]
    """Split as the banks name it -> origin of the item, "" for none; the sources follow each other."""
    label: str
    digits: int


SPLITS = (
    Split("train", {"train-base": "base", "train-added": "added"}, "train", 2),
    Split("dev", {"dev": ""}, "dev", 3),
    Split("search", {"search": ""}, "search", 3),
    Split("benchmark", {"benchmark": ""}, "bench", 3),
    Split("parity", {"parity": ""}, "parity", 2),
)


def assemble(folder: Path) -> dict[str, list[Record]]:
    """Every data file of a release line, from the banks in ``folder/bank``.

    Returns:
        File, relative to `folder` -> its records in order, e.g. ``train/style.jsonl``.

    Raises:
        DataError: there is no bank, or a bank's line cannot be used.
    """
    rows = _read_banks(folder / "bank")
    return {
        f"{split.folder}/{task}.jsonl": _records([row for row in rows if row["task"] == task], split)
        for split in SPLITS
        for task in TASKS
    }


def encode(records: list[Record]) -> bytes:
    """JSON Lines in UTF-8, each line ended."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def count_table(files: Mapping[str, list[Record]]) -> str:
    """A Markdown table of the items by file and kind."""
    lines = [f"| file | {' | '.join(KINDS)} | items |", "|---|" + "---:|" * (len(KINDS) + 1)]
    for name, records in files.items():
        kinds = Counter(record["kind"] for record in records)
        lines.append(f"| {name} | {' | '.join(str(kinds[kind]) for kind in KINDS)} | {len(records)} |")
    return "\n".join(lines)


def _read_banks(folder: Path) -> list[Record]:
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise DataError(folder, 0, "holds no bank; *.jsonl files with the written items are expected")
    rows = []
    allowed = {
        "task": TASKS,
        "split": tuple(source for split in SPLITS for source in split.sources),
        "ask": KINDS,
    }
    for path in paths:
        for line, row in parse_lines(path):
            for field, values in allowed.items():
                if row.get(field) not in values:
                    raise DataError(
                        path, line, f"{field} is {row.get(field)!r}; one of {', '.join(values)} is expected"
                    )
            rows.append(row | {"place": (path, line)})
    return rows


def _records(rows: list[Record], split: Split) -> list[Record]:
    chosen: list[tuple[Record, str]] = []
    for source, origin in split.sources.items():
        # By digest: close to a shuffle, and a new item moves no other two past each other.
        same = sorted((row for row in rows if row["split"] == source), key=lambda row: digests.of_value(row["topic"]))
        chosen.extend((row, origin) for row in same)
    return [_record(row, split, origin, number) for number, (row, origin) in enumerate(chosen, 1)]


def _record(row: Record, split: Split, origin: str, number: int) -> Record:
    path, line = row["place"]
    opening = {
        "id": f"{row['task']}-{split.label}-{number:0{split.digits}}",
        "task": row["task"],
        "kind": row["ask"],
        **({"origin": origin} if origin else {}),
    }
    try:
        return opening | (_style(row) if row["task"] == "style" else _writing(row))
    except KeyError as error:
        raise DataError(path, line, f"key {error.args[0]!r} is missing") from error
    except ValueError as error:
        raise DataError(path, line, f"notes and points must be equally many, in the same order: {error}") from error


def _style(row: Record) -> Record:
    notes = [{"id": f"n{number}", "text": text} for number, text in enumerate(row["notes"], 1)]
    return {
        "chapter": row["chapter"],
        "difficulty": row["difficulty"],
        "topic": row["topic"],
        "question": row["question"],
        "notes": notes,
        "points": [
            {"wordings": wordings, "note": note["id"]} for wordings, note in zip(row["points"], notes, strict=True)
        ],
        "reference": _declined(row) or style_answer(notes),
    }


def _writing(row: Record) -> Record:
    facts = [f"{fact[:1].upper()}{fact[1:].rstrip('.')}." for fact in row["facts"]]
    return {
        "topic": row["topic"],
        "request": row["request"],
        "to": row["to"],
        "facts": facts,
        "points": [{"wordings": wordings} for _, wordings in zip(facts, row["points"], strict=True)],
        "reference": _declined(row) or house_text(row["topic"], facts),
    }


def style_answer(notes: list[dict[str, str]]) -> str:
    """The house form of a tutor's answer: every note that carries it behind its id, and their ids."""
    because = "\n".join(f"[{note['id']}] {note['text']}" for note in notes)
    return f"Answer:\n{because}\nSources: {', '.join(note['id'] for note in notes)}"


def house_text(topic: str, facts: list[str]) -> str:
    """The writing desk's plain form: the scenario, every fact of the brief with its number, a fixed close."""
    lines = "\n".join(f"{number}. {fact}" for number, fact in enumerate(facts, 1))
    return f"Subject: {topic}\nText:\n{lines}\nClose: With kind regards"


def _declined(row: Record) -> str:
    return DECLINED.get(row["ask"], "")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m harness.dataset.assemble", description=__doc__)
    parser.add_argument("folder", type=Path, help="a release line that holds bank/*.jsonl, such as data/v3")
    folder: Path = parser.parse_args().folder
    files = assemble(folder)
    for name, records in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode(records))
    print(count_table(files))


if __name__ == "__main__":
    main()
