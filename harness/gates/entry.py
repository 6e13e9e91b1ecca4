"""A line of a run's journal as an object: a record of some kind (`harness.gates.records`), who wrote it and when.

A record that is newer than its class, or lacks a field of it, becomes `Unreadable`; it is never read in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, ClassVar, TypeVar, get_origin, get_type_hints

from harness.spec import nearest

KINDS: dict[str, type[Record]] = {}
"""Name of a kind in the journal -> its class."""


@dataclass(frozen=True)
class Record:
    """Base of all kinds of records in a journal."""

    kind: ClassVar[str]
    version: ClassVar[int]
    """Version of the kind's fields. Written only where it is not 1; a record without one is of version 1."""

    def __init_subclass__(cls, kind: str, version: int = 1) -> None:
        cls.kind, cls.version = kind, version
        KINDS[kind] = cls

    def content(self) -> dict[str, Any]:
        """Field -> value, as the journal's line holds them beside kind, process and time."""
        head = {} if self.version == 1 else {"version": self.version}
        return {**head, **{one.name: getattr(self, one.name) for one in fields(self)}}


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with who wrote it, and when."""

    process: str
    """``main``, or the name of an xdist worker."""
    at: float
    """Seconds since 1970 by the writer's clock; 0 where the line has no time."""
    record: Record


Kind = TypeVar("Kind", bound=Record)


def every(journal: Iterable[Entry], kind: type[Kind]) -> list[Kind]:
    """All records of a kind, in the order of the journal."""
    return [entry.record for entry in journal if isinstance(entry.record, kind)]


def last(journal: Iterable[Entry], kind: type[Kind]) -> Kind | None:
    """The last record of a kind; None where there is none."""
    found = every(journal, kind)
    return found[-1] if found else None


def last_or(journal: Iterable[Entry], otherwise: Kind) -> Kind:
    """The last record of the kind of `otherwise`, or `otherwise` itself where there is none."""
    return last(journal, type(otherwise)) or otherwise


@dataclass(frozen=True)
class Damaged(Record, kind="damaged"):
    """A line that is no journal entry: torn by a crash, or written by another program. Read only, never written."""

    text: str
    """The beginning of the line."""
    place: str = ""
    """``gw0.jsonl:17``."""


@dataclass(frozen=True)
class Unreadable(Record, kind="unreadable"):
    """A record whose kind, version or fields these classes do not know. Read only, never written."""

    problem: str
    """File, line, what is wrong with it and the mend."""


HEAD = ("kind", "process", "at", "version")
"""What every line holds beside the fields of its kind; the version only where it is not 1."""


def parse(line: Mapping[str, Any], place: str) -> Entry:
    """The entry of one line of a journal, which is an object with kind, process and time; `Unreadable` where its kind,
    its version or a field is not known here.

    Args:
        place: ``gw0.jsonl:17``.
    """
    return Entry(line["process"], float(line["at"]), _record(line, place))


def _record(line: Mapping[str, Any], place: str) -> Record:
    kind, version = line["kind"], line.get("version", 1)
    known = KINDS.get(kind)
    if known is None:
        return Unreadable(f"{place}: unknown kind of record {kind!r}; {nearest.mend(kind, KINDS)}")
    if version != known.version:
        return Unreadable(
            f"{place}: a record {kind!r} of version {version!r}, and version {known.version} is read here; report it "
            "with the greenrun that wrote it"
        )
    given = {name: value for name, value in line.items() if name not in HEAD}
    problem = next(_problems(known, given), "")
    return Unreadable(f"{place}: a record {kind!r} {problem}; was it edited?") if problem else known(**given)


def _problems(kind: type[Record], given: Mapping[str, Any]) -> Iterator[str]:
    declared, types = {one.name: one for one in fields(kind)}, _types(kind.kind)
    for name, one in declared.items():
        if name not in given and one.default is MISSING:
            yield f"lacks {name!r}"
    for name, value in given.items():
        if name not in declared:
            yield f"holds {name!r}, which it has no field for"
        elif not isinstance(value, types[name]) or (isinstance(value, bool) and types[name] is not bool):
            yield f"holds a {type(value).__name__} as {name!r}"


@cache
def _types(name: str) -> Mapping[str, Any]:
    """Field -> type of its JSON value."""
    kind, plain = KINDS[name], {float: (int, float), Mapping: dict, Sequence: list}
    hints = get_type_hints(kind)
    found = {one.name: get_origin(hints[one.name]) or hints[one.name] for one in fields(kind)}
    return {name: plain.get(origin, origin) for name, origin in found.items()}
