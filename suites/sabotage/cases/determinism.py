"""Sabotages of determinism: answers that cannot be generated again, or only by the process that gave them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fixtures.sheets import decoding
from harness.engines import drawn_batch, halving
from harness.spec import load
from harness.store import digests
from suites.sabotage import stored
from suites.sabotage.case import Sabotage, Spoil
from suites.sabotage.cases.evaluation import ASKED
from suites.sabotage.stored import SHEET, Answers
from suites.sabotage.subject import fill
from suites.tiny.child import Line

FIRST = 8
"""Items that the bundle's gates ask again, from the first one on. What only they are to find is placed among these."""


def token_changed(drawn: bool) -> Spoil:
    """A `Spoil` that changes the first token of one of the first answers, in the batch that is generated again or in
    another one.

    The sheet's digest draws the batch, so each forgery draws anew: the first that falls as wanted is kept.
    """

    def spoil(line: Line) -> tuple[str, ...]:
        folder = stored.artifact(line, "answers", ASKED)
        true = shutil.copytree(folder, line.out / "true")
        for number in range(FIRST):
            shutil.rmtree(folder)
            shutil.copytree(true, folder)
            stored.forged_answers(ASKED, lambda answers, k=number: _other_token(answers, k))(line)  # type: ignore[misc]
            if _is_drawn(line, folder / "content", number) == drawn:
                return ()
        raise AssertionError(f"no forgery of the first {FIRST} answers falls as wanted")

    return spoil


def _other_token(answers: Answers, number: int) -> Answers:
    """One token more, the end, which shows nothing: a text that its tokens do not say is refused before."""
    return [one | {"ids": [one["ids"][-1], *one["ids"]]} if k == number else one for k, one in enumerate(answers)]


def _is_drawn(line: Line, content: Path, number: int) -> bool:
    answers = [json.loads(row) for row in (content / SHEET).read_text(encoding="utf-8").splitlines()]
    lengths = {one["item"]: one["prompt_tokens"] for one in answers}
    seed = digests.of_value(digests.of_folder(content))
    how = decoding(load.load(line.spec), fill(line, "{task}"))
    chosen, batches = drawn_batch.draw(lengths, how, seed, halving.read(content))
    return answers[number]["item"] in batches[chosen]


SABOTAGES = (
    Sabotage(
        "stored-token-changed",
        token_changed(drawn=True),
        "eval.both.sea.determinism",
        "other tokens: sea-benchmark-0",
    ),
    Sabotage(
        "loader-that-draws-lots",
        stored.removed("answers", ASKED, "-p", "suites.sabotage.plugins.lots"),
        "eval.both.sea.determinism",
        "other tokens: sea-benchmark-",
    ),
)
