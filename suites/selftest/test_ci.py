"""What CI services are given: recipes that hold, a summary within its limit, annotations at the right line, SARIF, and
JUnit by the schema of Jenkins."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from harness.dataset import findings
from harness.dataset.findings import Finding
from harness.project import ROOT
from harness.report import annotations, ci, junit, sarif, step_summary
from suites.selftest.report.hostile_text import hostile, hostile_paper, many
from suites.selftest.report.small_run import GATES, build, journal
from suites.tiny import line as tiny

RECIPES = sorted((ROOT / "docs" / "ci").iterdir())
SPEC = tiny.SPEC.format(pin="0" * 64, tasks='[tasks.sea]\nschema = "record.schema.json"\n')
SHOWN = ("junit.xml", "verdict.json", "report.html", "findings.sarif")


def red(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "outcome": "failed", "blocking": True, "message": f"{name}: failed", **more}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_releases_by_a_command_that_exists_and_keeps_what_reviewers_and_regression_need(
    path: Path, pytestconfig: pytest.Config
) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"make release ARGS=", text)
    groups = [pytestconfig._parser._anonymous, *pytestconfig._parser._groups]
    known = {flag for group in groups for entry in group.options for flag in entry.names()}
    (arguments,) = re.findall(r'ARGS="([^"]*)"', text)
    assert {word.partition("=")[0] for word in arguments.split() if word.startswith("--")} <= known
    assert all(re.search(rf"run\w*/[^\s,]*{re.escape(name)}", text) for name in SHOWN)
    assert re.search(r"releases/\*-ci_|-ci_", text)
    beside = re.search(r"OUT\W+.*\.\./greenrun-out", text)
    assert beside or {"out/store/", "out/releases/"} <= set(re.findall(r"- (out/\w+/)", text))


@pytest.mark.parametrize("path", [one for one in RECIPES if one.suffix == ".yml"], ids=lambda path: path.name)
def test_a_yaml_recipe_parses_and_its_scripts_are_shell(path: Path) -> None:
    parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = parsed["jobs"]["release"]["steps"] if "jobs" in parsed else []
    scripts = [step["run"] for step in steps if "run" in step] or parsed["release"]["script"]
    for script in scripts:
        plain = re.sub(r"\$\{\{[^}]*\}\}", "1", script)
        subprocess.run(["bash", "-n"], input=plain, text=True, check=True)
    if steps:
        assert all(step.get("if") == "always()" for step in steps[2:])


def test_the_jenkinsfile_is_balanced_and_publishes_whatever_happened() -> None:
    text = (ROOT / "docs" / "ci" / "Jenkinsfile").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    assert re.search(r"post\s*\{\s*always\s*\{.*junit '", text, re.DOTALL)


@many
@given(hostile, st.integers(2000, 20000))
def test_a_summary_fits_and_holds_no_markup_of_others(text: str, room: int) -> None:
    told = step_summary.render(hostile_paper(text), ["out/report.html"], room)
    assert len(told.encode()) <= room
    rows = [row for row in told.splitlines() if row.startswith("| ")]
    assert all(row.count("|") == 5 for row in rows)
    assert "<" not in told


def test_a_summary_has_red_gates_first_and_counts_what_found_no_room() -> None:
    paper = build(journal(mount="failed", data="inconclusive"))
    told = step_summary.render(paper, ["out/runs/run_1/report.html"])
    assert told.startswith("## REFUSED: demo, run run&#95;1")
    assert "report.html" in told
    ids = [GATES[name].id.replace("_", "&#95;") for name in ("mount", "data", "candidate")]
    assert [told.index(one) for one in ids] == sorted(told.index(one) for one in ids)
    many_gates = {**paper, "gates": paper["gates"] * 4000}
    cut = step_summary.render(many_gates, [])
    assert step_summary.LIMIT // 2 < len(cut.encode()) <= step_summary.LIMIT
    assert re.search(r"\d+ more gates: see the report", cut)


def test_an_annotation_stands_on_the_line_of_its_threshold() -> None:
    gates = [red("eval.both.sea.refused"), red("parity.both.sea.coverage", blocking=False), red("eval.both.forgetting")]
    told = list(annotations.render({"gates": gates}, SPEC, "data/release.toml"))
    lines = SPEC.splitlines()
    found = [(one.split(" ")[0], lines[int(re.findall(r"line=(\d+)", one)[0]) - 1]) for one in told]
    assert found == [
        ("::error", "above = { coverage = 0.5, refused = 0.5 }"),
        ("::error", "[gates.forgetting]"),
        ("::warning", "above = { coverage = 0.5 }"),
    ]


@many
@given(hostile)
def test_an_annotation_is_one_line_whatever_its_message(text: str) -> None:
    (told,) = annotations.render({"gates": [red("eval.a.b.c", message=text)]}, SPEC, "a,b:c.toml")
    assert len(told.splitlines()) == 1
    assert told.startswith("::error file=a%2Cb%3Ac.toml,line=")


def test_a_job_is_told_where_its_environment_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text(json.dumps(build(journal(mount="failed"))))
    (tmp_path / "release.toml").write_text(SPEC)
    spec = SimpleNamespace(path=tmp_path / "release.toml", name="demo")
    run = cast(Any, SimpleNamespace(folder=tmp_path, out=tmp_path / "out", id="run_1", spec=spec))
    assert list(ci.tell(run, {})) == []
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(tmp_path)}
    (told,) = ci.tell(run, github)
    assert told.startswith("::error file=release.toml,line=")
    assert summary.read_text().startswith("before\n## REFUSED")
    (warned,) = ci.tell(run, {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "folder")})
    assert warned.startswith("warning: the CI service was not told")


def test_findings_are_sarif_with_line_rule_and_level(tmp_path: Path) -> None:
    here = ROOT / "data" / "a b.jsonl"
    found = [Finding(here, 3, "topic", "is <empty>", "empty-field", 7), Finding(tmp_path / "x.jsonl", 0, "", "gone")]
    findings.write(
        tmp_path / "findings" / "data.train-sea.fields.jsonl", "data.train-sea.fields", findings.tally(found)
    )
    sarif.write(tmp_path, {"data.train-sea.fields": False}, ROOT)
    document = json.loads((tmp_path / "findings.sarif").read_text())
    assert (document["version"], document["$schema"]) == ("2.1.0", sarif.SCHEMA)
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    first, second = run["results"]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    assert (first["level"], first["message"]["text"]) == ("warning", "topic: is <empty>")
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "data/a%20b.jsonl"
    assert physical["region"] == {"startLine": 3, "startColumn": 7}
    assert "region" not in second["locations"][0]["physicalLocation"]


def test_nothing_found_is_a_file_without_results_and_not_no_file(tmp_path: Path) -> None:
    sarif.write(tmp_path, {}, ROOT)
    assert json.loads((tmp_path / "findings.sarif").read_text())["runs"][0]["results"] == []


JENKINS = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {
            "name",
            "tests",
            "failures",
            "errors",
            "time",
            "disabled",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
        },
        {"name"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "assertions", "time", "classname", "status", "class", "file", "line"},
        {"name"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
    "skipped": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}
"""Element -> attributes it may have, attributes it must have, elements it may hold: jenkins-junit.xsd of the xUnit
plugin."""


@many
@given(hostile)
def test_junit_is_valid_by_the_schema_of_jenkins(tmp_path: Path, text: str) -> None:
    junit.write(hostile_paper(text), tmp_path / "junit.xml")
    for element in ElementTree.parse(tmp_path / "junit.xml").iter():
        may, must, inside = JENKINS[element.tag]
        assert must <= element.attrib.keys() <= may
        assert {child.tag for child in element} <= inside
        assert all(float(element.get(name) or 0) >= 0 for name in ("time", "tests", "failures", "errors"))


def test_junit_is_read_back_by_a_reader_of_others(tmp_path: Path) -> None:
    junit.write(build(journal(mount="failed", data="error", single="failed")), tmp_path / "junit.xml")
    (suite,) = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (8, 2, 1, 1)
    kinds = {case.name: [type(one) for one in case.result] for case in suite}
    assert kinds[GATES["mount"].id] == [Failure]
    assert kinds[GATES["data"].id] == [Error]
    assert kinds[GATES["single"].id] == [Skipped]
