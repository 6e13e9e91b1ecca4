"""`report.md`: the verdict document for readers, in Markdown and in each language of the release.

A new section is a function of the document, the notes and the language, and a line in `SECTIONS`; its sentences go
through `say` into the catalogues in `messages/`. Nothing here judges, and whatever comes from data, models or notes is
escaped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from harness.releases import judged_as
from harness.report import appendix, conclusions, evaluation, forms, regression
from harness.report.catalogue import ENGLISH, Say
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

Prose = Mapping[str, Any]
"""The spec's notes."""
Section = Callable[[Document, Prose, Say], list[str]]
"""(document, notes, language) -> blocks of Markdown, whatever comes from outside escaped; empty ones are left out."""


def render(document: Document, notes: str, language: str = ENGLISH) -> str:
    """The whole report.

    Args:
        document: what `harness.report.document.build` gives; keys may be absent where a run died early.
        notes: TOML with `limits`, `next_steps`, `backups` and `[[problems]]`; may be empty. Notes that are no TOML
            are reported as a problem and do not stop the report: the verdict is worth more than its prose.
        language: one of `catalogue.languages()`.
    """
    say = Say(language)
    prose = _read_notes(notes, say)
    names = {"release": cell(document.get("release")), "run": cell(document.get("run_id"))}
    parts = ["# " + say("Release %(release)s, run %(run)s", **names)]
    if conclusions.used(document) and document.get("verdict") == "released":
        excused = say("; ").join(cell(conclusions.waived(one, say)) for one in conclusions.used(document))
        parts.append(say("**RELEASED WITH WAIVER**: %(what)s", what=excused))
    parts += regression.warning(document, say)
    if language != ENGLISH:
        parts.append(say(EVIDENCE))
    for title, section in SECTIONS.items():
        blocks = [block for block in section(document, prose, say) if block]
        parts += ["## " + say(title), *(blocks or [say("none recorded")])]
    return "\n\n".join(parts) + "\n"


def _read_notes(notes: str, say: Say) -> dict[str, Any]:
    try:
        return tomllib.loads(notes)
    except tomllib.TOMLDecodeError as error:
        symptom = say("the notes are no TOML: %(error)s", error=error)
        return {"problems": [{say("symptom"): symptom, say("mend"): say("correct the notes file")}]}


def _external(document: Document) -> bool:
    """Whether nothing was to be selected: no gate asks for it, and no experiment was scored."""
    asked = any(gate.get("id") == "training.selection.qualified" for gate in document.get("gates", []))
    return bool(document.get("gates")) and not asked and not document.get("experiments")


def _summary(document: Document, prose: Prose, say: Say) -> list[str]:
    gates = document.get("gates", [])
    blocking = [gate for gate in gates if gate.get("blocking", True)]
    advisory = [gate for gate in gates if not gate.get("blocking", True)]
    doubts = document.get("doubts")
    word = say.word(cell(document.get("verdict")))
    if conclusions.used(document) and document.get("verdict") == "released":
        word = say("%(word)s WITH WAIVER", word=word)
    chosen = cell(document.get("selected_experiment") or (say("external") if _external(document) else say("none")))
    form = judged_as.line(document) or say("not stated")
    facts = [
        say("Verdict: **%(word)s**", word=word)
        + (say(" **UNPROVEN**: %(why)s", why=cell(doubts[0])) if doubts else ""),
        *(say("**Waived**: %(what)s", what=cell(conclusions.waived(one, say))) for one in conclusions.used(document)),
        say("Candidate: %(name)s", name=cell(document.get("candidate_adapter"))),
        say("Judged as: %(form)s", form=cell(form)),
        say("Chosen experiment: %(name)s", name=chosen),
        say("Blocking gates passed: %(passed)s", passed=count_passed(blocking, say)),
        say("Advisory gates passed: %(passed)s", passed=count_passed(advisory, say)),
        regression.line(document, say),
        *(say("**Warning**: %(what)s", what=cell(text)) for text in document.get("warnings", [])),
    ]
    if document.get("verdict") == "released":
        return [bullets(facts)]
    reasons = bullets(map(cell, document.get("reasons", []))) or say("none recorded")
    return [bullets(facts), titled(say("Reasons"), reasons)]


