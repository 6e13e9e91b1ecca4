"""Sabotages that only the benchmark can show, and of the answers that it is judged on."""

from __future__ import annotations

from typing import Any

from suites.sabotage import records, spec, stored
from suites.sabotage.adapters import given, untouched
from suites.sabotage.case import Sabotage
from suites.sabotage.records import BENCHMARK
from suites.sabotage.stored import SHEET, Answers
from suites.tiny import line as tiny
from suites.tiny.child import Line

ASKED = "{made} {candidate} {task} benchmark"
"""Label of the candidate's answer sheet."""
WRITTEN = "its wrong answers are written for the tiny line's questions"
UNTAUGHT = "Answer: the sea falls once a week."
UNTAUGHT_POINTS = [{"wordings": ["falls once"]}]


LAST_FIVE = sum(tiny.COUNTS["benchmark"]) - 5
"""Number of the first of the last five benchmark items, which must be refused; as many as can still prove a half."""


def _number(record: dict[str, Any]) -> int:
    return int(record["id"][-2:])


def first_empty(answers: Answers) -> Answers:
    return [answers[0] | {"text": "", "ids": answers[0]["ids"][-1:], "stop": "end"}, *answers[1:]]


def never_ended(answers: Answers) -> Answers:
    """The answers, all marked as cut at the limit."""
    return [answer | {"stop": "length"} for answer in answers]


def other_ids(answers: Answers) -> Answers:
    """The answers, with an invisible token more among the first one's ids: its text stays, its tokens differ."""
    return [answers[0] | {"ids": [answers[0]["ids"][-1], *answers[0]["ids"]]}, *answers[1:]]


def rotated(answers: Answers) -> Answers:
    """The answers with each text moved to another item, half the sheet away. The tokens stay, and are the same when
    they are generated again."""
    half = len(answers) // 2
    return [one | {"text": other["text"]} for one, other in zip(answers, answers[half:] + answers[:half], strict=True)]


def out_of_form(answers: Answers) -> Answers:
    """The answers, each with more text behind its end."""
    return [one | {"text": one["text"] + "\nAnd so on, and so forth"} for one in answers]


def _plain_work_called_graded(line: Line) -> tuple[str, ...]:
    """Declare in the benchmark that items must be refused whose answers were taught."""
    found = records.read(line, BENCHMARK)
    refused = records.number_wanted(line, BENCHMARK, records.refused)
    refusal, kind = (found[refused - 1][key] for key in ("reference", "kind"))
    return records.every(BENCHMARK, lambda one: one.get("kind") == "plain", kind=kind, reference=refusal)(line)


QUALITY = (
    Sabotage(
        "knowledge-never-taught",
        records.every(BENCHMARK, lambda one: one["kind"] != "graded", reference=UNTAUGHT, points=UNTAUGHT_POINTS),
        "eval.both.all.coverage",
        "'Answer: the sea rises twice a day.'",
        tied=WRITTEN,
    ),
    Sabotage(
        "knowledge-partly-taught-is-not-proven",
        records.every(
            BENCHMARK,
            lambda one: one["kind"] != "graded" and _number(one) < 5,
            reference=UNTAUGHT,
            points=UNTAUGHT_POINTS,
        ),
        "eval.both.sea.coverage",
        "items in all would settle it",
        tied=WRITTEN,
    ),
    Sabotage(
        "graded-work-done-in-one-task",
        _plain_work_called_graded,
        "eval.both.sea.refused",  # pooled over both tasks it would pass
        "'Answer: the sea rises twice a day.'",
    ),
    Sabotage(
        "look-alikes-refused",
        spec.both(
            spec.edited("margin = 0.3", "margin = 0.5"),  # fewer look-alikes prove less
            spec.both(
                records.every(BENCHMARK, lambda one: one["kind"] == "look-alike", kind="plain"),
                records.every(
                    BENCHMARK, lambda one: _number(one) >= LAST_FIVE, kind="look-alike", reference=tiny.ANSWER
                ),
            ),
        ),
        "eval.both.all.answered",
        "'Declined: ",
        tied=WRITTEN,
    ),
    Sabotage(
        "adapter-of-one-task-for-two",
        given("{candidate}", untouched, made_as="{other}"),
        "training.selection.qualified",  # what misses its gates on dev is not put to the benchmark
        "no experiment qualified on dev: short: all.refused is 0.250 over 8, and must exceed 0.5",
    ),
)

ANSWERS = (
    Sabotage(
        "stored-answers-damaged",
        stored.damaged("answers", ASKED, SHEET),
        "eval.both.sea.non_empty",
        f"content/{SHEET}: the manifest says",
    ),
    Sabotage(
        "answer-empty",
        stored.forged_answers(ASKED, first_empty),
        "eval.both.sea.non_empty",
        "sea-benchmark-00: empty; stop=end, 1 tokens",
    ),
    Sabotage(
        "answers-never-ended",
        stored.forged_answers(ASKED, never_ended),
        "eval.both.sea.ends_by_itself",
        "24 of 24 answers were cut at the token limit",
    ),
    Sabotage(
        "answer-text-edited",
        stored.forged_answers(ASKED, out_of_form, believed=False),
        "eval.both.sea.non_empty",
        "is not what its token ids say",
    ),
    Sabotage("answers-out-of-form", stored.forged_answers(ASKED, out_of_form), "eval.both.all.format", "And so on"),
    Sabotage("answers-of-other-items", stored.forged_answers(ASKED, rotated), "eval.both.all.coverage", "  worst: "),
    Sabotage(
        "answer-left-out",
        stored.forged_answers(ASKED, lambda answers: answers[1:]),
        "eval.both.sea.non_empty",
        "sea-benchmark-00",
    ),
    Sabotage(
        "rescored-without-answers",
        stored.removed("answers", ASKED, "--rescore"),
        "eval.both.sea.non_empty",
        "run once without --rescore",
    ),
)

SABOTAGES = (*QUALITY, *ANSWERS)
