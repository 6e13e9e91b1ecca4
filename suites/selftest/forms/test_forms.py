"""Deployed forms: nothing outside of their own files asks which one it is, and each says of itself what it needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from harness import gates
from harness.engines.workshop import Workshop
from harness.errors import BlockedError, EngineError, SpecError
from harness.forms import code, registry
from harness.forms.form import Form
from harness.forms.gguf import Gguf
from harness.project import ROOT
from harness.spec import load
from harness.spec.gates import BnbGates
from harness.spec.gguf import GgufGates
from harness.spec.objects import Base, Spec
from harness.store.artifact import Artifact, Request
from suites.tiny.child import Line

PLACES = sorted(
    path
    for folder in ("harness", "fixtures", "training", "suites/release")
    for path in (ROOT / folder).rglob("*.py")
    if (ROOT / "harness" / "forms") not in path.parents
)


def questions(source: str) -> Iterator[int]:
    """Lines that ask which form is deployed: a comparison, a membership, a lookup or a match on ``deploy``.

    To hold the forms of two specs against each other asks for none by its name.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [_is_deploy(side) for side in (node.left, *node.comparators)]
            if any(sides) and not all(sides):
                yield node.lineno
        elif (isinstance(node, ast.Subscript) and _is_deploy(node.slice)) or (
            isinstance(node, ast.Match) and _is_deploy(node.subject)
        ):
            yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            about = _is_deploy(node.args[0]) or _is_deploy(node.func.value)
            if about and node.func.attr in ("get", "startswith"):
                yield node.lineno


def _is_deploy(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "deploy") or (
        isinstance(node, ast.Name) and node.id == "deploy"
    )


@pytest.mark.parametrize(
    "source",
    [
        'if spec.deploy == "nf4": pass',
        'if "gguf" != run.spec.deploy: pass',
        "if spec.deploy in FORMS: pass",
        "if deploy not in ('nf4', 'gguf'): pass",
        "FORMS[spec.deploy]",
        "FORMS.get(spec.deploy)",
        'spec.deploy.startswith("n")',
        'match spec.deploy:\n    case "nf4": pass',
    ],
)
def test_a_question_for_the_deployed_form_is_seen(source: str) -> None:
    assert list(questions(source)) == [1]


@pytest.mark.parametrize("source", ["if deploy != spec.deploy: pass", 'f"deployed as {spec.deploy}"'])
def test_what_asks_for_no_form_is_let_pass(source: str) -> None:
    assert list(questions(source)) == []


def test_nothing_but_the_forms_asks_which_form_is_deployed() -> None:
    assert PLACES
    found = {
        str(path.relative_to(ROOT)): lines
        for path in PLACES
        if (lines := list(questions(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize("name", list(registry.OWN))
def test_a_form_is_found_under_its_name_and_says_what_serves_it(name: str) -> None:
    form = registry.FORMS[name]
    assert form.name == name
    assert form.engine
    assert (ROOT / "harness" / "forms" / f"{name}.py").is_file()


@pytest.fixture
def spec(line: Line) -> Spec:
    return load.load(line.spec)


@pytest.mark.parametrize(("name", "mend"), [("nf5", "did you mean 'nf4'?"), ("floats32", "did you mean 'float32'?")])
def test_an_unknown_form_is_refused_with_the_nearest(spec: Spec, name: str, mend: str) -> None:
    with pytest.raises(SpecError, match=r"release\.deploy: unknown form") as caught:
        gates.expected(replace(spec, deploy=name))
    assert mend in str(caught.value)


@pytest.mark.parametrize(
    ("name", "tables", "told"),
    [
        ("float32", {"bnb": BnbGates()}, ["gates.bnb"]),
        ("gguf", {"bnb": BnbGates(), "gguf": GgufGates()}, ["gates.bnb"]),
        ("gguf", {"bnb": None, "gguf": None}, ["gates.gguf"]),
        ("gguf", {"bnb": BnbGates(), "gguf": None}, ["gates.gguf", "gates.bnb"]),
    ],
)
def test_tables_that_do_not_fit_the_form_are_refused_together(
    spec: Spec, name: str, tables: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(SpecError) as caught:
        gates.expected(replace(spec, deploy=name, gates=replace(spec.gates, **tables)))
    assert [key for key, _ in caught.value.told] == told


def _nothing(wanted: list[Request]) -> NoReturn:
    raise BlockedError("nothing is built here")


def _no_toolchain() -> NoReturn:
    raise BlockedError("no llama.cpp")


def shop_of(form: Form, spec: Spec, folder: Path) -> Workshop:
    base = Artifact("base", "", "0" * 64, folder, "", 0.0, reused=True)
    return Workshop(spec, base, _nothing, form.weights, _no_toolchain)


class Foreign(Gguf):
    """A form whose answers are made by a module outside of the project."""

    name = "foreign"
    code = ("foreign_answers",)


def test_the_code_of_a_package_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "foreign_answers.py").write_text("ANSWER = 1\n", encoding="utf-8")
    before = code.digest_of(Foreign())
    assert code.digest_of(Foreign()) == before
    (tmp_path / "foreign_answers.py").write_text("ANSWER = 2\n", encoding="utf-8")
    assert code.digest_of(Foreign()) != before


def test_code_that_cannot_be_found_is_an_error_and_no_key() -> None:
    with pytest.raises(EngineError, match="form foreign: its code names the module foreign_answers, which has no file"):
        code.digest_of(Foreign())


@pytest.mark.parametrize(
    ("name", "options", "source", "rounds"),
    [
        ("nf4", "merged", "path:base", True),
        ("float32", "merged", "path:base", False),
        ("gguf", "merged", "path:base", False),
        ("gguf", "apart", "path:base", True),
        ("gguf", "apart", "path:base.gguf", False),
    ],
)
def test_adapters_are_trained_on_the_bases_own_weights_unless_the_form_rounds_them(
    spec: Spec, tmp_path: Path, name: str, options: Any, source: str, rounds: bool
) -> None:
    form = registry.FORMS[name]
    asked = replace(
        spec, deploy=name, gates=replace(spec.gates, gguf=GgufGates(adapter=options)), base=Base(source, "sha256:0")
    )
    shop = shop_of(form, asked, tmp_path)
    assert form.rounds(asked) is rounds
    if not rounds:
        assert shop.weights is shop.base
        return
    with pytest.raises(BlockedError):  # they have to be made
        _ = shop.weights


def test_a_form_without_a_torch_module_says_so_to_who_would_look_inside(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"gguf: llama\.cpp shows no torch module"):
        registry.FORMS["gguf"].bare_model(tmp_path, 1)
