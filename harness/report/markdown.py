"""`report.md`: the verdict document for readers, in Markdown.

Nothing here judges, and whatever comes from data, models or notes is escaped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.report import attempts, attribution, noise, regression, sameness
from harness.report.escape import bullets, cell, fenced, table

NONE = "none recorded"
SHORT = 12
"""Hex digits of a digest that a table shows; `verdict.json` holds them all."""

PLACED = frozenset({"training", "eval", "parity", "bnb", "gguf", "data", "bundle"})
"""Areas that a section of their own shows; gates of any other area stand under Evaluation."""

Document = Mapping[str, Any]


def render(document: Document, notes: str) -> str:
    """The whole report.

    Args:
        document: what `harness.report.document.build` gives; keys may be absent where a run died early.
        notes: TOML with `limits`, `next_steps`, `backups` and `[[problems]]`; may be empty. Notes that are no TOML
            are reported as a problem and do not stop the report: the verdict is worth more than its prose.
    """
    prose = _read_notes(notes)
    sections = (
        ("Summary", _summary(document)),
        ("Experiment matrix", _experiments(document)),
        ("Evaluation", _evaluation(document)),
        ("Quantization", [*_areas(document, "bnb", "gguf"), *attribution.blocks(document)]),
        ("Data", _data(document)),
        ("Backup and verification", _backup(document, prose)),
        ("Problems", _problems(document, prose)),
        ("Recommendation", _recommendation(document)),
        ("Limits", _limits(document, prose)),
        ("Next steps", _next_steps(document, prose)),
        ("Appendix", _appendix(document)),
    )
    parts = [f"# Release {cell(document.get('release'))}, run {cell(document.get('run_id'))}"]
    parts += regression.warning(document)
    for title, blocks in sections:
        parts += [f"## {title}", *([block for block in blocks if block] or [NONE])]
    return "\n\n".join(parts) + "\n"


def _titled(title: str, block: str) -> str:
    return f"### {title}\n\n{block}" if block else ""


def _figure(value: object) -> str:
    """Four decimals of a number; anything else as it is, since a NaN travels as text."""
    return f"{value:.4f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else cell(value)


def _short(digest: object) -> str:
    return cell(str(digest or "")[:SHORT])


def _read_notes(notes: str) -> dict[str, Any]:
    try:
        return tomllib.loads(notes)
    except tomllib.TOMLDecodeError as error:
        return {"problems": [{"symptom": f"the notes are no TOML: {error}", "mend": "correct the notes file"}]}


def _texts(prose: Mapping[str, Any], key: str) -> list[str]:
    """The notes under `key`: strings, or tables whose entries are strung together."""
    entries = prose.get(key, [])
    return [
        "; ".join(f"{cell(name)}: {cell(value)}" for name, value in entry.items())
        if isinstance(entry, Mapping)
        else cell(entry)
        for entry in (entries if isinstance(entries, list) else [entries])
    ]


def _gates(document: Document, *areas: str) -> list[Mapping[str, Any]]:
    return [gate for gate in document.get("gates", []) if gate.get("area") in areas]


def _parts(gate: Mapping[str, Any]) -> tuple[str, str]:
    """The subject of a gate's id (adapter, file) and what is between it and the last part (a task)."""
    words = str(gate.get("id", "")).split(".")
    return (words[1] if len(words) > 1 else "", ".".join(words[2:-1]))


def _passed(gates: Sequence[Mapping[str, Any]]) -> str:
    return f"{sum(gate.get('outcome') == 'passed' for gate in gates)} of {len(gates)}"


def _wanted(gate: Mapping[str, Any]) -> str:
    return "all" if gate.get("rule") == "every" else f"above {cell(gate.get('threshold'))}"


def _measured(gate: Mapping[str, Any]) -> list[str]:
    figures = [_figure(gate.get("value")), _figure(gate.get("lower_bound")), cell(gate.get("n")), _wanted(gate)]
    return [*figures, cell(gate.get("blocking")), cell(gate.get("outcome"))]


