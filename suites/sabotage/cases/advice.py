"""Sabotages that only advisory gates see: the release goes out, and its report says what is wrong with it."""

from __future__ import annotations

from suites.sabotage import records, stored
from suites.sabotage.case import Sabotage, Spoil
from suites.sabotage.cases.evaluation import UNTAUGHT, UNTAUGHT_POINTS, WRITTEN, other_ids
from suites.sabotage.records import TRAIN, File
from suites.sabotage.subject import NoTargetError
from suites.tiny.child import Line

AGAIN = "{made} {candidate} {task} sample in other batches"
"""Label of the answers to the benchmark sample that was asked again."""


def _secret_in_a_wording(line: Line) -> tuple[str, ...]:
    """Put an access key into a wording of a training item's first point, where no model sees it."""
    found = records.read(line, TRAIN)
    number = records.number_wanted(line, TRAIN, records.answered)
    points = records.holding(found[number - 1], "points")["points"]
    if not points:
        raise NoTargetError("the item has no points to hide a secret in")
    secret = "AKIA" + "QWERTYUIOPASDFGH"  # in two pieces, or scanners would accuse this file
    points[0]["wordings"].append(secret)
    return records.record(TRAIN, number, points=points)(line)


def _advised(name: str, spoil: Spoil, seen_by: str, cause: str, tied: str = "") -> Sabotage:
    return Sabotage(name, spoil, seen_by, cause, status=0, verdict="released", tied=tied)


ADVISED = (
    _advised("secret-in-training-data", _secret_in_a_wording, "data.train-sea.secrets", "looks like a secret"),
    _advised(
        "answers-that-move-with-the-batch",
        stored.forged_answers(AGAIN, other_ids),
        "eval.both.sea.same_in_other_batches",
        "3 of 4 answers are the same",
    ),
    _advised(
        "old-figures-missed",
        records.every(File("parity"), records.answered, reference=UNTAUGHT, points=UNTAUGHT_POINTS),
        "parity.both.sea.coverage",
        "'Answer: the sea rises twice a day.'",
        tied=WRITTEN,
    ),
)
