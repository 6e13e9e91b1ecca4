"""Two texts side by side, with what they share marked."""

from __future__ import annotations

from difflib import SequenceMatcher

from harness.text.units import spans

OPEN, CLOSE = "[[", "]]"
CONTEXT = 40
"""Characters that are shown on each side of the shared run."""
LONGEST = 160
"""Most characters of a shared run that are shown."""
MOST_UNITS = 4000
"""Most units of a text that are searched for the longest shared run: the search is quadratic in the worst case."""


def shared_run(left: str, right: str) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Length in units of the longest run that both texts hold, and where it stands in each (start, end)."""
    a, b = spans(left)[:MOST_UNITS], spans(right)[:MOST_UNITS]
    match = SequenceMatcher(None, [unit for unit, _, _ in a], [unit for unit, _, _ in b], False).find_longest_match()
    if not match.size:
        return 0, (0, 0), (0, 0)
    return (
        match.size,
        (a[match.a][1], a[match.a + match.size - 1][2]),
        (b[match.b][1], b[match.b + match.size - 1][2]),
    )


def side_by_side(left: str, right: str) -> str:
    """The neighbourhood of the longest shared run in both texts, the run itself in double brackets."""
    _, here, there = shared_run(left, right)
    return f"here: {_marked(left, *here)}\n    there: {_marked(right, *there)}"


def _marked(text: str, start: int, end: int) -> str:
    run = text[start:end]
    if len(run) > LONGEST:
        run = f"{run[: LONGEST // 2]} ... {run[-LONGEST // 2 :]}"
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    dots = "..." if start > CONTEXT else "", "..." if end + CONTEXT < len(text) else ""
    return " ".join(f"{dots[0]}{before}{OPEN}{run}{CLOSE}{after}{dots[1]}".split())
