"""Metrics of installed packages: found, named with their version, and refused in words where they cannot be used.

Each package is a real one, a module and a .dist-info folder, on the path of a child process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import metrics
from harness.dataset.item import Item
from harness.gates.entry import every
from harness.gates.records import MetricOrigins
from harness.metrics.metric import Metric, score_of
from harness.run.journal import read
from suites.tiny.child import ROOT, Line, release

BREVITY = """
from harness.metrics import Metric

def brevity(item, answer, forms):
    return float(0 < len(answer) < 1000)

BREVITY = Metric("brevity", "share", lambda item: not item.must_refuse, brevity)
"""

SETTLED = """
from dataclasses import dataclass
from harness.metrics import Metric, Settings

@dataclass(frozen=True)
class Most(Settings):
    most: int

def brevity(item, answer, forms):
    return float(0 < len(answer) <= forms.of("brevity", Most).most)

BREVITY = Metric("brevity", "share", lambda item: not item.must_refuse, brevity, looks_at="form", settings=Most)
"""

SCORED = """
import json
from pathlib import Path
from harness import gates, metrics
from harness.dataset import checks
from harness.spec import load
spec = load.load(Path("SPEC"))
gates.expected(spec)
forms, metric = metrics.forms_of(spec.tasks), metrics.METRICS["brevity"]
items = [item for task in spec.tasks.values() for item in checks.items_of(task, "dev")]
own = metrics.concerned(metric, items, forms)
given = [metrics.score_of(metric, own[0], text, forms["sea"]) for text in ("short", "longer")]
print(json.dumps([given, sorted({item.task for item in own})]))
"""

LISTED = """
import json
from harness.metrics import registry
registry.refuse_faults()
print(json.dumps([[name, one.distribution, one.version] for name, one in registry.installed().items()]))
"""


def install(site: Path, module: str, code: str, *points: str, version: str = "1.2.0") -> Path:
    """A package as pip would leave it: its module, and a .dist-info with its entry points."""
    site.mkdir(exist_ok=True)
    (site / f"{module}.py").write_text(code, encoding="utf-8")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    name = module.replace("_", "-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("\n".join(["[greenrun.metrics]", *points, ""]), encoding="utf-8")
    return site


def listed(site: Path, code: str = LISTED) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_an_entry_point_adds_a_metric_with_its_origin(tmp_path: Path) -> None:
    done = listed(install(tmp_path / "site", "acme_metrics", BREVITY, "brevity = acme_metrics:BREVITY"))
    assert json.loads(done.stdout) == [["brevity", "acme-metrics", "1.2.0"]], done.stderr


def test_a_metric_is_found_also_where_its_own_package_was_imported_first(tmp_path: Path) -> None:
    site = install(tmp_path / "site", "acme_metrics", BREVITY, "brevity = acme_metrics:BREVITY")
    done = listed(site, f"import acme_metrics\n{LISTED}")
    assert json.loads(done.stdout) == [["brevity", "acme-metrics", "1.2.0"]], done.stderr


@pytest.mark.parametrize(
    ("code", "point", "told"),
    [
        pytest.param(
            BREVITY.replace('"brevity"', '"coverage"'),
            "coverage = acme_metrics:BREVITY",
            "its name is taken by greenrun itself; rename or uninstall one of them",
            id="name of one of our own",
        ),
        pytest.param(
            "import no_such_module",
            "brevity = acme_metrics:BREVITY",
            "ModuleNotFoundError: No module named 'no_such_module'; mend or uninstall the package",
            id="import fails",
        ),
        pytest.param(
            BREVITY,
            "brevity = acme_metrics:LENGTH",
            "AttributeError: module 'acme_metrics' has no attribute 'LENGTH'; mend or uninstall the package",
            id="no such attribute",
        ),
        pytest.param(
            "BREVITY = len",
            "brevity = acme_metrics:BREVITY",
            "it is a builtin_function_or_method; a harness.metrics.Metric is expected",
            id="no metric",
        ),
        pytest.param(
            BREVITY,
            "shortness = acme_metrics:BREVITY",
            "the metric calls itself 'brevity'; the names must be the same",
            id="another name",
        ),
        pytest.param(
            BREVITY.replace('"share"', '"ratio"'),
            "brevity = acme_metrics:BREVITY",
            "its kind is 'ratio'; 'share' or 'mean' is expected",
            id="unknown kind",
        ),
        pytest.param(
            BREVITY.replace("brevity)", 'brevity, looks_at="words")'),
            "brevity = acme_metrics:BREVITY",
            "it looks at 'words'; 'content' or 'form' is expected",
            id="looks at nothing known",
        ),
        pytest.param(
            BREVITY.replace("brevity)", "brevity, settings=dict)"),
            "brevity = acme_metrics:BREVITY",
            "its settings are <class 'dict'>; a subclass of harness.metrics.Settings is expected",
            id="settings of another kind",
        ),
        pytest.param(
            BREVITY.replace('"brevity"', '"Short.1"'),
            "Short.1 = acme_metrics:BREVITY",
            "a metric's name is lower-case letters, digits, - and _, and begins with a letter",
            id="a name that no gate can have",
        ),
    ],
)
def test_a_metric_that_cannot_be_used_is_refused_with_its_package(
    tmp_path: Path, code: str, point: str, told: str
) -> None:
    done = listed(install(tmp_path / "site", "acme_metrics", code, point))
    name, _, value = point.partition(" = ")
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith(f"metric {name} (greenrun.metrics, {value}, of acme-metrics 1.2.0): {told}"), done.stderr


def test_an_installed_metric_may_have_settings_that_a_task_declares(line: Line, tmp_path: Path) -> None:
    site = install(tmp_path / "site", "acme_metrics", SETTLED, "brevity = acme_metrics:BREVITY")
    own = line.copy(tmp_path / "line")
    own.edit("[adapters.sea]", "[tasks.sea.metrics.brevity]\nmost = 5\n\n[adapters.sea]")
    done = listed(site, SCORED.replace("SPEC", str(own.spec)))
    assert json.loads(done.stdout) == [[1.0, 0.0], ["sea"]], done.stderr
    own.edit("most = 5", "least = 5")
    refused = listed(site, SCORED.replace("SPEC", str(own.spec)))
    assert "tasks.sea.metrics.brevity.least: unknown key; did you mean 'most'?" in refused.stderr.replace("known: ", "")


def test_two_packages_with_one_name_are_refused_with_both(tmp_path: Path) -> None:
    site = install(tmp_path / "site", "acme_metrics", BREVITY, "brevity = acme_metrics:BREVITY")
    done = listed(install(site, "zeta_metrics", BREVITY, "brevity = zeta_metrics:BREVITY", version="3"))
    last = done.stderr.strip().splitlines()[-1]
    assert "of zeta-metrics 3" in last, done.stderr
    assert last.endswith("its name is taken by acme-metrics 1.2.0; rename or uninstall one of them"), done.stderr


def test_a_release_does_not_begin_with_a_broken_metric(line: Line, tmp_path: Path) -> None:
    site = install(tmp_path / "site", "acme_metrics", "1 / 0", "brevity = acme_metrics:BREVITY")
    finished = release(line, "broken-metric", "--plan", env={"PYTHONPATH": str(site)})
    assert finished.status == 4, finished.output
    assert "of acme-metrics 1.2.0): ZeroDivisionError: division by zero" in finished.output
    assert "Traceback" not in finished.output


def test_a_threshold_on_an_installed_metric_is_a_gate_and_its_origin_is_journalled(line: Line, tmp_path: Path) -> None:
    site = install(tmp_path / "site", "acme_metrics", BREVITY, "brevity = acme_metrics:BREVITY")
    own = line.copy(tmp_path / "line")
    own.edit(
        "[gates.data]", '[[gates.eval]]\nadapter = "both"\ntask = "sea"\nabove = { brevity = 0.5 }\n\n[gates.data]'
    )
    finished = release(own, "installed-metric", "--partial", "-k", "test_parse", env={"PYTHONPATH": str(site)})
    assert finished.gate("eval.both.sea.brevity")["rule"] == "lower_bound", finished.output
    assert finished.verdict["environment"]["versions"]["acme-metrics"] == "1.2.0"
    (journalled,) = every(read(finished.run / "evidence"), MetricOrigins)
    assert journalled.metrics == [
        {"name": "brevity", "kind": "share", "distribution": "acme-metrics", "version": "1.2.0"}
    ]


def _metric(given: Any) -> Metric:
    return Metric("brevity", "share", lambda item: True, lambda item, answer, forms: given)


@pytest.mark.parametrize("given", [1.5, -0.1, float("nan"), None, "1.0"])
def test_what_is_no_score_is_an_error_and_never_a_value(given: Any) -> None:
    item = Item("i1", "sea", "plain", "tides", (), "", (), 1)
    with pytest.raises(metrics.MetricError, match=r"brevity gave .* for i1; a number from 0 to 1 is expected"):
        score_of(_metric(given), item, "text", metrics.Forms("", ""))


def test_a_metric_that_fails_is_named_with_the_item() -> None:
    def fails(item: Item, answer: str, forms: metrics.Forms) -> float:
        raise ZeroDivisionError("no words")

    item = Item("i1", "sea", "plain", "tides", (), "", (), 1)
    with pytest.raises(metrics.MetricError, match=r"brevity failed on i1: ZeroDivisionError: no words"):
        score_of(Metric("brevity", "share", lambda item: True, fails), item, "text", metrics.Forms("", ""))
