"""Small files of the shapes in which people have data, made of words that nobody wrote before."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "va", "ze", "fen", "gor", "hil", "jup")
CHARACTERS = (
    "天地人日月山水火木金土风云雨雪花鸟鱼虫草石田河海江湖林桥路船车马牛羊犬米茶盐灯窗门墙书笔纸墨琴棋画春夏秋冬东西南北"
)
"""Of which Chinese texts are made."""
LABELS = ("urgent", "normal", "spam")
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}

Rows = list[dict[str, Any]]


def words(count: int, seed: int) -> str:
    """Made-up words, other ones for each seed."""
    drawn = random.Random(seed)
    return " ".join("".join(drawn.choices(SYLLABLES, k=3)) for _ in range(count))


def characters(count: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(CHARACTERS, k=count))


def lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def alpaca(count: int) -> Rows:
    return [
        {"instruction": f"Explain {words(4, n)}.", "input": words(6, 5000 + n) if n % 2 else "", "output": long_text(n)}
        for n in range(count)
    ]


def sharegpt(count: int) -> Rows:
    return [
        {
            "conversations": [
                {"from": "human", "value": f"Tell me of {words(5, n)}."},
                {"from": "gpt", "value": long_text(n)},
                {"from": "human", "value": f"And of {words(5, 3000 + n)}?"},
                {"from": "gpt", "value": long_text(4000 + n)},
            ]
        }
        for n in range(count)
    ]


def structured(count: int) -> Rows:
    """``messages`` whose answers are JSON objects with the same keys."""
    return [
        _messages(
            f"Order: {words(6, n)}",
            json.dumps({"item": words(1, n), "count": n % 9 + 1, "state": ("new", "paid", "sent")[n % 3]}),
        )
        for n in range(count)
    ]


def calling(count: int) -> Rows:
    return [
        {
            "messages": [
                {"role": "user", "content": f"Is it raining in {words(3, n)}?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"type": "function", "function": {"name": "weather", "arguments": {"place": words(3, n)}}}
                    ],
                },
            ],
            "tools": [TOOL],
        }
        for n in range(count)
    ]


def completion(count: int) -> Rows:
    """Sums in words, whose answers are numbers."""
    return [
        {"prompt": f"{words(5, n)}: how many {words(1, n)}?", "completion": f"{7 * n + 3} km"} for n in range(count)
    ]


def labelled(count: int) -> Rows:
    return [{"uid": f"r{n}", "text": words(9, n), "label": LABELS[n % 3]} for n in range(count)]


def chinese(count: int) -> Rows:
    return [{"问题": f"什么是{characters(8, n)}?", "答案": characters(4, 7000 + n)} for n in range(count)]


def passages(count: int) -> Rows:
    """Five questions on each passage."""
    return [
        {"context": words(60, n // 5), "question": f"Who saw {words(3, 9000 + n)}?", "answer": words(2, n)}
        for n in range(count)
    ]


def pairs(count: int) -> Rows:
    return [
        {"prompt": f"Say something of {words(6, n)}.", "chosen": long_text(n), "rejected": long_text(8000 + n)}
        for n in range(count)
    ]


def pointed(count: int) -> Rows:
    return [
        _messages(f"What of {words(5, n)}?", f"It is {words(3, n)} and {words(2, 6000 + n)}.")
        | {"topic": words(2, n // 2 + 11000), "points": [{"wordings": [words(3, n)]}]}
        for n in range(count)
    ]


def long_text(seed: int) -> str:
    return f"{words(14, 20000 + seed).capitalize()}. {words(9, 30000 + seed).capitalize()}."


def _messages(asked: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]}


def write_jsonl(path: Path, rows: Rows) -> None:
    lines(path, rows)


def write_gzip(path: Path, rows: Rows) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_array(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def write_csv(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: Rows) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path)


Make = Callable[[int], Rows]
Write = Callable[[Path, Rows], None]

SHAPES: dict[str, tuple[str, Make, Write, Sequence[str]]] = {
    "alpaca": ("alpaca.jsonl", alpaca, write_jsonl, ("rouge-l", "chrf")),
    "sharegpt": ("chats.json", sharegpt, write_array, ("rouge-l", "chrf")),
    "structured": ("orders.jsonl", structured, write_jsonl, ("json-schema", "json-fields")),
    "tool calls": ("calls.jsonl", calling, write_jsonl, ("tool-call",)),
    "numbers": ("sums.jsonl.gz", completion, write_gzip, ("number",)),
    "labels in CSV": ("tickets.csv", labelled, write_csv, ("label",)),
    "labels in Parquet": ("tickets.parquet", labelled, write_parquet, ("label",)),
    "Chinese questions": ("wenda.jsonl", chinese, write_jsonl, ("exact-match", "token-f1")),
    "passages": ("squad.jsonl", passages, write_jsonl, ("exact-match", "token-f1")),
    "DPO pairs": ("pairs.jsonl", pairs, write_jsonl, ("rouge-l", "chrf")),
    "points": ("points.jsonl", pointed, write_jsonl, ("coverage",)),
}
"""Name -> file, records, how they are written, and the metrics that fit."""


def write(name: str, folder: Path, count: int = 150) -> Path:
    """One shape's file below a folder."""
    file, make, how, _ = SHAPES[name]
    how(folder / file, make(count))
    return folder / file
