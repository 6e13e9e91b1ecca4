"""Turn the banks into the data files of a release line: ``python -m harness.dataset.assemble data/v3``.

The same banks give the same bytes on every machine. Only what a bank cannot say is added here, as
``bank/assemble.toml`` declares it (`harness.dataset.assembly`): ids, the form of the references, and an order in which
no kind of item forms a block.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jinja2

from harness.dataset import assembly
from harness.dataset.assembly import LISTS, OTHERWISE, Assembly, FieldOf, SplitTable, TaskOf
from harness.dataset.prompt_template import ENVIRONMENT
from harness.dataset.records import parse_lines
from harness.errors import DataError
from harness.spec import nearest
from harness.store import digests

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a bank."""

    path: Path
    line: int
    columns: Record


def assemble(folder: Path) -> dict[str, list[Record]]:
    """Every data file of a release line, from the banks in ``folder/bank``.

    Returns:
        File, relative to `folder` -> its records in order, e.g. ``train/sums.jsonl``.

    Raises:
        DataError: there is no declaration or no bank, or a bank's line cannot be used.
    """
    bank = folder / "bank"
    if not any(bank.glob("*.jsonl")):
        raise DataError(bank, 0, "holds no bank; *.jsonl files with the written items are expected")
    declared = assembly.read(bank)
    rows = {name: list(_rows(bank, declared, name, task)) for name, task in declared.tasks.items()}
    makers = {name: _Maker(bank / assembly.FILE, declared, name, task) for name, task in declared.tasks.items()}
    return {
        f"{place}/{name}.jsonl": list(makers[name].records(_ordered(declared, split, rows[name]), split))
        for place, split in declared.splits.items()
        for name in declared.tasks
    }


def encode(records: list[Record]) -> bytes:
    """JSON Lines in UTF-8, each line ended."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def count_table(files: Mapping[str, list[Record]], kinds: Sequence[str]) -> str:
    """A Markdown table of the items by file and kind."""
    lines = [f"| file | {' | '.join(kinds)} | items |", "|---|" + "---:|" * (len(kinds) + 1)]
    for name, records in files.items():
        counted = Counter(record["kind"] for record in records)
        lines.append(f"| {name} | {' | '.join(str(counted[kind]) for kind in kinds)} | {len(records)} |")
    return "\n".join(lines)


def _rows(bank: Path, declared: Assembly, name: str, task: TaskOf) -> Iterator[Row]:
    """Every row of a task's banks, with what every row must say."""
    paths = sorted({path for pattern in task.banks for path in bank.glob(pattern)})
    if not paths:
        raise DataError(bank / assembly.FILE, 0, f"tasks.{name}.banks: no file is called {' or '.join(task.banks)}")
    known = {
        declared.kind: declared.kinds,
        declared.split: tuple(rows.split for split in declared.splits.values() for rows in split.rows),
    }
    for path in paths:
        for line, columns in parse_lines(path):
            for column, values in known.items():
                if columns.get(column) not in values:
                    said = columns.get(column)
                    raise DataError(path, line, f"{column} is {said!r}; {nearest.mend(str(said), values)}")
            if not isinstance(columns.get(declared.order), str):
                raise DataError(path, line, f"{declared.order} is no text, and the order goes by it")
            yield Row(path, line, columns)


def _ordered(declared: Assembly, split: SplitTable, rows: list[Row]) -> Iterator[tuple[Row, str]]:
    """The rows of a split in order, each with its origin."""
    for taken in split.rows:
        same = [row for row in rows if row.columns[declared.split] == taken.split]
        for row in sorted(same, key=lambda row: digests.of_value(row.columns[declared.order])):
            yield row, taken.origin


class _Maker:
    """Makes the records of one task."""

    def __init__(self, place: Path, declared: Assembly, name: str, task: TaskOf) -> None:
        self._place, self._declared, self._name = place, declared, name
        self._fields = {
            field: self._compiled(f"record.{field}", partial(_field, said)) for field, said in task.record.items()
        }
        self._references = {
            kind: self._compiled(f"reference.{kind}", partial(ENVIRONMENT.from_string, text))
            for kind, text in task.reference.items()
        }

    def records(self, rows: Iterator[tuple[Row, str]], split: SplitTable) -> Iterator[Record]:
        for number, (row, origin) in enumerate(rows, 1):
            yield self._record(row, origin, f"{self._name}-{split.label}-{number:0{split.digits}}")

    def _record(self, row: Row, origin: str, name: str) -> Record:
        kind = row.columns[self._declared.kind]
        record = {"id": name, "task": self._name, "kind": kind, **({"origin": origin} if origin else {})}
        reference = self._references.get(kind, self._references.get(OTHERWISE))
        if reference is None:
            problem = f"tasks.{self._name}.reference.{kind}: missing, and {row.path.name}:{row.line} is of that kind"
            raise DataError(self._place, 0, problem)
        try:
            for field, make in self._fields.items():
                record[field] = make(row.columns)
            return record | {"reference": reference.render(record)}
        except (jinja2.TemplateError, TypeError, ValueError, KeyError) as error:
            raise DataError(row.path, row.line, f"{error} ({self._place.name}, tasks.{self._name})") from error

    def _compiled(self, key: str, compile_: Callable[[], Any]) -> Any:
        """What Jinja makes of an expression or a template of the declaration.

        Raises:
            DataError: it cannot be read; names the key.
        """
        try:
            return compile_()
        except jinja2.TemplateError as error:
            raise DataError(self._place, 0, f"tasks.{self._name}.{key}: {error}") from error


def _field(said: FieldOf) -> Callable[[Record], Any]:
    """The function that makes a field's value from the columns of a row."""
    if isinstance(said, str):
        return _expression(said)
    each, beside = _expression(said["each"]), _expression(said.get("beside", said["each"]))
    whole = _expression(said["value"]) if "value" in said else None
    parts = {name: _expression(text) for name, text in said.items() if name not in LISTS}

    def entries(columns: Record) -> list[Any]:
        own, others = each(columns), beside(columns)
        if not (isinstance(own, list) and isinstance(others, list) and len(own) == len(others)):
            names = " and ".join(dict.fromkeys((said["each"], said.get("beside", said["each"]))))
            raise ValueError(f"{names} must be lists, equally many and in the same order")
        made = []
        for number, (it, other) in enumerate(zip(own, others, strict=True), 1):
            known = {**columns, "it": it, "other": other, "number": number}
            made.append(whole(known) if whole else {name: part(known) for name, part in parts.items()})
        return made

    return entries


def _expression(text: str) -> Callable[[Record], Any]:
    compiled = ENVIRONMENT.compile_expression(text, undefined_to_none=False)

    def value(columns: Record) -> Any:
        found = compiled(columns)
        if isinstance(found, jinja2.Undefined):
            raise KeyError(f"{text}: no such column")
        return found

    return value


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m harness.dataset.assemble", description=__doc__)
    parser.add_argument("folder", type=Path, help="a release line that holds bank/*.jsonl, such as data/v3")
    folder: Path = parser.parse_args().folder
    files = assemble(folder)
    for name, records in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode(records))
    print(count_table(files, assembly.read(folder / "bank").kinds))


if __name__ == "__main__":
    main()
