"""Sabotages that only a comparison with the release before can show: every threshold still passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.releases import earlier, judged_items
from harness.spec import papers
from suites.sabotage import spec, stored
from suites.sabotage.case import Sabotage
from suites.sabotage.stored import Answers
from suites.sabotage.subject import NoTargetError, spec_of
from suites.tiny import line as tiny
from suites.tiny.child import Line

SHORE = "{made} both shore benchmark"
"""Label of the candidate's answer sheet of the task whose own threshold asks little."""
FORGOTTEN = "Answer: the sea is wide."
ASKED_AGAIN = 8
"""Items that the bundle's gates ask again, from the first one on. What is forged stands behind them."""


def forgotten(count: int) -> Callable[[Answers], Answers]:
    """An edit that replaces `count` answers, behind those that are asked again, by ones in form that say nothing of
    what was taught."""

    def edit(answers: Answers) -> Answers:
        last = ASKED_AGAIN + count
        assert last <= tiny.COUNTS["benchmark"][0]
        return [
            one | {"text": FORGOTTEN} if ASKED_AGAIN <= number < last else one for number, one in enumerate(answers)
        ]

    return edit


def _lowered(line: Line) -> tuple[str, ...]:
    """Lower what the spec demands below the earlier release's."""
    if earlier.last(line.out, spec_of(line).name) is None:
        raise NoTargetError("nothing was released before that this could ask less than")
    return spec.last_threshold(lambda threshold: round(threshold - 0.1, 6))(line)


def _item_left_out(content: Path) -> None:
    """Remove one judged item, with true checksums."""
    from harness.store import digests

    folder = content / "archives"
    path = folder / judged_items.FILE
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    (folder / papers.SUMS).unlink()
    listed = digests.of_folder(folder)
    lines = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed))
    (folder / papers.SUMS).write_text(lines, encoding="ascii")


SABOTAGES = (
    Sabotage(
        "answers-worse-than-the-release-before",
        stored.forged_answers(SHORE, forgotten(6)),
        "regression.both.coverage",
        f"was {tiny.ANSWER!r}, is {FORGOTTEN!r}",
        tied="its answers are written for the task of the tiny line whose threshold asks little",
    ),
    Sabotage(
        "threshold-lowered-since-the-release-before",
        _lowered,
        "regression.spec_not_weakened",
        "eval.both.shore.coverage: threshold 0.2, now 0.1",
    ),
    Sabotage(
        "judged-item-left-out",
        stored.forged("bundle", "", _item_left_out),
        "bundle.judged_items_complete",
        "does not hold what was judged: sea-benchmark-00",
    ),
)
