"""The reports of a verdict say what the document says, and nothing in a document can break out of them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.gates.gate import Gate, Outcome
from harness.provenance import environment
from harness.report import document, junit, markdown
from harness.report.__main__ import NO_RUN, main
from harness.verdict import reach

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
Paper = dict[str, Any]
ATTEMPTS = {
    "adapters": 3,
    "mode": "report",
    "stated_error": 0.05,
    "judged_at_error": 0.05,
    "ceiling": 0.15,
    "if_independent": 0.142625,
}
ENVIRONMENT = environment(threads=2)

GATES = {
    "data": Gate("data.train-greet.parse", "parse", "train-greet", True, metric="parse", task="greet"),
    "selection": Gate("training.selection.qualified", "qualified", "selection", True, metric="score"),
    "candidate": Gate(
        "eval.duo.greet.coverage", "threshold", "duo", True, "lower_bound", "coverage", 0.8, adapter="duo", task="greet"
    ),
    "single": Gate("eval.solo.greet.form", "threshold", "solo", False, "lower_bound", "form", 0.9, adapter="solo"),
    "parity": Gate("parity.duo.all.form", "threshold", "duo-all", False, "point", "form", 0.9, adapter="duo"),
    "mount": Gate("bnb.duo_mount_ok", "mount_ok", "duo", True, metric="mounted", adapter="duo"),
    "bundle": Gate("bundle.checksums_ok", "checksums_ok", "staged", True, metric="checksums_ok"),
}


def judged(gate: Gate, outcome: Outcome, message: str = "", source: str = "sheet") -> Paper:
    """The journal record of one gate."""
    measured = {"value": 0.9471, "lower_bound": 0.8642, "n": 57, "sources": {source: "c" * 64}}
    judgement = {"gate": gate.id, "outcome": outcome, "measurement": measured, "message": message}
    return {"kind": "gate", "process": "main", "at": 30.0, "gate": gate.id, "judgement": judgement}


def journal(text: str = "plain", **outcomes: Outcome) -> list[Paper]:
    """The journal of a small run whose gates passed but for `outcomes`; `text` stands wherever others write."""
    places = [
        {"kind": "hello", "at": 10.0},
        {"kind": "environment", "at": 11.0, "environment": {**ENVIRONMENT, "processor": text}},
        {"kind": "data", "at": 12.0, "files": [{"name": text, "path": text, "records": 35, "sha256": "a" * 64}]},
        {
            "kind": "artifact",
            "at": 13.0,
            "name": text,
            "digest": "b" * 64,
            "stage": "adapter",
            "seconds": 5.0,
            "reused": False,
            "built_at": text,
        },
        {"kind": "selection", "at": 14.0, "selected": "short", "reason": text, "experiments": [experiment(text)]},
        {
            "kind": "noise",
            "at": 15.0,
            "noise": {"adapter": text, "task": text, "metric": text, "value": 0.9, "other": 0.8, "n": 24},
        },
        {"kind": "packed", "at": 16.0, "adapters": [text]},
        {"kind": "against", "at": 16.1, "release": text, "run_id": text},
        {"kind": "weakened", "at": 16.2, "weakened": [text], "accept_weaker": text},
        {"kind": "comparison", "at": 16.3, "comparison": comparison(text)},
        {"kind": "attempts", "at": 16.4, "attempts": ATTEMPTS},
        {"kind": "bye", "at": 60.0},
    ]
    gates = [judged(gate, outcomes.get(key, "passed"), text, text) for key, gate in GATES.items()]
    attempts = [{"kind": "attempt", "at": 17.0, "gate": gate.id} for gate in GATES.values()]
    return [{"process": "main", **record} for record in [*places, *attempts]] + gates


def comparison(text: str) -> Paper:
    figures = {"n": 57, "mean": -0.0175, "lower": -0.0812, "upper": 0.0466}
    return {
        **figures,
        "metric": text,
        "worse": 1,
        "better": 0,
        "same": 56,
        "margin": 0.1,
        "slices": [{**figures, "dimension": text, "value": text, "tells": text}],
        "unlisted": {text: 57},
        "turned_bad": [{"item": text, "score_before": 1.0, "score_after": 0.0, "before": text, "after": text}],
    }


def experiment(text: str) -> Paper:
    return {
        "name": text,
        "epochs": 3,
        "learning_rate": 0.002,
        "run_id": text,
        "score": 0.9123,
        "cost": 105,
        "qualified": False,
        "shortfalls": [text],
        "selected": True,
        "values": {f"duo.greet.{text}": 0.9},
    }


def build(records: list[Paper], gates: Mapping[str, Gate] = GATES, taints: tuple[str, ...] = ()) -> Paper:
    verdict = reach(tuple(gates.values()), records, taints)
    paper: Paper = document.build("demo", "run_1", "duo", verdict, records)
    return json.loads(json.dumps(paper, allow_nan=False))  # type: ignore[no-any-return]


def hostile_paper(text: str) -> Paper:
    """A refused run whose every foreign string is `text`, gate ids and reasons included."""
    paper = build(journal(text, candidate="inconclusive", single="failed", mount="error"), taints=(text,))
    for gate in paper["gates"]:
        gate["id"] = f"{gate['id']}.{text}"
        gate["metric"] = text
    return {**paper, "release": text, "candidate_adapter": text, "run_id": text}


FRAGMENTS = st.sampled_from(
    [
        "|",
        "\n| a | b |\n",
        "\n## Recommendation\n",
        "```",
        "\n````\n",
        "~~~",
        "<script>alert(1)</script>",
        "<!--",
        "]]>",
        "</testcase>",
        "&lt;",
        "[here](http://evil.example)",
        "![x](y)",
        "\x1b[31m",
        "\x1b]8;;http://evil.example\x07",
        "\x9b2J",
        "\x00",
        "\r",
        "\u2028",
        "\u202e",
        "\ufffe",
        "\\",
        "\\|",
        "**",
        "- ",
        "# ",
    ]
)
hostile = st.lists(FRAGMENTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=6).map("".join)
many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


def written(paper: Mapping[str, Any], folder: Path) -> ElementTree.Element:
    """The one suite of the JUnit file."""
    junit.write(paper, folder / "junit.xml")
    suite = ElementTree.parse(folder / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    return suite


def case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = [one for one in suite.iter("testcase") if one.get("name") == name]
    return found


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(document.SCHEMA.read_text(encoding="utf-8")))


@many
@given(hostile)
def test_every_table_keeps_its_column_count_whatever_its_cells_hold(text: str) -> None:
    ragged = [
        rows for rows in tables(markdown.render(hostile_paper(text), "")) if len({r.count("|") for r in rows}) > 1
    ]
    assert ragged == []


@many
@given(hostile)
def test_no_text_adds_or_hides_a_section(text: str) -> None:
    lines = prose(markdown.render(hostile_paper(text), ""))
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS


@many
@given(hostile)
def test_no_text_opens_a_block_inside_its_bullet(text: str) -> None:
    """A name that began a bullet with "## " was a heading there, which a search for "^##" does not see."""
    lines = prose(markdown.render(hostile_paper(text), f"limits = [{quoted(text)}]\n"))
    assert [line for line in lines if re.match(r"- +(?:[-+*=#>~`:]|\d+[.)])", line)] == []


@many
@given(hostile)
def test_outside_of_fences_there_is_no_raw_html_code_or_link(text: str) -> None:
    lines = "\n".join(prose(markdown.render(hostile_paper(text), "")))
    assert re.findall(r"[<>`\[\]\\]|&(?!#\d+;|amp;|lt;|gt;)|://|www\.", lines) == []


@many
@given(hostile)
def test_no_control_or_bidirectional_character_reaches_the_report(text: str) -> None:
    report = markdown.render(hostile_paper(text), "")
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", report) == []


@many
@given(hostile)
def test_hostile_notes_are_escaped_like_everything_else(text: str) -> None:
    notes = f"limits = [{quoted(text)}]\nbackups = [{quoted(text)}]\n[[problems]]\nsymptom = {quoted(text)}\n"
    lines = prose(markdown.render(build(journal()), notes))
    assert ([line[3:] for line in lines if line.startswith("## ")], re.findall(r"[<>`\[\]]", "\n".join(lines))) == (
        SECTIONS,
        [],
    )


@many
@given(hostile)
def test_junit_parses_and_holds_every_gate_and_the_verdict(tmp_path: Path, text: str) -> None:
    paper = hostile_paper(text)
    assert len(written(paper, tmp_path).findall("testcase")) == len(paper["gates"]) + 1


def test_junit_keeps_a_message_word_for_word_where_xml_allows_it(tmp_path: Path) -> None:
    message = "first <line> & \"quotes\"\n  worst: 'an answer' ]]>"
    failure = case(written(build(journal(message, candidate="failed")), tmp_path), GATES["candidate"].id).find(
        "failure"
    )
    assert failure is not None
    assert failure.get("message") == message


def test_junit_counts_agree_with_its_cases(tmp_path: Path) -> None:
    outcomes: dict[str, Outcome] = {"candidate": "failed", "data": "error", "bundle": "blocked", "single": "failed"}
    suite = written(build(journal(**outcomes)), tmp_path)
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "2", "skipped": "1"}  # the verdict is a failure too


@pytest.mark.parametrize(
    ("gate", "outcome", "element"),
    [
        ("candidate", "failed", "failure"),
        ("candidate", "inconclusive", "failure"),
        ("candidate", "error", "error"),
        ("candidate", "blocked", "error"),
        ("single", "failed", "skipped"),
        ("single", "error", "skipped"),
    ],
)
def test_a_red_gate_is_shown_by_its_weight(tmp_path: Path, gate: str, outcome: Outcome, element: str) -> None:
    red = case(written(build(journal(**{gate: outcome})), tmp_path), GATES[gate].id)
    assert [child.tag for child in red] == [element, "system-out"]


def test_a_blocking_gate_that_did_not_run_is_an_error(tmp_path: Path) -> None:
    records = [record for record in journal() if record.get("gate") != GATES["mount"].id]
    assert case(written(build(records), tmp_path), GATES["mount"].id).find("error") is not None


def test_a_gate_that_does_not_say_whether_it_blocks_blocks(tmp_path: Path) -> None:
    suite = written({"gates": [{"id": "eval.a.b.c", "outcome": "failed"}]}, tmp_path)
    assert case(suite, "eval.a.b.c").find("failure") is not None


def test_the_verdict_is_a_case_that_passes_only_where_it_is_released(tmp_path: Path) -> None:
    papers = [build(journal()), build(journal(data="failed")), build(journal(), taints=("a worker was lost",))]
    failed = [case(written(paper, tmp_path), junit.VERDICT).find("failure") is not None for paper in papers]
    assert failed == [False, True, True]


def test_a_rewritten_junit_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    written(build(journal()), tmp_path)
    written(build(journal()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]


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
    early = [record for record in journal() if record["kind"] == "hello"]
    said = ["external" in markdown.render(build(early, gates), "") for gates in (given, GATES)]
    assert said == [True, False]


def test_an_unproven_release_is_stamped_in_its_report() -> None:
    gates = {**GATES, "parity": Gate("parity.duo.all.form", "threshold", "duo-all", True, "point", "form", 0.9)}
    stamped = ["UNPROVEN" in markdown.render(build(journal(), chosen), "") for chosen in (GATES, gates)]
    assert stamped == [False, True]


def test_a_document_with_nothing_in_it_still_renders_every_section() -> None:
    lines = prose(markdown.render({}, ""))
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS


def test_notes_that_are_no_toml_are_a_problem_and_not_the_end_of_the_report() -> None:
    assert "TOML" in section(markdown.render(build(journal()), "limits = ["), "Problems")


def test_a_measurement_that_went_wrong_does_not_end_the_report() -> None:
    paper = build(journal(candidate="error"))
    paper["gates"][2]["value"] = "nan"
    assert "nan" in markdown.render(paper, "")


@pytest.mark.parametrize(
    "records",
    [journal(), journal(candidate="failed", single="error"), [], [record for record in journal() if record["at"] < 13]],
    ids=["released", "refused", "never-began", "died-early"],
)
def test_the_schema_accepts_what_is_built(records: list[Paper]) -> None:
    assert [error.message for error in validator().iter_errors(build(records))] == []


def change(*path: str | int, to: object) -> Callable[[Paper], None]:
    def apply(paper: Any) -> None:
        for step in path[:-1]:
            paper = paper[step]
        paper[path[-1]] = to

    return apply


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(change("signature", to=""), id="unknown-key"),
        pytest.param(change("gates", 0, "skipped", to=True), id="unknown-key-in-gate"),
        pytest.param(change("verdict", to="probably"), id="unknown-verdict"),
        pytest.param(change("verdict", to="refused"), id="refused-without-reason"),
        pytest.param(change("reasons", to=["a worker was lost"]), id="released-with-reason"),
        pytest.param(change("gates", to=[]), id="released-without-gates"),
        pytest.param(change("gates", 2, "outcome", to="failed"), id="released-with-red-blocking-gate"),
        pytest.param(change("gates", 3, "outcome", to="not_run"), id="released-with-missing-gate"),
        pytest.param(change("gates", 2, "n", to=0), id="passed-over-nothing"),
        pytest.param(change("gates", 2, "value", to=None), id="passed-without-value"),
        pytest.param(change("gates", 2, "rule", to="vibes"), id="unknown-rule"),
        pytest.param(change("data", 0, "sha256", to="abc"), id="short-digest"),
        pytest.param(change("durations", to={}), id="no-durations"),
    ],
)
def test_the_schema_refuses_a_changed_document(changed: Callable[[Paper], None]) -> None:
    paper = copy.deepcopy(build(journal()))
    changed(paper)
    assert not validator().is_valid(paper)


@pytest.mark.parametrize("key", sorted(build(journal())))
def test_the_schema_wants_every_key_of_the_document(key: str) -> None:
    paper = build(journal())
    del paper[key]
    assert not validator().is_valid(paper)


NOTES = 'limits = ["only a rehearsal"]\n'


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A finished run with its spec, whose notes lie in a folder `line` beside it."""
    (tmp_path / "line").mkdir()
    (tmp_path / "line" / "notes.toml").write_text(NOTES, encoding="utf-8")
    folder = tmp_path / "run_1"
    folder.mkdir()
    (folder / "release.toml").write_text('[release]\nname = "demo"\nnotes = "prose/notes.toml"\n', encoding="utf-8")
    document.write(build(journal()), folder / "verdict.json")
    return folder


