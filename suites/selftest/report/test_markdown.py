"""The Markdown report says what the document says, and nothing in a document can break out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gates.gate import Gate
from harness.report import catalogue, markdown
from suites.selftest.report.hostile_text import hostile, hostile_paper, many
from suites.selftest.report.small_run import GATES, build, journal, judged

SECTIONS = [
    "Summary",
    "Experiment matrix",
    "Evaluation",
    "Quantization",
    "Data",
    "Backup and verification",
    "Problems",
    "Recommendation",
    "Limits",
    "Next steps",
    "Appendix",
]


languages = st.sampled_from(catalogue.languages())


def titles(language: str) -> list[str]:
    """What its sections are called in a report's own language."""
    return [catalogue.Say(language)(title) for title in SECTIONS]


def quoted(text: str) -> str:
    """`text` as a TOML string."""
    escaped = (f"\\U{ord(character):08x}" for character in text)
    return f'"{"".join(escaped)}"'


def blocks(report: str) -> Iterator[tuple[str, bool]]:
    """Each line of a report, and whether it is inside a fence, by the CommonMark rule for fences."""
    fence = ""
    for line in report.split("\n"):
        opening = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if fence:
            closes = opening is not None and opening[1].startswith(fence) and line.strip() == opening[1]
            yield line, not closes
            fence = "" if closes else fence
        else:
            fence = opening[1] if opening else ""
            yield line, False
    assert not fence, "a fence is never closed"


def prose(report: str) -> list[str]:
    """The lines outside of fences, the fences' own lines left out."""
    return [line for line, inside in blocks(report) if not inside and not line.startswith("```")]


