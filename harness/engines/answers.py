"""An answer sheet: what one model said to one list of items, with what is needed to explain it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.errors import StoreError
from harness.text.output import Output

FILE = "answers.jsonl"


@dataclass(frozen=True, slots=True)
class Answer:
    item: str
    text: str
    ids: tuple[int, ...]
    """Generated token ids, the end token included."""
    stop: str
    """``end``: the model ended its answer. ``length``: it was cut at the token limit."""
    prompt_tokens: int

    @property
    def said(self) -> Output:
        """The answer's text together with whether it was cut, as metrics take it."""
        return Output(self.text, cut=self.stop == "length")


def write(folder: Path, answers: Iterable[Answer]) -> None:
    lines = [json.dumps(asdict(answer), ensure_ascii=False, sort_keys=True) for answer in answers]
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def read(folder: Path, asked: Iterable[str]) -> dict[str, Answer]:
    """Answers by item id, in the order of `asked`.

    Raises:
        StoreError: an item has no answer, or an answer no item.
    """
    found = {}
    for line in (folder / FILE).read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            found[row["item"]] = Answer(**{**row, "ids": tuple(row["ids"])})
    wanted = list(asked)
    _check_complete(folder / FILE, wanted, found)
    return {name: found[name] for name in wanted}


def _check_complete(path: Path, asked: Sequence[str], answered: Iterable[str]) -> None:
    missing = [name for name in asked if name not in set(answered)]
    strangers = sorted(set(answered) - set(asked))
    for problem, names in (("holds no answer to", missing), ("answers what was not asked:", strangers)):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise StoreError(f"{path}: {problem} {', '.join(names[:3])}{more}; remove the artifact to have it rebuilt")


def explain_empty(answer: Answer) -> str:
    """Why an answer is empty: which stop condition, how many tokens, which ids."""
    if len(answer.ids) == 1 and answer.stop == "end":
        cause = "the model ended at once: was it trained on empty answers, or is its prompt already ended?"
    elif answer.stop == "length":
        cause = "nothing but invisible tokens up to the limit"
    else:
        cause = "only special tokens or white space"
    return f"{answer.item}: empty; stop={answer.stop}, {len(answer.ids)} tokens, ids {list(answer.ids[:8])}: {cause}"
