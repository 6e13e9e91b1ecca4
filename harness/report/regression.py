"""The report's words on an earlier release: what the spec asks less of, and how each metric moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.releases.weakened import NEW_WAIVER
from harness.report.escape import bullets, cell, fenced, table

FIGURES = ("n", "mean", "lower", "upper")


def warning(document: Mapping[str, Any]) -> list[str]:
    """What stands above everything else: a green run that asked less is another kind of green."""
    found = document.get("regression", {})
    if not found.get("weakened"):
        return []
    reason = found.get("accept_weaker")
    if all(str(text).startswith(NEW_WAIVER) for text in found["weakened"]):
        return [f"**Waivers that {_name(found)} did not have**:", bullets(map(cell, found["weakened"]))]
    word = f"accepted by the spec: {cell(reason)}" if reason else "**not accepted by the spec**"
    return [f"**This spec asks less than {_name(found)} did** ({word}):", bullets(map(cell, found["weakened"]))]


def blocks(document: Mapping[str, Any]) -> list[str]:
    """A heading and tables for each metric; nothing where there was no earlier release."""
    found = document.get("regression", {})
    if not found:
        return []
    compared = found.get("comparisons", [])
    heads = ("metric", "topics", "mean difference", "lower bound", "upper bound", "margin", "worse", "better", "same")
    rows = [
        [
            cell(one.get("metric")),
            *_figures(one),
            *(cell(one.get(name)) for name in ("margin", "worse", "better", "same")),
        ]
        for one in compared
    ]
    parts = [f"### Against {_name(found)}, on the items that both answered"]
    if not compared:
        return [*parts, "Nothing was compared."]
    parts.append(table(heads, rows))
    for one in compared:
        parts += _slices(one) + _turned_bad(one)
    return parts


def _name(found: Mapping[str, Any]) -> str:
    against = found.get("against", {})
    return f"release {cell(against.get('release'))}, run {cell(against.get('run_id'))}"


def _figures(row: Mapping[str, Any]) -> list[str]:
    n, *rest = (row.get(name) for name in FIGURES)
    return [cell(n), *(f"{one:+.4f}" if isinstance(one, (int, float)) else cell(one) for one in rest)]


def _slices(compared: Mapping[str, Any]) -> list[str]:
    rows = [
        [cell(one.get("dimension")), cell(one.get("value")), *_figures(one), cell(one.get("tells"))]
        for one in compared.get("slices", [])
    ]
    heads = ("slice", "value", "topics", "mean difference", "lower bound", "upper bound", "tells")
    few = [f"{cell(n)} values of {cell(name)}: too small to tell" for name, n in compared.get("unlisted", {}).items()]
    parts = [table(heads, rows), bullets(few)]
    return (
        [f"#### {cell(compared.get('metric'))} by slice, for advice only", *filter(None, parts)] if any(parts) else []
    )


def _turned_bad(compared: Mapping[str, Any]) -> list[str]:
    bad = compared.get("turned_bad", [])
    if not bad:
        return []
    texts = [
        f"{one.get('item')}: {one.get('score_before')} -> {one.get('score_after')}\n"
        f"was: {one.get('before')}\nis:  {one.get('after')}"
        for one in bad
    ]
    count = f"{len(bad)} of {cell(compared.get('worse'))} shown"
    return [f"#### {cell(compared.get('metric'))}: answers that turned worse, {count}", fenced("\n\n".join(texts))]


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
            f"Attempts on this benchmark's items: {count} adapters; this one is judged at "
            f"{found.get('judged_at_error'):.3%} error, its share of {stated:.1%} for all attempts together "
            "(alpha spending by 6 / (pi k)^2)"
        )
    return (
        f"Attempts on this benchmark's items: {count} adapters; the stated {stated:.1%} error is by now at most "
        f"{found.get('ceiling'):.1%} (Boole's inequality), {found.get('if_independent'):.1%} if the attempts were "
        "independent"
    )
