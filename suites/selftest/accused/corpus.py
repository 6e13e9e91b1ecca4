"""All cases: those in which nothing is to be accused, and those in which something is."""

from __future__ import annotations

from suites.selftest.accused import copies, people, signs
from suites.selftest.accused.case import Case

CASES: tuple[Case, ...] = tuple(case for part in (copies, signs, people) for case in (*part.INNOCENT, *part.GUILTY))
