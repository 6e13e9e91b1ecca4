"""What was measured beside a mounted adapter is not believed once the code that mounts is another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from harness.forms import code, float32, nf4
from harness.forms.mounted import Mounted
from harness.store import digests

MOUNT = "harness.engines.mount"
MOUNTING = {
    "fixtures.mounts": ("prove", "census"),
    "fixtures.forgetting": ("_request",),
    "fixtures.form_scores": ("_as_trained",),
    "fixtures.gguf_builds": ("merge_proof",),
    "fixtures.forms": ("_reference_requests",),
    "harness.gguf.requests": ("merged",),
}
"""Module -> its functions or methods that ask the store for what a mounted adapter, or a base after one, was asked."""
OF_THE_FORM = {
    "fixtures.builds": ("sheet",),
    "fixtures.mounts": ("prove", "census"),
    "fixtures.forgetting": ("_request",),
    "fixtures.forms": ("served",),
}
"""Module -> its functions or methods whose keys hold the code that a form answers with."""


def _calls(module: str, function: str, called: str) -> list[ast.Call]:
    """The calls of ``called(...)`` within the function, or the method of whatever class of the module has one."""
    source = Path(str(import_module(module).__file__)).read_text(encoding="utf-8")
    tree = ast.parse(source)
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    [whole] = [n for body in bodies for n in body if isinstance(n, ast.FunctionDef) and n.name == function]
    return [node for node in ast.walk(whole) if isinstance(node, ast.Call) and ast.unparse(node.func) == called]


def _coded(module: str, function: str) -> Iterator[tuple[str, ...]]:
    """The modules that each ``digests.of_code(...)`` within the function names."""
    named = vars(import_module(module))
    for node in _calls(module, function, "digests.of_code"):
        yield eval(f"({', '.join(map(ast.unparse, node.args))},)", dict(named))


def change_the_mounting(monkeypatch: pytest.MonkeyPatch) -> None:
    real = digests._source_digest
    monkeypatch.setattr(digests, "_source_digest", lambda name: real(name) + ("changed" if name == MOUNT else ""))


@pytest.mark.parametrize(
    ("module", "function"), [(module, function) for module, functions in MOUNTING.items() for function in functions]
)
def test_the_code_that_mounts_is_part_of_the_key(module: str, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = list(_coded(module, function))
    before = [digests.of_code(*modules) for modules in named]
    change_the_mounting(monkeypatch)
    after = [digests.of_code(*modules) for modules in named]
    assert named
    assert all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("module", "function"), [(module, function) for module, functions in OF_THE_FORM.items() for function in functions]
)
def test_the_code_that_a_form_answers_with_is_part_of_the_key(module: str, function: str) -> None:
    assert _calls(module, function, "code.digest_of")


@pytest.mark.parametrize("form", [nf4.FORM, float32.FORM], ids=lambda form: form.name)
def test_the_code_that_mounts_is_part_of_what_a_form_answers_with(
    form: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code.digest_of(form)
    change_the_mounting(monkeypatch)
    assert code.digest_of(form) != before
