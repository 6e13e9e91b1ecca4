"""`report.md`: the verdict document for readers, in Markdown.

A new section is a function of the document and a line in `SECTIONS`. Nothing here judges, and whatever comes from data,
models or notes is escaped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from harness.gates import waivers
from harness.releases import judged_as
from harness.report import appendix, conclusions, evaluation, forms, regression
from harness.report import regression as attempts
from harness.report.escape import bullets, cell, table
from harness.report.tables import (
    Document,
    area_tables,
    count_passed,
    figure,
    gates_of,
    parts_of_id,
    short_digest,
    titled,
)

NONE = "none recorded"

Prose = Mapping[str, Any]
"""The spec's notes."""
Section = Callable[[Document, Prose], list[str]]
"""(document, notes) -> blocks of Markdown, whatever comes from outside escaped; empty ones are left out."""


def render(document: Document, notes: str) -> str:
    """The whole report.

    Args:
        document: what `harness.report.document.build` gives; keys may be absent where a run died early.
        notes: TOML with `limits`, `next_steps`, `backups` and `[[problems]]`; may be empty. Notes that are no TOML
            are reported as a problem and do not stop the report: the verdict is worth more than its prose.
    """
    prose = _read_notes(notes)
    parts = [f"# Release {cell(document.get('release'))}, run {cell(document.get('run_id'))}"]
    if conclusions.used(document) and document.get("verdict") == "released":
        parts.append(
            f"**RELEASED WITH WAIVER**: {'; '.join(cell(waivers.said(one)) for one in conclusions.used(document))}"
        )
    parts += regression.warning(document)
    for title, section in SECTIONS.items():
        parts += [f"## {title}", *([block for block in section(document, prose) if block] or [NONE])]
    return "\n\n".join(parts) + "\n"


def _read_notes(notes: str) -> dict[str, Any]:
    try:
        return tomllib.loads(notes)
    except tomllib.TOMLDecodeError as error:
        return {"problems": [{"symptom": f"the notes are no TOML: {error}", "mend": "correct the notes file"}]}


def _external(document: Document) -> bool:
    """True where nothing was to be selected: no gate asks for it, and no experiment was scored."""
    asked = any(gate.get("id") == "training.selection.qualified" for gate in document.get("gates", []))
    return bool(document.get("gates")) and not asked and not document.get("experiments")


def _summary(document: Document) -> list[str]:
    gates = document.get("gates", [])
    blocking = [gate for gate in gates if gate.get("blocking", True)]
    advisory = [gate for gate in gates if not gate.get("blocking", True)]
    stamp = f" **UNPROVEN**: {cell(doubts[0])}" if (doubts := document.get("doubts")) else ""
    word = cell(document.get("verdict"))
    if conclusions.used(document) and document.get("verdict") == "released":
        word += " WITH WAIVER"
    chosen = document.get("selected_experiment") or ("external" if _external(document) else "none")
    facts = [
        f"Verdict: **{word}**{stamp}",
        *(f"**Waived**: {cell(waivers.said(one))}" for one in conclusions.used(document)),
        f"Candidate: {cell(document.get('candidate_adapter'))}",
        f"Judged as: {cell(judged_as.line(document))}",
        f"Chosen experiment: {cell(chosen)}",
        f"Blocking gates passed: {count_passed(blocking)}",
        f"Advisory gates passed: {count_passed(advisory)}",
        attempts.line(document),
        *(f"**Warning**: {cell(text)}" for text in document.get("warnings", [])),
    ]
    if document.get("verdict") == "released":
        return [bullets(facts)]
    return [bullets(facts), titled("Reasons", bullets(map(cell, document.get("reasons", []))) or NONE)]


def _experiments(document: Document) -> list[str]:
    found = document.get("experiments", [])
    rows = [
        [
            *(cell(one.get(key)) for key in ("name", "epochs", "learning_rate", "run_id")),
            figure(one.get("chance")),
            figure(one.get("score")),
            *(cell(one.get(key)) for key in ("cost", "qualified", "selected")),
        ]
        for one in found
    ]
    short = [f"{cell(one.get('name'))}: {cell(text)}" for one in found for text in one.get("shortfalls", [])]
    reason = document.get("selection_reason")
    return [
        "external: every adapter was given, so nothing was trained or selected" if _external(document) else "",
        table(
            ("name", "epochs", "learning rate", "run", "chance to pass", "composite", "cost", "qualified", "selected"),
            rows,
        ),
        f"Choice: {cell(reason)}" if reason else "",
        titled("Below what dev must exceed", bullets(short)),
        titled("The same with other seeds", _seeds(document.get("seeds", {}))),
        *area_tables(document, "training"),
    ]


def _seeds(found: Mapping[str, Any]) -> str:
    """Every gated metric by seed, on dev; "" where no other seed was trained."""
    if not found:
        return ""
    rows = [
        [cell(one.get("key")), *(figure(value) for value in one.get("values", [])), figure(one.get("threshold"))]
        for one in found.get("metrics", [])
    ]
    for name in ("qualified", "proved"):
        rows.append([cell(name), *(cell(value) for value in found.get(name, [])), ""])
    return table(("on dev", *(f"seed {cell(seed)}" for seed in found.get("seeds", [])), "wanted above"), rows)


def _data(document: Document) -> list[str]:
    files = [
        [
            cell(entry.get("name")),
            cell(entry.get("path")),
            cell(entry.get("records")),
            short_digest(entry.get("sha256")),
        ]
        for entry in document.get("data", [])
    ]
    judged = gates_of(document, "data")
    checks = []
    for name in dict.fromkeys(parts_of_id(gate)[0] for gate in judged):
        own = [gate for gate in judged if parts_of_id(gate)[0] == name]
        red = [f"{gate.get('metric')} {gate.get('outcome')}" for gate in own if gate.get("outcome") != "passed"]
        checks.append([cell(name), count_passed(own), cell(", ".join(red) or "none")])
    return [
        titled("Files", table(("name", "file", "records", "sha256"), files)),
        titled("Checks", table(("subject", "checks passed", "not passed"), checks)),
    ]


def _quantization(document: Document) -> list[str]:
    return [*area_tables(document, "bnb", "gguf"), *forms.blocks(document)]


def _backup(document: Document, prose: Prose) -> list[str]:
    return [
        titled("Packed adapters", bullets(map(cell, document.get("packed", [])))),
        *area_tables(document, "bundle"),
        titled("Backups", bullets(conclusions.texts(prose, "backups")) or NONE),
    ]


def without_notes(blocks: Callable[[Document], list[str]]) -> Section:
    """A section that says nothing of the spec's notes."""
    return lambda document, prose: blocks(document)


SECTIONS: Mapping[str, Section] = {
    "Summary": without_notes(_summary),
    "Experiment matrix": without_notes(_experiments),
    "Evaluation": without_notes(evaluation.blocks),
    "Quantization": without_notes(_quantization),
    "Data": without_notes(_data),
    "Backup and verification": _backup,
    "Problems": conclusions.problems,
    "Recommendation": without_notes(conclusions.recommendation),
    "Limits": conclusions.limits,
    "Next steps": conclusions.next_steps,
    "Appendix": without_notes(appendix.blocks),
}
"""Title -> section, in the order of the report."""
