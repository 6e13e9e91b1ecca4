"""Crimes on the papers of a release: its journal and store, its bundle, and the ledger."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from harness.releases import judged_items
from harness.spec import papers
from suites.selftest.sabotage.trust_crime import Planted

REPORT = "python -m harness.report"


def _verdict(text: str) -> Callable[[Path], object]:
    return lambda run: (run / "verdict.json").write_text(text, encoding="utf-8")


def _papers_less(name: str) -> Callable[[Path], None]:
    def edit(run: Path) -> None:
        paper = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
        del paper[name]
        (run / "verdict.json").write_text(json.dumps(paper), encoding="utf-8")

    return edit


def _journal(edit: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def spoil(run: Path) -> None:
        path = run / "evidence" / "main.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(edit(lines)), encoding="utf-8")

    return spoil


def _swapped(run: Path) -> None:
    """Swap in another answer in a stored sheet, under a manifest that fits."""
    sheet = next((run.parent.parent / "store" / "answers").glob("*/content/answers.jsonl"))
    text = sheet.read_text(encoding="utf-8")
    sheet.unlink()
    sheet.write_text(text.replace("twice", "thrice"), encoding="utf-8")


LEFT: tuple[Planted, ...] = tuple(
    Planted(name, REPORT, said, spoil)
    for name, said, spoil in (
        ("a verdict of nothing", "says no verdict with the digests", _verdict("{}")),
        ("an empty verdict", "says no verdict with the digests", _verdict("")),
        ("a verdict that is a list", "says no verdict with the digests", _verdict("[]")),
        ("a verdict without its evidence", "says no verdict with the digests", _papers_less("evidence")),
        ("a verdict without its word", "says no verdict with the digests", _papers_less("verdict")),
        ("a journal with a gate taken out", "the verdict was reached from sha256",
         _journal(lambda lines: [one for one in lines if '"gate": "data.sea.text_apart"' not in one])),
        ("a journal with a failure made a pass", "the verdict was reached from sha256",
         _journal(lambda lines: [one.replace('"blocking": true', '"blocking": false') for one in lines])),
        ("a journal with its last line cut", "the verdict was reached from sha256", _journal(lambda lines: lines[:-1])),
        ("a journal of one process more", "the verdict was reached from sha256",
         lambda run: (run / "evidence" / "gw9.jsonl").write_text("", encoding="utf-8")),
        ("a run under another run's name", "a run's folder bears the run's name",
         lambda run: run.rename(run.with_name("another"))),
        ("answers swapped in the store", "the run measured content", _swapped),
    )
)  # fmt: skip

VERIFY = "pytest suites/verify"


def reseal(bundle: Path) -> None:
    """Write checksums that fit again."""
    names = sorted(path.name for path in bundle.iterdir() if path.name != papers.SUMS)
    lines = [f"{hashlib.sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (bundle / papers.SUMS).write_text("".join(lines), encoding="ascii")


def _better(bundle: Path) -> None:
    """Change the score of a judged item, in the file that the values are computed from."""
    path = bundle / judged_items.FILE
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    rows[0]["scores"]["coverage"] = 0.0
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _candidate(bundle: Path) -> None:
    path = bundle / "verdict.json"
    paper = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**paper, "packed": ["sea"]}), encoding="utf-8")


UNSEALED: tuple[Planted, ...] = (
    Planted("a bit flipped in the report", VERIFY, "report.md has sha256",
            lambda bundle: (bundle / "report.md").write_bytes((bundle / "report.md").read_bytes() + b" ")),
    Planted("a file added to the bundle", VERIFY, "'run.sh' is not listed",
            lambda bundle: (bundle / "run.sh").write_text("", encoding="utf-8")),
    Planted("a file taken from the bundle", VERIFY, "junit.xml is listed in",
            lambda bundle: (bundle / "junit.xml").unlink()),
)  # fmt: skip

RESEALED: tuple[Planted, ...] = (
    Planted("the candidate's archive is another adapter's, under fresh checksums", VERIFY,
            "sound_adapter[adapter_both.tar.gz]",
            lambda bundle: shutil.copyfile(bundle / "adapter_sea.tar.gz", bundle / "adapter_both.tar.gz")),
    Planted("a judged item scored otherwise, under fresh checksums", VERIFY, "by the items kept", _better),
    Planted("a bundle whose verdict packed no candidate", VERIFY, "the candidate both is not in the bundle",
            _candidate),
)  # fmt: skip


LEDGER = "the ledger, before the benchmark is asked"


def _line(number: int, **changes: object) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
        rows[number] |= changes
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    return spoil


def _unsealed(path: Path) -> None:
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    del rows[-1]["seal"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


COUNTED: tuple[Planted, ...] = (
    Planted("an attempt given to another adapter", LEDGER, ":2: was edited", _line(1, adapter="b")),
    Planted("an attempt moved to another benchmark", LEDGER, ":2: was edited", _line(1, benchmark="0" * 64)),
    Planted("a benchmark with no items", LEDGER, ":1: was edited", _line(0, items=[])),
    Planted("an attempt without its seal", LEDGER, ":3: has no seal", _unsealed),
    Planted("a line cut in the middle", LEDGER, ":3: cut short",
            lambda path: path.write_bytes(path.read_bytes()[:-9])),
)  # fmt: skip