def test_rendering_again_takes_the_notes_that_lie_in_the_run(run_folder: Path) -> None:
    (run_folder / "notes.toml").write_text(NOTES, encoding="utf-8")
    status = main([str(run_folder)])
    expected = markdown.render(build(journal()), NOTES)
    assert (status, (run_folder / "report.md").read_text(encoding="utf-8")) == (0, expected)


def test_rendering_again_takes_the_notes_that_are_given(run_folder: Path) -> None:
    status = main([str(run_folder), "--notes", str(run_folder.parent / "line" / "notes.toml")])
    expected = markdown.render(build(journal()), NOTES)
    assert (status, (run_folder / "report.md").read_text(encoding="utf-8")) == (0, expected)


def test_rendering_again_writes_the_junit_file(run_folder: Path) -> None:
    main([str(run_folder)])
    assert len(list(ElementTree.parse(run_folder / "junit.xml").iter("testcase"))) == len(GATES) + 1


def test_a_report_whose_notes_are_gone_is_rendered_and_says_so(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (main([str(run_folder)]), "notes" in capsys.readouterr().err) == (0, True)


def test_given_notes_that_are_not_there_leave_the_old_report_alone(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_folder / "report.md").write_text("old", encoding="utf-8")
    status = main([str(run_folder), "--notes", str(run_folder / "absent.toml")])
    assert (status, capsys.readouterr().err.count("\n"), (run_folder / "report.md").read_text()) == (NO_RUN, 1, "old")


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{", '{"verdict": "released"}'], ids=["none", "empty", "list", "cut", "no-document"]
)
def test_a_folder_that_is_no_run_is_refused_in_one_line(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "verdict.json").write_text(content, encoding="utf-8")
    status = main([str(tmp_path)])
    assert (status, capsys.readouterr().err.count("\n"), [path.name for path in tmp_path.glob("report*")]) == (
        NO_RUN,
        1,
        [],
    )
