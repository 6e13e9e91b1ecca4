"""Each thing that is promised to be one file and one line is added so to a copy of the project, and works there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from suites.tiny.child import ROOT, Finished, Line, environment

PARTS = ("harness", "training", "fixtures", "suites/release")
FILES = ("conftest.py", "pyproject.toml", "suites/__init__.py")


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of the project, free to be added to."""

    root: Path

    def add(self, name: str, text: str) -> None:
        """A new file."""
        path = self.root / name
        assert not path.exists(), f"{name} is there already"
        path.write_text(text, encoding="utf-8")

    def line(self, name: str, after: str, new: str, imported: str = "") -> None:
        """A line in a registry, behind the first one that holds `after`, and its import behind the last one."""
        path = self.root / name
        rows = path.read_text(encoding="utf-8").split("\n")
        at = next(number for number, row in enumerate(rows) if after in row)
        rows.insert(at + 1, new)
        if imported:
            last = max(number for number, row in enumerate(rows[:at]) if row.startswith("from __future__"))
            rows.insert(last + 1, imported)
        path.write_text("\n".join(rows), encoding="utf-8")

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={name: value for name, value in environment({}).items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def release(self, line: Line, run_id: str, *arguments: str) -> Finished:
        """``pytest`` on a release line with the project's own gates, for a part of them."""
        where = (f"--release={line.spec}", f"--out={line.out}", f"--run-id={run_id}", "--partial")
        config = ("-c", str(self.root / "pyproject.toml"), "-p", "no:cacheprovider")
        done = self.python("-m", "pytest", *config, *where, *arguments)
        run = line.out / "runs" / run_id
        assert (run / "verdict.json").is_file(), done.stdout + done.stderr
        return Finished(done.returncode, done.stdout + done.stderr, run, run)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    for part in PARTS:
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(ROOT / name, root / name)
    return Project(root)


BREVITY = '''\
"""Brevity: the answer is no longer than a reader's patience."""

from harness.metrics.metric import Metric

def short(item, answer, forms):
    return float(len(answer) < 400)


METRIC = Metric("brevity", "share", lambda item: not item.must_refuse, short)
'''

GATES_OF = """
import sys
from pathlib import Path
from harness import gates
from harness.spec import load
spec = load.load(Path(sys.argv[1]))
print([gate.id for gate in gates.expected(spec, {}) if gate.metric == "brevity"])
"""


def test_a_metric_is_gated_compared_with_the_earlier_release_and_between_forms(
    project: Project, spoilt: Line, green: Finished
) -> None:
    project.add("harness/metrics/brevity.py", BREVITY)
    project.line(
        "harness/metrics/registry.py", "coverage.METRIC,", "brevity.METRIC,", "from harness.metrics import brevity"
    )
    spoilt.edit("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, refused = 0.5, brevity = 0.5 }")
    spoilt.edit("[gates.bundle]", "[gates.gguf]\nblocking = false\n\n[gates.bundle]")
    told = project.python("-c", GATES_OF, str(spoilt.spec))
    assert told.stdout.strip() == str(
        [
            "eval.both.sea.brevity",
            "gguf.f16.brevity_not_lost",
            "gguf.q4.brevity_not_lost",
            "regression.both.brevity",
        ]
    ), told.stderr

    finished = project.release(
        spoilt,
        "a-metric",
        "suites/release",
        f"--against={green.release}",
        "-k",
        "brevity and not q4 and not f16",
        "--rescore",
    )
    judged = {name: finished.gate(name) for name in ("eval.both.sea.brevity", "regression.both.brevity")}
    assert {name: (gate["outcome"], gate["value"]) for name, gate in judged.items()} == {
        "eval.both.sea.brevity": ("passed", 1.0),
        "regression.both.brevity": ("passed", 0.0),
    }, finished.output


SHOUTING = '''\
"""Find questions that shout."""

from harness.dataset.check import ItemsCheck
from harness.dataset.findings import Finding

def _found(task, split, items, options):
    for item in items:
        if str(item.fields.get("question", "")).isupper():
            yield Finding(task.files[split], item.line, "question", "shouts; write it down", "shouted", 0, item.id)


CHECK = ItemsCheck(
    name="calm", holds="No question shouts.", kinds=frozenset({"shouted"}), findings=_found
)
'''


def test_a_data_check_has_its_gates_its_test_and_its_options(project: Project, spoilt: Line) -> None:
    project.add("harness/dataset/shouting.py", SHOUTING)
    project.line(
        "harness/dataset/registry.py", "duplicates.CHECK,", "shouting.CHECK,", "from harness.dataset import shouting"
    )
    path = spoilt.spec.parent / "train" / "sea.jsonl"
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    rows[2]["question"] = rows[2]["question"].upper()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def judged(run_id: str) -> tuple[Finished, dict[str, tuple[str, bool]]]:
        finished = project.release(spoilt, run_id, "suites/release/test_data.py", "-k", "test_calm and sea")
        found = (finished.gate(f"data.{split}-sea.calm") for split in ("train", "dev"))
        return finished, {gate["id"]: (gate["outcome"], gate["blocking"]) for gate in found}

    finished, outcomes = judged("a-check")
    assert outcomes == {"data.train-sea.calm": ("failed", True), "data.dev-sea.calm": ("passed", True)}
    assert "sea.jsonl:3: question: shouts; write it down" in finished.gate("data.train-sea.calm")["message"]

    spoilt.edit("[gates.data]", '[gates.data]\nadvisory = ["calm"]\nat_least = { calm = 0.9 }')
    assert judged("a-check-in-part")[1]["data.train-sea.calm"] == ("passed", False)
    spoilt.edit("at_least = { calm = 0.9 }", 'allow = ["shouted"]')
    assert judged("a-check-that-allows")[1]["data.train-sea.calm"] == ("passed", False)


AREA = '''\
"""Gates over the release's card: whoever gets the bundle can read what it is for."""

from harness.gates.gate import Gate


def expected(spec):
    yield Gate("card.release.named", "named", "release", blocking=True, metric="named")
'''

ITS_TEST = '''\
"""The card says what the release is for."""

from harness.statistics.measurement import Measurement


def test_named(spec, conclude):
    """The release has a name that is longer than a letter."""
    conclude(Measurement(float(len(spec.name) > 1), 1, sources={"spec": spec.digest}))
'''


@pytest.mark.parametrize(("name", "outcome"), [("tiny", "passed"), ("t", "failed")])
def test_a_gate_is_expected_judged_and_shown(project: Project, spoilt: Line, name: str, outcome: str) -> None:
    project.add("harness/gates/card.py", AREA)
    project.line("harness/gates/__init__.py", "AREAS = (", "    card,", "from harness.gates import card")
    project.add("suites/release/test_card.py", ITS_TEST)
    spoilt.edit('name = "tiny"', f'name = "{name}"')
    finished = project.release(spoilt, f"a-gate-{name}", "suites/release/test_card.py")
    assert finished.gate("card.release.named")["outcome"] == outcome, finished.output
    assert "### card gates" in (finished.run / "report.md").read_text(encoding="utf-8")


SECTION = '''\
"""The report's section on what the release cost."""

from harness.report.escape import bullets, cell


def blocks(document, prose, say):
    spent = document.get("durations", {})
    return [bullets(f"{cell(stage)}: {cell(seconds)} s" for stage, seconds in spent.items())]
'''


def test_a_report_section_stands_where_its_line_puts_it(project: Project, green: Finished, tmp_path: Path) -> None:
    project.add("harness/report/costs.py", SECTION)
    project.line(
        "harness/report/markdown.py", '"Data": ', '    "Costs": costs.blocks,', "from harness.report import costs"
    )
    again = shutil.copytree(green.run, tmp_path / green.run.name)
    done = project.python("-m", "harness.report", str(again))
    text = (again / "report.md").read_text(encoding="utf-8")
    titles = [row for row in text.split("\n") if row.startswith("## ")]
    assert titles[titles.index("## Data") + 1] == "## Costs", done.stderr
    assert "- whole run: " in text
    assert text.replace(text[text.index("## Costs") : text.index("## Backup")], "") == (
        green.run / "report.md"
    ).read_text(encoding="utf-8")
