"""What a reader is to do: problems, which form to ship, limits and next steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.gates import shipping, waivers
from harness.report import forms, noise
from harness.report.escape import bullets, cell, fenced
from harness.report.tables import Document, count_passed, gates_of, parts_of_id, titled

GIVEN = "adapter given "
"""How the artifacts of adapters that were not trained here are called."""


def problems(document: Document, prose: Mapping[str, Any]) -> list[str]:
    gates = document.get("gates", [])
    absent = [str(gate.get("id")) for gate in gates if gate.get("outcome") == "not_run"]
    red = [gate for gate in gates if gate.get("outcome") not in ("passed", "not_run")]
    return [
        titled("Noted", bullets(texts(prose, "problems"))),
        *(
            titled(
                f"{cell(gate.get('id'))}: {cell(gate.get('outcome'))}, "
                f"{'blocking' if gate.get('blocking', True) else 'advisory'}",
                fenced(str(gate.get("message", ""))),
            )
            for gate in red
        ),
        titled("Gates that did not run", fenced("\n".join(absent)) if absent else ""),
    ]


def recommendation(document: Document) -> list[str]:
    """Which adapter to ship, in which form and how: from the verdict and the gates alone."""
    if document.get("verdict") != "released":
        blocking = [gate for gate in document.get("gates", []) if gate.get("blocking", True)]
        return [
            f"**do not ship**: the verdict is {cell(document.get('verdict'))}, "
            f"{count_passed(blocking)} blocking gates passed. See Problems for what stands in the way."
        ]
    candidate = document.get("candidate_adapter")
    fit = _fit(document, str(candidate))
    advice = [f"Adapter: ship {cell(candidate)}." if fit else f"Adapter: **do not ship** {cell(candidate)}: {_UNFIT}."]
    judged = gates_of(document, "eval")
    for name in dict.fromkeys(parts_of_id(gate)[0] for gate in judged):
        own = [gate for gate in judged if parts_of_id(gate)[0] == name]
        if name != candidate:
            words = "fit for its own tasks" if _fit(document, name) else f"do not ship on its own ({_UNFIT})"
            advice.append(f"Adapter {cell(name)}: {words}, {count_passed(own)} gates passed.")
    for area, form in (("bnb", "4-bit base by bitsandbytes"), ("gguf", "GGUF")):
        own = gates_of(document, area)
        word = "shown to work" if own and all(gate.get("outcome") == "passed" for gate in own) else "not shown to work"
        advice.append(
            f"Quantization, {form}: {word}" + (f", {count_passed(own)} gates passed." if own else ", no gates.")
        )
    if form := forms.recommendation(document):
        advice.append(f"Form: {form}")
    bundle = gates_of(document, "bundle")
    advice.append(
        "Deployment: unpack the adapter from the published bundle "
        f"({count_passed(bundle)} bundle gates passed) and check its SHA256SUMS after every transfer."
        if bundle
        else "Deployment: no gate judged a bundle; compare the artifact digests below after every transfer."
    )
    advice += [f"WITH WAIVER: {cell(waivers.said(one))}." for one in used(document)]
    advice += [f"UNPROVEN: {cell(doubt)}." for doubt in document.get("doubts", [])]
    return [bullets(advice)]


def used(document: Document) -> list[Mapping[str, Any]]:
    """The waivers that excused a gate."""
    return [one for one in document.get("waivers", []) if one.get("used")]


_UNFIT = "it did not pass what it needs, and is not packed"


def _fit(document: Document, adapter: str) -> bool:
    """Whether an adapter lies in the bundle and passed the gates that it needs, waived ones aside: nothing else is
    recommended."""
    gates = document.get("gates", [])
    passed = {str(gate.get("id")) for gate in gates if gate.get("outcome") == "passed" or gate.get("waived")}
    due = shipping.needed(((str(gate.get("id")), bool(gate.get("blocking", True))) for gate in gates), adapter)
    return bool(due) and passed.issuperset(due) and adapter in document.get("packed", [])


def limits(document: Document, prose: Mapping[str, Any]) -> list[str]:
    found = texts(prose, "limits")
    found += [f"Not passed, and waived: {cell(waivers.said(one))}." for one in used(document)]
    found += [f"Not proved: {cell(doubt)}." for doubt in document.get("doubts", [])]
    found += [f"Not judged: {cell(left)}." for left in document.get("not_judged", [])]
    dirty = document.get("environment", {}).get("git_dirty")
    if dirty == "unknown":
        found.append("Git did not say which commit this was, or whether the working tree had changes.")
    elif dirty:
        found.append("The working tree had changes that no commit holds.")
    given = [str(one.get("name")).removeprefix(GIVEN) for one in document.get("artifacts", []) if _is_given(one)]
    if given:
        found.append(
            f"Trained elsewhere: {cell(', '.join(given))}. Leakage was looked for in the training data that the spec "
            "names; whether these adapters saw other data is not known."
        )
    return [bullets([*found, *map(cell, noise.limits(document))])]


def _is_given(artifact: Mapping[str, Any]) -> bool:
    return str(artifact.get("name")).startswith(GIVEN)


def next_steps(document: Document, prose: Mapping[str, Any]) -> list[str]:
    open_gates = [gate for gate in document.get("gates", []) if gate.get("outcome") == "inconclusive"]
    settle = [f"Settle {cell(gate.get('id'))}: its bounds lie on both sides of the threshold." for gate in open_gates]
    return [bullets([*texts(prose, "next_steps"), *settle])]


def texts(prose: Mapping[str, Any], key: str) -> list[str]:
    """The notes under `key`: strings, or tables whose entries are strung together."""
    entries = prose.get(key, [])
    return [
        "; ".join(f"{cell(name)}: {cell(value)}" for name, value in entry.items())
        if isinstance(entry, Mapping)
        else cell(entry)
        for entry in (entries if isinstance(entries, list) else [entries])
    ]
