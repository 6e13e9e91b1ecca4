"""Find what a spec demands less of than the earlier release's spec did: the cheapest way to a green run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.gates import waivers
from harness.gates.gate import Gate
from harness.releases import ledger, meaning, tried_items
from harness.releases.earlier import Earlier
from harness.releases.ledger import SPEND
from harness.spec.gates import RegressionGates
from harness.spec.objects import Spec
from harness.spec.policy import Policy
from harness.spec.table import columns, said

_STRENGTH = {"point": 0, "lower_bound": 1, "not_worse": 1, "every": 2}
NEW_WAIVER = "waiver: new, "
_HOW_IT_WAS_MADE = "training"
"""Area whose gates change with the experiments and are absent for a given adapter, which weakens nothing."""


def weaker(earlier: Earlier, spec: Spec, gates: Sequence[Gate], sizes: Mapping[str, int]) -> list[str]:
    """Each way in which the present spec demands less, or something else, in words; empty where it demands as much or
    more.

    Args:
        spec, gates: the present ones.
        sizes: gate id -> items (clusters) of the present benchmark, for the gates over answers.
    """
    now = {gate.id: gate for gate in gates}
    found = []
    for was in earlier.gates:
        name = str(was["id"])
        if name in now:
            found += [f"{name}: {text}" for text in _gate(was, now[name], sizes)]
        elif was["area"] != _HOW_IT_WAS_MADE:
            found.append(f"{name}: removed")
    return [
        *found,
        *_policy(earlier, spec, now),
        *_forgotten(earlier, spec),
        *meaning.changes(earlier.table, earlier.meaning, spec),
    ]


def new_waivers(earlier: Earlier, spec: Spec) -> list[str]:
    """Each waiver that the earlier spec did not have word for word. It is reported beside what is weaker, and needs no
    second reason, since it has its own reason, name and date."""
    before = [tuple(sorted(one.items())) for one in earlier.table.get("waiver", [])]
    now = [one for one in spec.waivers if tuple(sorted(columns(one).items())) not in before]
    return [f"{NEW_WAIVER}{waivers.said(columns(one))}" for one in now]


def _forgotten(earlier: Earlier, spec: Spec) -> Iterator[str]:
    """Attempts on exactly these items that the earlier release counted and the ledger does not have."""
    before = earlier.attempts.get("adapters")
    if type(before) is not int:
        return
    asked = tried_items.of_adapter(spec, spec.candidate)
    if earlier.attempts.get("benchmark") not in (asked.digest, asked.whole):
        return
    known = ledger.count(spec.ledger, asked)
    if known is None or known.number < before:
        now = "unknown" if known is None else known.number
        yield f"policy.ledger: {before} attempts on this benchmark, now {now}; restore the ledger"


def _gate(was: Mapping[str, Any], now: Gate, sizes: Mapping[str, int]) -> Iterator[str]:
    if was["blocking"] and not now.blocking:
        yield "blocked the release, only advises now"
    if _STRENGTH[now.rule] < _STRENGTH.get(was["rule"], 0):
        yield f"rule {was['rule']}, now {now.rule}"
    if now.threshold < was["threshold"]:
        yield f"threshold {was['threshold']}, now {now.threshold}"
    if now.id in sizes and sizes[now.id] < was["n"]:
        yield f"over {was['n']} items, now over {sizes[now.id]}"


def _policy(earlier: Earlier, spec: Spec, now: Mapping[str, Gate]) -> Iterator[str]:
    policy = earlier.table.get("policy", {})
    before = said(Policy, policy, "confidence")
    if spec.confidence < before:
        yield f"policy.confidence: {before}, now {spec.confidence}"
    if said(Policy, policy, "attempts") == SPEND and spec.attempts != SPEND:
        yield f"policy.attempts: {SPEND}, now {spec.attempts}"
    asked = earlier.table.get("gates", {}).get("regression")
    margins = [gate for gate in now.values() if _is_margin(gate.area, gate.rule)]
    if asked is None or not margins or any(_is_margin(was["area"], was["rule"]) for was in earlier.gates):
        return  # nothing to compare, or the gates themselves were compared
    margin = said(RegressionGates, asked, "margin")
    if -margins[0].threshold > margin:
        yield f"gates.regression.margin: {margin}, now {-margins[0].threshold}"
    if said(RegressionGates, asked, "blocking") and not margins[0].blocking:
        yield "gates.regression: blocked the release, only advises now"


def _is_margin(area: str, rule: str) -> bool:
    """Whether a gate is a margin against an earlier release. Other areas use the rule `not_worse` for other
    comparisons."""
    return area == "regression" and rule == "not_worse"