def _experiments(document: Document, prose: Prose, say: Say) -> list[str]:
    found = document.get("experiments", [])
    rows = [
        [
            *(cell(one.get(key)) for key in ("name", "epochs", "learning_rate", "run_id")),
            figure(one.get("chance")),
            figure(one.get("score")),
            *(say.word(cell(one.get(key))) for key in ("cost", "qualified", "selected")),
        ]
        for one in found
    ]
    heads = (
        say("name"),
        say("epochs"),
        say("learning rate"),
        say("run"),
        say("chance to pass"),
        say("composite"),
        say("cost"),
        say("qualified"),
        say("selected"),
    )
    short = [cell(one.get("name")) + say(": ") + cell(text) for one in found for text in one.get("shortfalls", [])]
    reason = document.get("selection_reason")
    return [
        say("external: every adapter was given, so nothing was trained or selected") if _external(document) else "",
        table(heads, rows),
        say("Choice: %(reason)s", reason=cell(reason)) if reason else "",
        titled(say("Below what dev must exceed"), bullets(short)),
        titled(say("The same with other seeds"), _seeds(document.get("seeds", {}), say)),
        *area_tables(document, say, "training"),
    ]


def _seeds(found: Mapping[str, Any], say: Say) -> str:
    """Every gated metric by seed, on dev; "" where no other seed was trained."""
    if not found:
        return ""
    rows = [
        [cell(one.get("key")), *(figure(value) for value in one.get("values", [])), figure(one.get("threshold"))]
        for one in found.get("metrics", [])
    ]
    for name in ("qualified", "proved"):
        rows.append([say.word(name), *(say.word(cell(value)) for value in found.get(name, [])), ""])
    seeds = (say("seed %(seed)s", seed=cell(seed)) for seed in found.get("seeds", []))
    return table((say("on dev"), *seeds, say("wanted above")), rows)


def _data(document: Document, prose: Prose, say: Say) -> list[str]:
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
        red = [
            f"{cell(gate.get('metric'))} {say.word(cell(gate.get('outcome')))}"
            for gate in own
            if gate.get("outcome") != "passed"
        ]
        checks.append([cell(name), count_passed(own, say), say(", ").join(red) or say("none")])
    columns = (say("name"), say("file"), say("records"), "sha256")
    return [
        titled(say("Files"), table(columns, files)),
        titled(say("Checks"), table((say("subject"), say("checks passed"), say("not passed")), checks)),
    ]


def _quantization(document: Document, prose: Prose, say: Say) -> list[str]:
    return [*area_tables(document, say, "bnb", "gguf"), *forms.blocks(document, say)]


def _backup(document: Document, prose: Prose, say: Say) -> list[str]:
    backups = bullets(map(cell, conclusions.notes(prose, "backups", say)))
    return [
        titled(say("Packed adapters"), bullets(map(cell, document.get("packed", [])))),
        *area_tables(document, say, "bundle"),
        titled(say("Backups"), backups or say("none recorded")),
    ]


EVIDENCE = (
    "Names, messages of gates, reasons, warnings and notes are shown as the run wrote them: they are evidence, and the "
    "same in every language."
)
"""Said in reports of other languages than English about the parts that stay English."""

SECTIONS: Mapping[str, Section] = {
    "Summary": _summary,
    "Experiment matrix": _experiments,
    "Evaluation": evaluation.blocks,
    "Quantization": _quantization,
    "Data": _data,
    "Backup and verification": _backup,
    "Problems": conclusions.problems,
    "Recommendation": conclusions.recommendation,
    "Limits": conclusions.limits,
    "Next steps": conclusions.next_steps,
    "Appendix": appendix.blocks,
}
"""Title -> section, in the order of the report; the page has them all as well."""
