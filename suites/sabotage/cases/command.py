"""Sabotages of the spec and of the command line: most never begin, some must not look like a release."""

from __future__ import annotations

from suites.sabotage import records, spec
from suites.sabotage.case import Sabotage, Spoil
from suites.sabotage.records import BENCHMARK
from suites.sabotage.spec import Table
from suites.sabotage.subject import CONTROL
from suites.tiny.child import Line

NOTHING_RELEASED = 6


def _refused_at_once(name: str, spoil: Spoil, cause: str) -> Sabotage:
    """A sabotage that ends in a usage error: status 4, no verdict, nothing written."""
    return Sabotage(name, spoil, "", cause, status=4, verdict=None)


def _restricted(name: str, cause: str, *arguments: str) -> Sabotage:
    """A sabotage by a run that leaves gates out."""
    return Sabotage(name, spec.called_with(*arguments), "", cause, NOTHING_RELEASED, "incomplete")


def _misspelt(line: Line, table: Table) -> None:
    table["recipe"]["alhpa"] = table["recipe"].pop("alpha", 32)


def _unknown_metric(line: Line, table: Table) -> None:
    spec.thresholds(line, table)["charm"] = 0.5


def _missing_file(line: Line, table: Table) -> None:
    spec.task_of(line, table)["train"] = "train/no-such-file.jsonl"


SABOTAGES = (
    _refused_at_once("benchmark-empty", records.emptied(BENCHMARK), "sea.jsonl: holds no record"),
    _refused_at_once("spec-key-unknown", spec.changed(_misspelt), "recipe.alhpa: unknown key; did you mean 'alpha'?"),
    _refused_at_once(
        "threshold-that-cannot-be-proved",
        spec.last_threshold(lambda threshold: 0.99999),
        "eval.both.shore.coverage: 14 items can never prove more than 0.99999",
    ),
    _refused_at_once("metric-unknown", spec.changed(_unknown_metric), "unknown metric 'charm'"),
    _refused_at_once("data-file-missing", spec.changed(_missing_file), "does not exist"),
    _refused_at_once(
        "adapter-unknown", spec.called_with("--adapter=no-such-adapter=."), "unknown adapter 'no-such-adapter'"
    ),
    _refused_at_once(
        "adapter-without-folder", spec.called_with("--adapter={candidate}=no-such-folder"), "is not a folder"
    ),
    _refused_at_once("run-id-taken", spec.called_with(f"--run-id={CONTROL}"), f"{CONTROL!r} exists already"),
    _refused_at_once("advice-made-to-block", spec.called_with("--runxfail"), "--runxfail: is refused"),
    _restricted("stray-keyword", "restricted by -k", "-k", "data or parse"),
    _restricted("gate-deselected", "restricted by --deselect", "--deselect=suites/release/test_bundle.py"),
)
