"""The head of a data gate's failure message: each kind of finding, its count, its first places, and the option of the
spec that allows it where it is intended."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.dataset.check import Check
from harness.dataset.findings import Checked, Finding
from harness.spec.objects import Spec

PLACES = 5
"""Places of a kind that its line names."""


_OF_FILE = frozenset({"wrong-format", "broken-table", "no-records", "broken-archive", "bomb", "changed"})
"""Kinds of findings about the file as a whole, which leave nothing or not all of it to judge. They can be mended but
not allowed."""


def lines(check: Check, checked: Checked, spec: Spec) -> Iterator[str]:
    """One line for each kind of finding, and one about the share of sound records; none where nothing was found."""
    places: dict[str, list[Finding]] = {}
    for finding in checked.tally.kept:
        places.setdefault(finding.kind, []).append(finding)
    for kind, count in sorted(checked.tally.counts.items()):
        first = dict.fromkeys(_place(one) for one in places.get(kind, ()))
        named = ", ".join(list(first)[:PLACES]) + (", ..." if len(first) > PLACES else "")
        meant = f"; where that is meant: {_option(check, kind, spec)}" if kind not in _OF_FILE else ""
        yield f"{count} {kind} ({named}){meant}"
    held = math.floor(100 * checked.share) / 100
    if not _OF_FILE.issuperset(checked.tally.counts) and 0.5 <= held < spec.gates.data.threshold(check.name):
        yield f"or, for a file that may have some: [gates.data] at_least = {{ {check.name} = {held:.2f} }}"


def _place(finding: Finding) -> str:
    return f"{finding.path.name}:{finding.line}" if finding.line else finding.path.name


def _option(check: Check, kind: str, spec: Spec) -> str:
    """The options of ``[gates.data]`` that allow a kind: the check's own options, which allow less, before
    ``allow``."""
    allowed = ", ".join(f'"{one}"' for one in sorted({*spec.gates.data.allow, kind}))
    own = check.options(kind, spec.gates.data) if check.options is not None else ""
    return " or ".join(filter(None, (own and f"[gates.data] {own}", f"[gates.data] allow = [{allowed}]")))
