"""Crimes against what a release rests on: its spec, data, ledger, journal and bundle, and not against pytest.

Each is tried in a real run of the tiny line, or by the command that judges what such a run left, and must be refused in
the words that it names. Crimes of one place are committed together in one run, each on lines and keys of its own.
``python -m suites.selftest.sabotage.trust`` writes them down in ``docs/crimes.md``.
"""

from __future__ import annotations

from harness.project import ROOT
from suites.selftest.sabotage.trust_crime import Crime
from suites.selftest.sabotage.trust_data import LEAKS, PLANTED
from suites.selftest.sabotage.trust_papers import COUNTED, LEFT, RESEALED, UNSEALED
from suites.selftest.sabotage.trust_spec import SPEC, TEXTS, WEAKER

PAGE = ROOT / "docs" / "crimes.md"

ALL: tuple[Crime, ...] = (
    *SPEC, *WEAKER, *TEXTS, *LEAKS, *PLANTED, *LEFT, *UNSEALED, *RESEALED, *COUNTED,
)  # fmt: skip


def page() -> str:
    """The table of all crimes, as ``docs/crimes.md`` holds it."""
    rows = [f"| {number} | {one.name} | `{one.by}` | {one.said} |" for number, one in enumerate(ALL, 1)]
    return "\n".join(
        [
            "# Crimes against what a release rests on, and what refuses them",
            "",
            f"{len(ALL)} crimes, tried on the tiny line by `suites/selftest/sabotage/test_trust.py`, those of one",
            "place in one run. Plain defects of data, training and files are in `make sabotage`, crimes of plugins in",
            "the `test_false_green_*` files. Written by `python -m suites.selftest.sabotage.trust`.",
            "",
            "| | crime | refused by | in words that hold |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
