"""A batch that does not fit in memory is asked once more as two halves, and that is told: it is another batching than
the spec's, and in bfloat16 an answer may depend on what is asked beside it.

Once: halves that do not fit either end the list with an error. What was halved stands beside the answers, in a file
that is there only where something was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from harness import out_of_memory
from harness.engines import resident
from harness.errors import NoMemoryError

FILE = "halved.json"
MEND = (
    "lower generation.batch_tokens or generation.batch_size, the task's max_new_tokens, or what the form is held in "
    f"(release.deploy, [serve.cuda]); or {out_of_memory.ELSE}"
)
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Halved:
    """A batch that did not fit, and how it was asked instead."""

    items: tuple[str, ...]
    """Ids, in the order of the batch."""
    first: int
    """Number of them that were asked first; the others were asked after them."""
    why: str
    """What ran out, with sizes, in a sentence."""

    @property
    def parts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.items[: self.first], self.items[self.first :]


Note = Callable[[Halved], None]
"""Called with each batch that was halved."""


def forget(halved: Halved) -> None:
    """Not told to anybody."""


def ask(batch: Sequence[str], told: Callable[[Sequence[str]], list[Told]], words: str, note: Note) -> list[Told]:
    """What a batch was answered, as a whole or, where memory ran out, in two halves.

    Args:
        batch: ids.
        told: answers some of them at once, in their order.
        words: what they need room for, ``of up to 812 tokens each``.

    Raises:
        NoMemoryError: memory ran out for one item, or for a half.
    """
    try:
        return told(batch)
    except Exception as error:
        if not out_of_memory.is_it(error):
            raise
        why = out_of_memory.sentence(error, f"answering {_counted(len(batch))} {words}", MEND)
        out_of_memory.let_go(error)
        if len(batch) == 1:
            raise NoMemoryError(why) from error
    # Behind the except, where nothing holds the error any more, nor what it came through.
    resident.give_back()
    one = Halved(tuple(batch), (len(batch) + 1) // 2, why)
    found: list[Told] = []
    for part in one.parts:
        with out_of_memory.said(f"answering {_counted(len(part))} {words}, half of a batch that did not fit", MEND):
            found += told(part)
    note(one)
    return found


def ask_whole(batch: Sequence[str], told: Callable[[Sequence[str]], list[Told]], words: str, note: Note) -> list[Told]:
    """As `ask`, of a batch that is answered at once or not at all.

    Raises:
        NoMemoryError: memory ran out.
    """
    with out_of_memory.said(f"answering {_counted(len(batch))} {words}", MEND):
        return told(batch)


def as_asked(batches: Iterable[Sequence[str]], halved: Iterable[Halved]) -> list[list[str]]:
    """The batches as they were really asked: two parts in place of each one that was halved."""
    parts: Mapping[tuple[str, ...], Halved] = {one.items: one for one in halved}
    found: list[list[str]] = []
    for batch in batches:
        one = parts.get(tuple(batch))
        found += [list(batch)] if one is None else map(list, one.parts)
    return found


def write(folder: Path, halved: Sequence[Halved]) -> None:
    """Beside the answers; nothing where nothing was halved."""
    if halved:
        rows = [asdict(one) for one in halved]
        (folder / FILE).write_text(json.dumps(rows, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def read(folder: Path) -> tuple[Halved, ...]:
    """What was halved of the answers in a folder; () where nothing was."""
    path = folder / FILE
    if not path.is_file():
        return ()
    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Halved(tuple(row["items"]), row["first"], row["why"]) for row in rows)


def _counted(items: int) -> str:
    return f"{items} items" if items > 1 else "one item"
