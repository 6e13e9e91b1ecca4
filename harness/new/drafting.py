"""Decide a release from a person's files: how they are read, what judges them, and which record goes where."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

from harness.dataset.item import Item
from harness.dataset.items import TaskRecords
from harness.dataset.reading import Reading
from harness.errors import DataError
from harness.new import columns, measures, needs, template_tools
from harness.new.base import Model
from harness.new.columns import Columns
from harness.new.draft import Draft, Lengths, Taken
from harness.new.given_adapter import GivenAdapter
from harness.new.look import look
from harness.new.measures import Choice, Chosen
from harness.new.roles import SPLITS, role
from harness.new.rows import File, Row
from harness.new.splits import distribute
from harness.spec.objects import ALL

_BY_NEED = ("train", "benchmark", "dev")
"""The first one of those that a pool is cut into gets what the others leave."""
LONGEST = 50
"""Items, by their characters, whose tokens are counted."""
OF_TURN = 12
"""Tokens that a chat template puts around a turn, at most."""
MOST_ANSWER = 1024
MOST_NAME = 24


def draft(files: Sequence[File], model: Model, adapter: GivenAdapter | None, name: str) -> Draft:
    """A release of these files.

    Args:
        files: at least one, each with records.
        name: the folder that is written; the release is called after it.

    Raises:
        DataError: a record cannot be read, or there are too few of them.
    """
    rows = [row for file in files for row in file.rows]
    read = columns.decide(rows)
    left = {id(rows[number]) for number in read.left}
    task = _task(read, files, name)
    how = TaskRecords(task, read.template, reading=Reading(tuple(sorted(read.mapped.items()))))
    kept = [row for row in rows if id(row) not in left]
    items = _items(kept, how)
    chosen = measures.choose(list(items.values()))
    taken = _taken(files, items, chosen, adapter)
    needed, missing = needs.of_split(chosen.choices, taken.items)
    if not needed:
        raise DataError(files[0].path, 0, f"{missing[0]}, and nothing else fits; bring more of such records")
    lengths = _lengths(list(items.values()), model)
    tools = template_tools.note(tuple(items.values()), model.place)
    notes = (*tools, *chosen.notes, *missing, *_said(taken, needed[0].choice, lengths, model))
    return Draft(
        name=named(name),
        task=task,
        files=tuple(files),
        columns=read,
        look=look(list(items.values()), kept),
        chosen=chosen,
        needs=tuple(needed),
        taken=taken,
        model=model,
        lengths=lengths,
        adapter=adapter,
        notes=notes,
    )


def named(text: str) -> str:
    """A text as a name of a release or a task."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain)[:MOST_NAME].strip("-")
    return found if found and found != ALL else "mine"


def _task(read: Columns, files: Sequence[File], name: str) -> str:
    if read.task and read.task != ALL:
        return read.task
    first = next((file.path for file in files if not role(file.path)), None)
    return named(name if first is None else first.name.partition(".")[0])


def _items(rows: Sequence[Row], how: TaskRecords) -> dict[int, Item]:
    """The item of each record, by the identity of its row.

    Raises:
        DataError: one cannot be made: the first, and how many there are.
    """
    found: dict[int, Item] = {}
    wrong: list[DataError] = []
    for row in rows:
        try:
            found[id(row)] = how.item(row.path, row.line, row.record)
        except DataError as error:
            wrong.append(error)
    if wrong:
        first = wrong[0]
        more = f" ({len(wrong)} of {len(rows)} records cannot be used)" if len(wrong) > 1 else ""
        raise DataError(first.path, first.line, first.problem + more)
    return found


