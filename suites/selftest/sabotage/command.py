"""Sabotages of the spec and of the command line: most never begin, some must not look like a release."""

from __future__ import annotations

from suites.selftest.sabotage import records, spec
from suites.selftest.sabotage.case import Sabotage, Spoil
from suites.selftest.sabotage.data import BENCHMARK

NOTHING_RELEASED = 6


def _refused_at_once(name: str, spoil: Spoil, cause: str) -> Sabotage:
    """A usage error: status 4, no verdict, nothing written."""
    return Sabotage(name, spoil, "", cause, status=4, verdict=None)


def _restricted(name: str, cause: str, *arguments: str) -> Sabotage:
    """A run that leaves gates out."""
    return Sabotage(name, spec.called_with(*arguments), "", cause, NOTHING_RELEASED, "incomplete")


SABOTAGES = (
    _refused_at_once("benchmark-empty", records.emptied(BENCHMARK), "sea.jsonl: holds no record"),
    _refused_at_once(
        "spec-key-unknown", spec.edited("alpha = 32", "alhpa = 32"), "recipe.alhpa: unknown key; did you mean 'alpha'?"
    ),
    _refused_at_once(
        "threshold-that-cannot-be-proved",
        spec.edited("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, refused = 0.9 }"),
        "eval.both.sea.refused: 10 items can never prove more than 0.9",
    ),
    _refused_at_once(
        "metric-unknown",
        spec.edited("above = { coverage = 0.5, refused = 0.5 }", "above = { charm = 0.5 }"),
        "unknown metric 'charm'",
    ),
    _refused_at_once("data-file-missing", spec.edited("train/sea.jsonl", "train/lake.jsonl"), "does not exist"),
    _refused_at_once("adapter-unknown", spec.called_with("--adapter=lake=."), "unknown adapter 'lake'"),
    _refused_at_once("adapter-without-folder", spec.called_with("--adapter=both=nowhere"), "is not a folder"),
    _refused_at_once("run-id-taken", spec.called_with("--run-id=green"), "'green' exists already"),
    _refused_at_once("advice-made-to-block", spec.called_with("--runxfail"), "--runxfail: is refused"),
    _restricted("stray-keyword", "restricted by -k", "-k", "data or parse"),
    _restricted("gate-deselected", "restricted by --deselect", "--deselect=suites/release/test_bundle.py"),
)
