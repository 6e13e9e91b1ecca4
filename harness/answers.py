"""An answer sheet: what one model said to one list of items, with what is needed to explain it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "answers.jsonl"


@dataclass(frozen=True, slots=True)
class Answer:
    item: str
    text: str
    ids: tuple[int, ...]
    """Raw generated ids, the end token included."""
    stop: str
    """``end``: the model ended its answer. ``length``: it was cut at the token limit."""
    prompt_tokens: int


def write(folder: Path, answers: Iterable[Answer]) -> None:
    lines = [json.dumps(asdict(answer), ensure_ascii=False, sort_keys=True) for answer in answers]
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def read(folder: Path) -> dict[str, Answer]:
    """Answers by item id."""
    found = {}
    for line in (folder / FILE).read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            found[row["item"]] = Answer(**{**row, "ids": tuple(row["ids"])})
    return found


def explain_empty(answer: Answer) -> str:
    """Why an answer is empty: which stop condition, how many tokens, which ids."""
    if len(answer.ids) == 1 and answer.stop == "end":
        cause = "the model ended at once: was it trained on empty answers, or is its prompt already ended?"
    elif answer.stop == "length":
        cause = "nothing but invisible tokens up to the limit"
    else:
        cause = "only special tokens or white space"
    return f"{answer.item}: empty; stop={answer.stop}, {len(answer.ids)} tokens, ids {list(answer.ids[:8])}: {cause}"