MEASURED = ("value", "lower bound", "n", "threshold", "blocking", "outcome")


def _gate_table(gates: Iterable[Mapping[str, Any]]) -> str:
    return table(("gate", *MEASURED), [[cell(gate.get("id")), *_measured(gate)] for gate in gates])


def _areas(document: Document, *areas: str) -> list[str]:
    return [_titled(f"{area} gates", _gate_table(_gates(document, area))) for area in areas]


def _task_table(document: Document, gates: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for gate in gates:
        moved = noise.band(document, gate)
        shown = "-" if moved is None else f"{moved:.4f}"
        rows.append([cell(_parts(gate)[1]), cell(gate.get("metric")), *_measured(gate), shown])
    return table(("task", "metric", *MEASURED, "noise"), rows)


def _external(document: Document) -> bool:
    """True where nothing was to be selected: no gate asks for it, and no experiment was scored."""
    asked = any(gate.get("id") == "training.selection.qualified" for gate in document.get("gates", []))
    return bool(document.get("gates")) and not asked and not document.get("experiments")


def _summary(document: Document) -> list[str]:
    gates = document.get("gates", [])
    blocking = [gate for gate in gates if gate.get("blocking", True)]
    advisory = [gate for gate in gates if not gate.get("blocking", True)]
    stamp = " **UNPROVEN**: a blocking gate goes by the bare value" if document.get("unproven") else ""
    chosen = document.get("selected_experiment") or ("external" if _external(document) else "none")
    facts = [
        f"Verdict: **{cell(document.get('verdict'))}**{stamp}",
        f"Candidate: {cell(document.get('candidate_adapter'))}",
        f"Chosen experiment: {cell(chosen)}",
        f"Blocking gates passed: {_passed(blocking)}",
        f"Advisory gates passed: {_passed(advisory)}",
        attempts.line(document),
        *(f"**Warning**: {cell(text)}" for text in document.get("warnings", [])),
    ]
    if document.get("verdict") == "released":
        return [bullets(facts)]
    return [bullets(facts), _titled("Reasons", bullets(map(cell, document.get("reasons", []))) or NONE)]


def _experiments(document: Document) -> list[str]:
    found = document.get("experiments", [])
    rows = [
        [
            *(cell(one.get(key)) for key in ("name", "epochs", "learning_rate", "run_id")),
            _figure(one.get("score")),
            *(cell(one.get(key)) for key in ("cost", "qualified", "selected")),
        ]
        for one in found
    ]
    short = [f"{cell(one.get('name'))}: {cell(text)}" for one in found for text in one.get("shortfalls", [])]
    reason = document.get("selection_reason")
    return [
        "external: every adapter was given, so nothing was trained or selected" if _external(document) else "",
        table(("name", "epochs", "learning rate", "run", "score", "cost", "qualified", "selected"), rows),
        f"Choice: {cell(reason)}" if reason else "",
        _titled("Below the minimum on dev", bullets(short)),
        *_areas(document, "training"),
    ]


def _evaluation(document: Document) -> list[str]:
    judged = _gates(document, "eval")
    adapters = dict.fromkeys(_parts(gate)[0] for gate in judged)
    others = dict.fromkeys(str(gate.get("area")) for gate in document.get("gates", []))
    parity = table(
        ("adapter", "task", "metric", *MEASURED),
        [[*map(cell, _parts(gate)), cell(gate.get("metric")), *_measured(gate)] for gate in _gates(document, "parity")],
    )
    by_value = "Judged by the bare value, which says nothing about items that were not asked."
    return [
        *(
            _titled(
                f"Adapter {cell(name)}", _task_table(document, (gate for gate in judged if _parts(gate)[0] == name))
            )
            for name in adapters
        ),
        _titled("Parity", f"{by_value}\n\n{parity}" if parity else ""),
        *(_titled(f"{cell(area)} gates", _gate_table(_gates(document, area))) for area in others if area not in PLACED),
        *regression.blocks(document),
        _titled("Noise: the same questions in other batches", _noise(document.get("noise", []))),
    ]


def _noise(entries: Sequence[Mapping[str, Any]]) -> str:
    """How far figures move when only the batching changes; the form is shown where the journal names it."""
    names = [name for name in ("form", "adapter", "task", "metric") if any(name in entry for entry in entries)]
    rows = []
    for entry in entries:
        value, other = entry.get("value"), entry.get("other")
        both = all(isinstance(number, (int, float)) for number in (value, other))
        moved = f"{other - value:+.4f}" if both else "-"  # type: ignore[operator]
        rows.append(
            [*(cell(entry.get(name)) for name in names), _figure(value), _figure(other), moved, cell(entry.get("n"))]
        )
    return table((*names, "value", "other batching", "moved", "n"), rows)


def _data(document: Document) -> list[str]:
    files = [
        [cell(entry.get("name")), cell(entry.get("path")), cell(entry.get("records")), _short(entry.get("sha256"))]
        for entry in document.get("data", [])
    ]
    judged = _gates(document, "data")
    checks = []
    for name in dict.fromkeys(_parts(gate)[0] for gate in judged):
        own = [gate for gate in judged if _parts(gate)[0] == name]
        red = [f"{gate.get('metric')} {gate.get('outcome')}" for gate in own if gate.get("outcome") != "passed"]
        checks.append([cell(name), _passed(own), cell(", ".join(red) or "none")])
    return [
        _titled("Files", table(("name", "file", "records", "sha256"), files)),
        _titled("Checks", table(("subject", "checks passed", "not passed"), checks)),
    ]


def _backup(document: Document, prose: Mapping[str, Any]) -> list[str]:
    return [
        _titled("Packed adapters", bullets(map(cell, document.get("packed", [])))),
        *_areas(document, "bundle"),
        _titled("Backups", bullets(_texts(prose, "backups")) or NONE),
    ]


def _problems(document: Document, prose: Mapping[str, Any]) -> list[str]:
    gates = document.get("gates", [])
    absent = [str(gate.get("id")) for gate in gates if gate.get("outcome") == "not_run"]
    red = [gate for gate in gates if gate.get("outcome") not in ("passed", "not_run")]
    return [
        _titled("Noted", bullets(_texts(prose, "problems"))),
        *(
            _titled(
                f"{cell(gate.get('id'))}: {cell(gate.get('outcome'))}, "
                f"{'blocking' if gate.get('blocking', True) else 'advisory'}",
                fenced(str(gate.get("message", ""))),
            )
            for gate in red
        ),
        _titled("Gates that did not run", fenced("\n".join(absent)) if absent else ""),
    ]


def _recommendation(document: Document) -> list[str]:
    """Which adapter to ship, in which form and how: from the verdict and the gates alone."""
    if document.get("verdict") != "released":
        blocking = [gate for gate in document.get("gates", []) if gate.get("blocking", True)]
        return [
            f"**do not ship**: the verdict is {cell(document.get('verdict'))}, "
            f"{_passed(blocking)} blocking gates passed. See Problems for what stands in the way."
        ]
    candidate = document.get("candidate_adapter")
    advice = [f"Adapter: ship {cell(candidate)}."]
    judged = _gates(document, "eval")
    for name in dict.fromkeys(_parts(gate)[0] for gate in judged):
        own = [gate for gate in judged if _parts(gate)[0] == name]
        if name != candidate:
            passed = all(gate.get("outcome") == "passed" for gate in own)
            words = "fit for its own tasks" if passed else "do not ship on its own"
            advice.append(f"Adapter {cell(name)}: {words}, {_passed(own)} gates passed.")
    for area, form in (("bnb", "4-bit base by bitsandbytes"), ("gguf", "GGUF")):
        own = _gates(document, area)
        word = "shown to work" if own and all(gate.get("outcome") == "passed" for gate in own) else "not shown to work"
        advice.append(f"Quantization, {form}: {word}" + (f", {_passed(own)} gates passed." if own else ", no gates."))
    if form := attribution.recommendation(document):
        advice.append(f"Form: {form}")
    bundle = _gates(document, "bundle")
    advice.append(
        f"Deployment: unpack the adapter from the published bundle ({_passed(bundle)} bundle gates passed) and check "
        "its SHA256SUMS after every transfer."
        if bundle
        else "Deployment: no gate judged a bundle; compare the artifact digests below after every transfer."
    )
    if document.get("unproven"):
        advice.append("UNPROVEN: at least one blocking gate shows nothing beyond the items that it asked.")
    return [bullets(advice)]


def _limits(document: Document, prose: Mapping[str, Any]) -> list[str]:
    found = _texts(prose, "limits")
    if document.get("unproven"):
        found.append("A blocking gate goes by the bare value, so its error rate is not known.")
    if document.get("environment", {}).get("git_dirty"):
        found.append("The working tree had changes that no commit holds.")
    return [bullets([*found, *map(cell, sameness.limits(document))])]


def _next_steps(document: Document, prose: Mapping[str, Any]) -> list[str]:
    open_gates = [gate for gate in document.get("gates", []) if gate.get("outcome") == "inconclusive"]
    settle = [f"Settle {cell(gate.get('id'))}: its bounds lie on both sides of the threshold." for gate in open_gates]
    return [bullets([*_texts(prose, "next_steps"), *settle])]


def _appendix(document: Document) -> list[str]:
    artifacts = [
        [
            *(cell(one.get(key)) for key in ("name", "stage", "digest")),
            _seconds(one.get("seconds")),
            *(cell(one.get(key)) for key in ("reused", "built_at")),
        ]
        for one in document.get("artifacts", [])
    ]
    surroundings = document.get("environment", {})
    nested = ("versions", "git_submodules")
    names = dict.fromkeys(["git_commit", "git_dirty", *surroundings])
    facts = [[cell(name), cell(surroundings.get(name, "not recorded"))] for name in names if name not in nested]
    spent = dict(document.get("durations", {}))
    workers = document.get("workers", 1)
    whole = spent.pop("whole run", 0.0) * workers
    rows = {**spent, "everything else": max(0.0, whole - sum(spent.values())), "whole run x workers": whole}
    times = [[cell(name), _seconds(took), f"{took / whole:.1%}" if whole else "-"] for name, took in rows.items()]
    model = _flat(document.get("model", {}))
    versions = [[cell(name), cell(version)] for name, version in surroundings.get("versions", {}).items()]
    return [
        _titled("Artifacts", table(("name", "stage", "digest", "seconds", "reused", "built at"), artifacts)),
        _titled("Model", table(("part", "digest"), [[cell(part), cell(of)] for part, of in model])),
        _titled("Versions", table(("distribution", "version"), versions)),
        _titled("Environment", table(("fact", "value"), facts)),
        _titled("Submodules", bullets(map(cell, surroundings.get("git_submodules", []))) or NONE),
        _titled("Durations", table(("stage", f"seconds, over {workers} workers", "share"), times)),
        _titled("Files of this run", bullets(("verdict.json", "junit.xml", "release.toml", "evidence/"))),
    ]


def _flat(nest: Mapping[str, Any]) -> list[tuple[str, object]]:
    """``{"code": {"answers": x}}`` as ``[("code answers", x)]``."""
    rows: list[tuple[str, object]] = []
    for name, value in nest.items():
        inner = _flat(value) if isinstance(value, Mapping) else [("", value)]
        rows += [(f"{name} {below}".strip(), entry) for below, entry in inner]
    return rows


def _seconds(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, (int, float)) else cell(value)
