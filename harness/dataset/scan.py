"""Judge a data file in one pass over its bytes: encoding, JSON, schema, and the checks of single records.

Files of lines are read here; the rows of any other format come from `harness.dataset.rows`.

Each line is judged by itself, so blocks can be judged in any process and order, and the result does not depend on how a
file is cut into blocks. Large files are shared among processes: one process reads, and holds a few blocks.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.dataset import file_format, forms
from harness.dataset.check import RecordCheck
from harness.dataset.file_format import FileFormat
from harness.dataset.findings import Finding, Tally
from harness.dataset.line import ENCODING, Record, examine, plausible
from harness.dataset.reading import PLAIN, Reading, named
from harness.dataset.rows import Rows
from harness.dataset.schema import Schema
from harness.dataset.seen import Seen, look
from harness.dataset.source import BLOCK, Block, Source
from harness.spec.data import Options

SHARE_FROM = 64 * 2**20
"""Smallest file, in bytes, that is shared among processes: starting them takes about a second."""

PROCESSES = 2
AHEAD = 2
"""Blocks per process that are read ahead."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to check in one file: its path, schema and checks of records."""

    path: Path
    schema: Path | None = None
    checks: tuple[RecordCheck, ...] = ()
    options: Options = field(default_factory=Options)
    reading: Reading = PLAIN