def _taken(files: Sequence[File], items: Mapping[int, Item], chosen: Chosen, adapter: GivenAdapter | None) -> Taken:
    """Each record in its split: by the names of the files where those say it, else by content.

    Raises:
        DataError: there are too few for the splits that are missing.
    """
    by_role = {split: [file for file in files if role(file.path) == split] for split in SPLITS}
    pool = [file for file in files if not role(file.path)]
    needed = [split for split in SPLITS if split != "train" or adapter is None or by_role["train"]]
    cut: tuple[str, ...] = ()
    if absent := [split for split in needed if not by_role[split]]:
        donor = "train" if by_role["train"] else "" if pool else max(needed, key=lambda one: _rows_in(by_role[one]))
        if donor:
            pool, by_role[donor] = [*pool, *by_role[donor]], []
        cut = tuple(split for split in _BY_NEED if split in (*absent, donor))
        if len(cut) == 1:  # what has no name is what is missing
            by_role[cut[0]], cut = pool, ()
    else:
        by_role[next(split for split in _BY_NEED if split in needed)] += pool
    usable = {split: [row for file in by_role[split] for row in file.rows if id(row) in items] for split in needed}
    groups = 0
    if cut:
        parts, groups = _cut([row for file in pool for row in file.rows if id(row) in items], items, cut, chosen)
        usable |= parts
    for split in needed:
        if not usable[split]:
            raise DataError(files[0].path, 0, f"no record is left for {split}; bring more")
    given = {split: tuple(file.path.name for file in by_role[split]) for split in needed if by_role[split]}
    as_items = {split: [items[id(row)] for row in part] for split, part in usable.items()}
    return Taken(usable, as_items, given, cut, groups)


def _rows_in(files: Sequence[File]) -> int:
    return sum(len(file.rows) for file in files)


def _cut(
    rows: Sequence[Row], items: Mapping[int, Item], splits: tuple[str, ...], chosen: Chosen
) -> tuple[dict[str, list[Row]], int]:
    """The splits of one pool, each in the order of its records' digests, and the groups that the pool has."""
    ordered = sorted(((row.digest, row.raw, row) for row in rows), key=lambda one: one[:2])
    digests, own = [digest for digest, _, _ in ordered], [items[id(row)] for _, _, row in ordered]
    labels = any(choice.metric == "label" for choice in chosen.choices)
    strata = [item.reference.strip() if labels else "" for item in own]
    need = max(needs.wanted(choice)[2] for choice in chosen.choices)
    split_of, groups = distribute(own, digests, splits, need, strata, rows[0].path)
    parts: dict[str, list[Row]] = {split: [] for split in splits}
    for number, (_, _, row) in enumerate(ordered):
        parts[split_of[number]].append(row)
    return parts, groups


def _lengths(items: Sequence[Item], model: Model) -> Lengths:
    longest = sorted(items, key=_characters)[-LONGEST:]
    samples = [_tokens(item, model) for item in longest]
    answers = [model.tokens(item.reference) for item in sorted(items, key=lambda one: len(one.reference))[-LONGEST:]]
    sample = _up(max(samples), 64, 128)
    answer = min(MOST_ANSWER, _up(max(answers) + max(answers) // 4, 16, 32))
    if model.context is None:
        return Lengths(sample, answer, 0)
    over = sum(count > model.context for count in samples)
    return Lengths(min(sample, model.context), min(answer, max(32, model.context // 2)), over)


def _characters(item: Item) -> int:
    said = sum(len(str(turn.get("content") or "")) for turn in item.messages)
    return said + len(item.reference) + len(json.dumps(item.tools, default=str) if item.tools else "")


def _tokens(item: Item, model: Model) -> int:
    tools = model.tokens(json.dumps(item.tools, ensure_ascii=False, default=str)) if item.tools else 0
    said = sum(model.tokens(str(turn.get("content") or turn.get("tool_calls") or "")) for turn in item.messages)
    return tools + said + model.tokens(item.reference) + OF_TURN * (len(item.messages) + 2)


def _up(count: int, step: int, least: int) -> int:
    return max(least, -(-count // step) * step)


def _said(taken: Taken, first: Choice, lengths: Lengths, model: Model) -> tuple[str, ...]:
    notes = []
    if lengths.over:
        notes.append(f"{lengths.over} items or more are longer than the {model.context} tokens that the base can read")
    if first.metric == "label" and "train" in taken.items:
        known = {item.reference.strip() for item in taken.items["train"]}
        asked = {item.reference.strip() for item in taken.items["benchmark"]}
        if asked - known:
            notes.append(f"no training record has the label {', '.join(sorted(asked - known)[:3])}")
    return tuple(notes)
