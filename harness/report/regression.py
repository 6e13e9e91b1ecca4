"""The report's section on the earlier release: what the spec demands less of, and how each metric moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.releases.weakened import NEW_WAIVER
from harness.report.catalogue import Say
from harness.report.escape import bullets, cell, table
from harness.report.tables import turned_worse

FIGURES = ("n", "mean", "lower", "upper")


def warning(document: Mapping[str, Any], say: Say) -> list[str]:
    """The warning at the top of the report where the spec demands less than the earlier release's: such a green run
    means less."""
    found = document.get("regression", {})
    if not found.get("weakened"):
        return []
    reason = found.get("accept_weaker")
    if all(str(text).startswith(NEW_WAIVER) for text in found["weakened"]):
        head = say("**Waivers that %(earlier)s did not have**:", earlier=_name(found, say))
        return [head, bullets(map(cell, found["weakened"]))]
    word = (
        say("accepted by the spec: %(reason)s", reason=cell(reason)) if reason else say("**not accepted by the spec**")
    )
    head = say("**This spec asks less than %(earlier)s did** (%(word)s):", earlier=_name(found, say), word=word)
    return [head, bullets(map(cell, found["weakened"]))]


def blocks(document: Mapping[str, Any], say: Say) -> list[str]:
    """A heading and tables for each metric; nothing where there was no earlier release."""
    found = document.get("regression", {})
    if not found:
        return []
    compared = found.get("comparisons", [])
    sides = (say("margin"), say("worse"), say("better"), say("same"))
    rows = [
        [
            cell(one.get("metric")),
            *_figures(one),
            *(cell(one.get(name)) for name in ("margin", "worse", "better", "same")),
        ]
        for one in compared
    ]
    head = say("Against %(earlier)s, on the items that both answered", earlier=_name(found, say))
    parts = [f"### {head}"]
    if not compared:
        return [*parts, say("Nothing was compared.")]
    parts.append(table((say("metric"), *_heads(say), *sides), rows))
    for one in compared:
        parts += _slices(one, say) + turned_worse(cell(one.get("metric")), one, say)
    return parts


def _name(found: Mapping[str, Any], say: Say) -> str:
    against = found.get("against", {})
    return say(
        "release %(release)s, run %(run)s", release=cell(against.get("release")), run=cell(against.get("run_id"))
    )


def _heads(say: Say) -> tuple[str, ...]:
    """Column heads for `_figures`."""
    return (say("topics"), say("mean difference"), say("lower bound"), say("upper bound"))


def _figures(row: Mapping[str, Any]) -> list[str]:
    n, *rest = (row.get(name) for name in FIGURES)
    return [cell(n), *(f"{one:+.4f}" if isinstance(one, (int, float)) else cell(one) for one in rest)]


def _slices(compared: Mapping[str, Any], say: Say) -> list[str]:
    rows = [
        [cell(one.get("dimension")), cell(one.get("value")), *_figures(one), cell(one.get("tells"))]
        for one in compared.get("slices", [])
    ]
    heads = (say("slice"), say("value"), *_heads(say), say("tells"))
    few = [
        say.many(
            "%(n)s value of %(field)s: too small to tell",
            "%(n)s values of %(field)s: too small to tell",
            n,
            field=cell(name),
        )
        for name, n in compared.get("unlisted", {}).items()
    ]
    parts = [table(heads, rows), bullets(few)]
    head = say("%(metric)s by slice, for advice only", metric=cell(compared.get("metric")))
    return [f"#### {head}", *filter(None, parts)] if any(parts) else []


def line(document: Mapping[str, Any], say: Say) -> str:
    found = document.get("attempts", {})
    if not found:
        return say("Attempts on this benchmark: none was made in this run")
    count = found.get("adapters")
    stated = f"{found.get('stated_error', 0.0):.1%}"
    if not isinstance(count, int):
        return say(
            "Attempts on this benchmark: %(count)s, since no ledger counts them; the stated %(stated)s error holds for "
            "a benchmark's first adapter only",
            count=say.word(cell(count)),
            stated=stated,
        )
    counted = say.many(
        "Attempts on this benchmark's items: %(n)s adapter", "Attempts on this benchmark's items: %(n)s adapters", count
    )
    if found.get("mode") == "spend":
        judged = f"{found.get('judged_at_error'):.3%}"
        return counted + say(
            "; this one is judged at %(judged)s error, its share of %(stated)s for all attempts together (alpha "
            "spending by 6 / (pi k)^2)",
            judged=judged,
            stated=stated,
        )
    ceiling, independent = (f"{found.get(name):.1%}" for name in ("ceiling", "if_independent"))
    return counted + say(
        "; the stated %(stated)s error is by now at most %(ceiling)s (Boole's inequality), %(independent)s if the "
        "attempts were independent",
        stated=stated,
        ceiling=ceiling,
        independent=independent,
    )