@dataclass(slots=True)
class Scan:
    """What one pass found."""

    digest: str = ""
    """SHA-256 (hex) of the stored bytes that were judged."""
    records: int = 0
    """Lines that are not blank."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """Check (``encoding``, ``parse``, ``fields`` and those of the plan) -> its findings."""

    seen: Seen = field(default_factory=Counter)

    unread: Counter[str] = field(default_factory=Counter)
    """Check -> lines that it did not judge, since they hold no readable record."""

    def merge(self, later: Scan) -> None:
        self.records += later.records
        self.unread.update(later.unread)
        self.seen.update(later.seen)
        for check, tally in later.tallies.items():
            self.tallies.setdefault(check, Tally()).merge(tally)

    def note(self, check: str) -> str:
        """What a check did not judge; "" where it saw every line."""
        lines = self.unread[check]
        if not lines and (self.records or self.tallies[check].total):
            return ""
        what = "1 line" if lines == 1 else f"{lines} lines" if lines else "the file"
        return f"{what} could not be read and counts for nothing here: the gates of encoding and parse say why"


def scan(plan: Plan, block: int = BLOCK) -> Scan:
    """Judge a file in this process.

    Raises:
        DataError: the file cannot be opened, or its schema cannot be used.
    """
    found = file_format.format_of(plan.path)
    if found.name != file_format.LINES:
        return _scan_rows(plan, found)
    judge = Judge(plan)
    source = Source(plan.path, plan.options, block)
    return _gather(plan, source, (judge.block(part) for part in source.blocks()))


def scan_shared(plan: Plan, block: int = BLOCK, processes: int = PROCESSES) -> Scan:
    """Judge a file in several processes; the result is that of `scan`.

    Raises:
        DataError: as `scan`.
    """
    Judge(plan)  # a schema that cannot be used is refused here, not in a child
    source = Source(plan.path, plan.options, block)
    # Spawned: a fork would copy whatever threads and locks the calling process has.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=(plan,)) as pool:
        return _gather(plan, source, _in_order(pool.submit, source.blocks(), processes * AHEAD))


def scan_file(plan: Plan) -> Scan:
    """Judge a file in this process or in several, by its size.

    Raises:
        DataError: as `scan`.
    """
    try:
        large = os.stat(plan.path).st_size >= SHARE_FROM
    except OSError:
        large = False
    shared = large and file_format.format_of(plan.path).name == file_format.LINES
    return scan_shared(plan) if shared else scan(plan)


def _scan_rows(plan: Plan, found: FileFormat) -> Scan:
    """Judge the rows of a table as lines are judged; no reader cuts a row in two, so no separator is accused."""
    options = replace(plan.options, allow=plan.options.allow | {"line-separator"})
    judge, rows = Judge(replace(plan, options=options)), Rows(plan.path, found, plan.options)
    whole = _empty(plan)
    for number, raw in rows.lines():
        judge.line(whole, number, raw)
    for finding in rows.findings:
        whole.tallies["encoding" if finding.kind in ENCODING else "parse"].add((finding,))
    if not whole.records and not rows.findings:
        whole.tallies["parse"].add((Finding(plan.path, 0, "", f"a {found.name} without a row", "no-records"),))
    whole.digest = rows.digest
    return whole


def _empty(plan: Plan) -> Scan:
    return Scan(tallies={check: Tally() for check in ("encoding", "parse", "fields", *(c.name for c in plan.checks))})


def _in_order(submit: Callable[..., Future[Scan]], blocks: Iterator[Block], ahead: int) -> Iterator[Scan]:
    waiting: deque[Future[Scan]] = deque()
    for part in blocks:
        waiting.append(submit(_judge_block, part))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


_JUDGE: list[Judge] = []
"""The judge of this child process; set once when the process starts."""


def _start(plan: Plan) -> None:
    _JUDGE[:] = [Judge(plan)]


def _judge_block(part: Block) -> Scan:
    return _JUDGE[0].block(part)


def _gather(plan: Plan, source: Source, parts: Iterable[Scan]) -> Scan:
    whole = _empty(plan)
    for part in parts:
        whole.merge(part)
    for finding in source.findings:
        whole.tallies["encoding"].add((finding,))
    if not whole.records:
        problem = "holds no record; one JSON object a line is expected"
        whole.tallies["parse"].add((Finding(plan.path, 0, "", problem, "no-records"),))
    whole.digest = source.digest
    return whole


class Judge:
    """Applies all checks of a plan to lines."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.schema = Schema(plan.schema, plan.options) if plan.schema else None
        self._reserved = {column: name for name, column in plan.reading.columns}
        """Column -> its reserved name; the key "" stands for a reserved name that no column has."""
        self._empty_allowed = self.schema.empty_allowed if self.schema else frozenset()

    def block(self, part: Block) -> Scan:
        """Judge the lines of one block."""
        result = _empty(self.plan)
        lines = part.data.split(b"\n")  # never splitlines: U+2028 may stand inside a text
        unended = lines.pop()
        if part.skipped:
            self._unheld(result, part.first, part.skipped)
        else:
            for number, raw in enumerate(lines, part.first):
                self.line(result, number, raw)
        if unended or (part.skipped and not lines):
            number = part.first + len(lines)
            if unended:
                self.line(result, number, unended)
            problem = "the last line does not end in a newline; was the file cut?"
            self._add(result, "encoding", [Finding(self.plan.path, number, "", problem, "no-final-newline")])
        return result

    def line(self, result: Scan, number: int, raw: bytes) -> None:
        """Judge one line, its newline cut off, or one row."""
        if not raw.strip():
            finding = Finding(self.plan.path, number, "", "blank line; remove it", "blank-line")
            self._add(result, "encoding", [finding])
            return
        if len(raw) > self.plan.options.max_line_bytes:
            self._unheld(result, number, len(raw))
            return
        result.records += 1
        record = plausible(raw)
        incomplete: list[Finding] = []
        if record is None:
            record, incomplete = self._examined(result, number, raw)
            if record is None:
                return
        fields = self._named(record)
        form = forms.form_of(fields)
        look(result.seen, form, fields)
        if incomplete:
            incomplete = [one for one in incomplete if not self._may_be_empty(one, form, fields)]
        if self.schema is not None and not self.schema.accepts(record):
            incomplete += self._off_schema(number, record)
        if incomplete:
            self._add(result, "fields", incomplete)
        for check in self.plan.checks:
            self._add(result, check.name, check.findings(self.plan.path, number, record))

    def _examined(self, result: Scan, number: int, raw: bytes) -> tuple[Record | None, list[Finding]]:
        """The record of a line that may be faulty, and its findings of empty fields. All other findings are added to
        the checks that report them."""
        examined = examine(self.plan.path, number, raw)
        encoding = [finding for finding in examined.findings if finding.kind in ENCODING]
        empty = [finding for finding in examined.findings if finding.kind == "empty-field"]
        parse = [finding for finding in examined.findings if finding.kind not in ENCODING | {"empty-field"}]
        self._add(result, "encoding", encoding)
        self._add(result, "parse", parse)
        if examined.record is None:
            self._spoil(result, "" if parse else "parse")
        return examined.record, empty

    def _named(self, record: Record) -> Record:
        if not self._reserved and None not in record.values():
            return record  # as nearly every record is: no copy of it is made
        try:
            return named(record, self.plan.reading)
        except ValueError:
            return record  # the template check says what is wrong with its columns

    def _may_be_empty(self, finding: Finding, form: str, fields: Record) -> bool:
        """Whether the schema itself names the empty text as a value of this property, or the record's form does."""
        if finding.kind != "empty-field" or finding.evidence != "''":
            return False
        if finding.field.rpartition(".")[2] in self._empty_allowed:
            return True
        return forms.may_be_empty(form, fields, self._reserved.get(finding.field, finding.field))

    def _off_schema(self, number: int, record: Record) -> tuple[Finding, ...]:
        """Where a record departs from the schema, be its null columns null or absent."""
        assert self.schema is not None
        said = {key: value for key, value in record.items() if value is not None}
        if len(said) < len(record) and self.schema.accepts(said):
            return ()
        return self.schema.findings(self.plan.path, number, said)

    def _unheld(self, result: Scan, number: int, size: int) -> None:
        result.records += 1
        problem = f"a line of {size} bytes, at most {self.plan.options.max_line_bytes} are read; is a newline missing?"
        self._add(result, "parse", [Finding(self.plan.path, number, "", problem, "line-too-long")])
        self._spoil(result, "")

    def _spoil(self, result: Scan, parse: str) -> None:
        """Count the line as unread for every later check: they judge one line less, and their notes say so."""
        result.unread.update(check for check in (parse, "fields", *(one.name for one in self.plan.checks)) if check)

    def _add(self, result: Scan, check: str, found: Iterable[Finding]) -> None:
        allowed = self.plan.options.allow
        result.tallies[check].add(finding for finding in found if finding.kind not in allowed)
