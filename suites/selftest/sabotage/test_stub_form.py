"""A form that an installed package brings: one file and one entry point, and a release is judged and ships in it.

The package is a real one, a module and a .dist-info folder, on the path of a child process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from suites.selftest.forms import stub_form
from suites.tiny.child import ROOT, Finished, Line, release

STUB = Path(stub_form.__file__).read_text(encoding="utf-8")
POINT = "stub = stub_form:FORM"
LISTED = """
import json, sys
from harness.forms import registry
registry.refuse_faults()
print(json.dumps([[name, one.distribution, one.version] for name, one in registry.installed().items()]))
print(json.dumps(sorted({"torch", "transformers", "peft"} & set(sys.modules))))
"""


def install(site: Path, code: str = STUB, *points: str, version: str = "0.3") -> Path:
    """The stub as pip would leave it: its module, and a .dist-info with its entry points."""
    site.mkdir(exist_ok=True)
    (site / "stub_form.py").write_text(code, encoding="utf-8")
    info = site / f"stub_form-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: stub-form\nVersion: {version}\n", encoding="utf-8")
    lines = ["[greenrun.forms]", *(points or (POINT,)), ""]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return site


def deployed_as_stub(line: Line, folder: Path) -> Line:
    """The tiny line with one experiment and one adapter, deployed as the stub, with a store of its own."""
    copied = Line(line.copy(folder / "line").spec, folder / "out")
    text = copied.spec.read_text(encoding="utf-8")
    text = text.replace('deploy = "nf4"', 'deploy = "stub"')
    text = text.replace('[gates.bnb]\nblocking = true\nmounts = ["both"]\n', "")
    text = re.sub(r'\[\[experiments\]\]\nname = "long"\n.*\n.*\n', "", text)
    text = text.replace('[adapters.sea]\ntasks = ["sea"]\n', "")
    text = re.sub(r'\[\[gates\.eval\]\]\nadapter = "sea"\n(.+\n)+', "", text)
    copied.spec.write_text(text, encoding="utf-8")
    return copied


@pytest.fixture(scope="module")
def shipped(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("stub")
    site = install(folder / "site")
    return release(deployed_as_stub(line, folder), "green", env={"PYTHONPATH": str(site)}, timeout=900)


def test_a_release_is_judged_on_the_forms_own_answers_and_ships(shipped: Finished) -> None:
    assert shipped.status == 0, shipped.output
    assert shipped.verdict["verdict"] == "released"
    assert shipped.gate("eval.both.all.coverage")["outcome"] == "passed"
    assert shipped.gate("eval.both.sea.determinism")["outcome"] == "passed"
    assert (shipped.release / "adapter_both.tar.gz").is_file()


def test_every_answer_stands_under_a_key_that_names_the_form(shipped: Finished) -> None:
    manifests = (shipped.run.parent.parent / "store" / "answers").glob("*/manifest.json")
    keys = [json.loads(path.read_text(encoding="utf-8"))["key"] for path in manifests]
    assert keys
    assert {key["form"]["name"] for key in keys} == {"stub"}


def test_the_report_names_the_form_and_the_package_that_brought_it(shipped: Finished) -> None:
    form = shipped.verdict["model"]["form"]
    assert form == {"name": "stub", "distribution": "stub-form", "version": "0.3"}
    assert shipped.verdict["environment"]["versions"]["stub-form"] == "0.3"
    assert "stub" in (shipped.run / "report.md").read_text(encoding="utf-8")


def test_without_its_package_the_name_is_refused_with_those_that_there_are(line: Line, tmp_path: Path) -> None:
    finished = release(deployed_as_stub(line, tmp_path), "unknown", "--plan")
    assert finished.status == 4, finished.output
    assert "release.deploy: unknown form 'stub'; known: float32, gguf, nf4" in finished.output


def test_a_name_with_a_slip_is_answered_with_the_installed_one(line: Line, tmp_path: Path) -> None:
    copied = deployed_as_stub(line, tmp_path)
    copied.edit('deploy = "stub"', 'deploy = "stubb"')
    finished = release(copied, "slip", "--plan", env={"PYTHONPATH": str(install(tmp_path / "site"))})
    assert finished.status == 4, finished.output
    assert "release.deploy: unknown form 'stubb'; did you mean 'stub'?" in finished.output


def listed(site: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-c", LISTED], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_an_entry_point_adds_a_form_with_its_origin_and_nothing_heavy_is_imported(tmp_path: Path) -> None:
    done = listed(install(tmp_path / "site"))
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[["stub", "stub-form", "0.3"]], []], done.stderr


@pytest.mark.parametrize(
    ("code", "point", "told"),
    [
        pytest.param(
            STUB.replace('"stub"', '"nf4"'),
            "nf4 = stub_form:FORM",
            "its name is taken by greenrun itself; rename or uninstall one of them",
            id="name of one of our own",
        ),
        pytest.param(
            "import no_such_module",
            POINT,
            "ModuleNotFoundError: No module named 'no_such_module'; mend or uninstall the package",
            id="import fails",
        ),
        pytest.param(
            STUB,
            "stub = stub_form:Stub",
            "it is a ABCMeta; a harness.forms.form.Form is expected",
            id="the class and not the form",
        ),
        pytest.param(
            STUB, "stab = stub_form:FORM", "the form calls itself 'stub'; the names must be the same", id="another name"
        ),
        pytest.param(
            STUB.replace("def opened", "def open"),
            POINT,
            "TypeError: Can't instantiate abstract class Stub with abstract method opened; mend or uninstall the "
            "package",
            id="a method is missing",
        ),
        pytest.param(
            re.sub(r"    engine = .*\n", "", STUB),
            POINT,
            "it does not say which engine serves it; set its attribute engine",
            id="no engine",
        ),
        pytest.param(
            STUB.replace("stub_form:FORM", "elsewhere:FORM"),
            POINT,
            "another process would look for it at 'elsewhere:FORM'; set its attribute place to 'stub_form:FORM'",
            id="another place",
        ),
        pytest.param(
            STUB.replace("    engine =", '    measured_as = "q4"\n    engine ='),
            POINT,
            "it would stand as 'q4' in the table of forms; name it otherwise",
            id="the name of a file that gates judge",
        ),
        pytest.param(
            STUB.replace('"stub"', '"Stub.1"'),
            "Stub.1 = stub_form:FORM",
            "a form's name is lower-case letters, digits, - and _, and begins with a letter",
            id="a name that no spec should have",
        ),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, code: str, point: str, told: str
) -> None:
    done = listed(install(tmp_path / "site", code, point))
    name, _, value = point.partition(" = ")
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith(f"form {name} (greenrun.forms, {value}, of stub-form 0.3): {told}"), done.stderr


def test_a_release_does_not_begin_beside_a_broken_form(line: Line, tmp_path: Path) -> None:
    site = install(tmp_path / "site", "1 / 0")
    finished = release(line, "broken-form", "--plan", env={"PYTHONPATH": str(site)})
    assert finished.status == 4, finished.output
    assert "of stub-form 0.3): ZeroDivisionError: division by zero" in finished.output
    assert "Traceback" not in finished.output