def section(report: str, title: str) -> str:
    return report.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def tables(report: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in prose(report):
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [rows for rows in found if rows]


@many
@given(hostile, languages)
def test_every_table_keeps_its_column_count_whatever_its_cells_hold(text: str, language: str) -> None:
    ragged = [
        rows
        for rows in tables(markdown.render(hostile_paper(text), "", language))
        if len({r.count("|") for r in rows}) > 1
    ]
    assert ragged == []


@many
@given(hostile, languages)
def test_no_text_adds_or_hides_a_section(text: str, language: str) -> None:
    lines = prose(markdown.render(hostile_paper(text), "", language))
    assert [line[3:] for line in lines if line.startswith("## ")] == titles(language)


@many
@given(hostile, languages)
def test_no_text_opens_a_block_inside_its_bullet(text: str, language: str) -> None:
    """A name that began a bullet with "## " was a heading there, which a search for "^##" does not see."""
    lines = prose(markdown.render(hostile_paper(text), f"limits = [{quoted(text)}]\n", language))
    assert [line for line in lines if re.match(r"- +(?:[-+*=#>~`:]|\d+[.)])", line)] == []


@many
@given(hostile, languages)
def test_outside_of_fences_there_is_no_raw_html_code_or_link(text: str, language: str) -> None:
    lines = "\n".join(prose(markdown.render(hostile_paper(text), "", language)))
    assert re.findall(r"[<>`\[\]\\]|&(?!#\d+;|amp;|lt;|gt;)|://|www\.", lines) == []


@many
@given(hostile, languages)
def test_no_control_or_bidirectional_character_reaches_the_report(text: str, language: str) -> None:
    report = markdown.render(hostile_paper(text), "", language)
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", report) == []


@many
@given(hostile, languages)
def test_hostile_notes_are_escaped_like_everything_else(text: str, language: str) -> None:
    notes = f"limits = [{quoted(text)}]\nbackups = [{quoted(text)}]\n[[problems]]\nsymptom = {quoted(text)}\n"
    lines = prose(markdown.render(build(journal()), notes, language))
    assert ([line[3:] for line in lines if line.startswith("## ")], re.findall(r"[<>`\[\]]", "\n".join(lines))) == (
        titles(language),
        [],
    )


@pytest.mark.parametrize(
    ("taints", "advice"), [((), False), (("a worker was lost",), True)], ids=["released", "incomplete"]
)
def test_shipping_is_advised_against_unless_released(taints: tuple[str, ...], advice: bool) -> None:
    recommended = section(markdown.render(build(journal(), taints=taints), ""), "Recommendation")
    assert ("do not ship" in recommended) is advice


def test_a_red_gate_stands_with_its_whole_message_under_problems() -> None:
    message = "wanted 0.8\n  worst: '```nothing```'"
    report = markdown.render(build(journal(message, single="failed")), "")
    inside = "\n".join(line for line, fenced in blocks(report) if fenced)
    assert message in inside


@pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
def test_every_gate_is_in_some_table(gate: Gate) -> None:
    named = {"eval": gate.metric, "parity": gate.metric, "data": gate.label}.get(gate.area, gate.id)
    cells = {
        text.strip()
        for rows in tables(markdown.render(build(journal()), ""))
        for row in rows
        for text in row.split("|")
    }
    assert named in cells


def test_a_gate_of_an_area_yet_unknown_is_shown_too() -> None:
    gate = Gate("regression.duo.coverage", "coverage", "duo", False, metric="coverage")
    paper = build([*journal(), judged(gate, "passed")], {**GATES, "regression": gate})
    assert gate.id in markdown.render(paper, "")


def test_a_run_that_scored_nothing_is_external_only_if_no_selection_was_asked_for() -> None:
    given = {key: gate for key, gate in GATES.items() if key != "selection"}
    early = [record for record in journal() if record["kind"] in ("hello", "run")]
    said = ["external" in markdown.render(build(early, gates), "") for gates in (given, GATES)]
    assert said == [True, False]


def test_an_unproven_release_is_stamped_in_its_report() -> None:
    gates = {**GATES, "parity": Gate("parity.duo.all.form", "threshold", "duo-all", True, "point", "form", 0.9)}
    stamped = ["UNPROVEN" in markdown.render(build(journal(), chosen), "") for chosen in (GATES, gates)]
    assert stamped == [False, True]


@pytest.mark.parametrize("language", catalogue.languages())
def test_a_document_with_nothing_in_it_still_renders_every_section(language: str) -> None:
    lines = prose(markdown.render({}, "", language))
    assert [line[3:] for line in lines if line.startswith("## ")] == titles(language)


def test_notes_that_are_no_toml_are_a_problem_and_not_the_end_of_the_report() -> None:
    assert "TOML" in section(markdown.render(build(journal()), "limits = ["), "Problems")


def test_a_measurement_that_went_wrong_does_not_end_the_report() -> None:
    paper = build(journal(candidate="error"))
    paper["gates"][2]["value"] = "nan"
    assert "nan" in markdown.render(paper, "")


FORM = {
    "form": "q4",
    "kind": "GGUF Q4_0",
    "kl": 0.0572,
    "kl_error": 0.0041,
    "same_top": 0.9811,
    "scores": {"coverage": 0.975},
    "size": 91 * 2**20,
    "speed": 121.4,
    "memory": 300 * 2**20,
    "memory_of": "process, at most",
    "deployed": True,
}


def test_the_table_of_forms_shows_distance_scores_size_speed_and_memory() -> None:
    forms = {"forms": [FORM], "lost_at": "Quality was lost at f16 -> q4.", "recommendation": "Ship GGUF Q4_0."}
    report = markdown.render({**build(journal()), "forms": forms}, "")
    row = next(line for line in section(report, "Quantization").splitlines() if line.startswith("| q4: GGUF Q4_0"))
    for shown in ("(deployed)", "0.0572 ± 0.0041", "coverage 0.975", "91.0", "121", "300 (process, at most)"):
        assert shown in row
    assert "Quality was lost at f16 -&gt; q4." in section(report, "Quantization")
    assert "Form: Ship GGUF Q4" in section(report, "Recommendation")


def test_a_release_without_forms_has_no_such_table() -> None:
    report = markdown.render({**build(journal()), "forms": {}, "form_losses": []}, "")
    assert "Forms, from base to file" not in report
    assert "Form:" not in report
