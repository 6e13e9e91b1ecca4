"""The report's words on how often a benchmark was tried, and what its stated error has become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.escape import cell


def line(document: Mapping[str, Any]) -> str:
    found = document.get("attempts", {})
    if not found:
        return "Attempts on this benchmark: none was made in this run"
    count, stated = found.get("adapters"), found.get("stated_error", 0.0)
    if not isinstance(count, int):
        return (
            f"Attempts on this benchmark: {cell(count)}, since no ledger counts them; the stated {stated:.1%} error "
            "holds for a benchmark's first adapter only"
        )
    if found.get("mode") == "spend":
        return (
            f"Attempts on this benchmark: {count} adapters; this one is judged at {found.get('judged_at_error'):.3%} "
            f"error, its share of {stated:.1%} for all attempts together (alpha spending by 6 / (pi k)^2)"
        )
    return (
        f"Attempts on this benchmark: {count} adapters; the stated {stated:.1%} error is by now at most "
        f"{found.get('ceiling'):.1%} (Boole's inequality), {found.get('if_independent'):.1%} if the attempts were "
        "independent"
    )
