"""What was measured beside a mounted adapter is not believed once the code that mounts is another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module

import pytest

from harness.project import ROOT
from harness.store import digests

MOUNT = "harness.engines.mount"
FIXTURES = ROOT / "fixtures"
MOUNTING = {
    "requests": ("sheet",),
    "mounts": ("prove_mount", "four_bit_census"),
    "forgetting": ("forgotten",),
    "form_scores": ("trained_answers",),
    "gguf_requests": ("merged", "merge_proof"),
    "parity": ("reference_requests",),
    "again": ("_fresh_python",),
}
"""Module of fixtures -> its functions that ask the store for what a mounted adapter, or a base after one, was asked."""


def _coded(module: str, function: str) -> Iterator[tuple[str, ...]]:
    """The modules that each ``digests.of_code(...)`` within the function names."""
    tree = ast.parse((FIXTURES / f"{module}.py").read_text(encoding="utf-8"))
    named = vars(import_module(f"fixtures.{module}"))
    whole = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    for node in ast.walk(whole):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "digests.of_code":
            yield eval(f"({', '.join(map(ast.unparse, node.args))},)", dict(named))


@pytest.mark.parametrize(
    ("module", "function"), [(module, function) for module, functions in MOUNTING.items() for function in functions]
)
def test_the_code_that_mounts_is_part_of_the_key(module: str, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = list(_coded(module, function))
    before = [digests.of_code(*modules) for modules in named]
    real = digests._source_digest
    monkeypatch.setattr(digests, "_source_digest", lambda name: real(name) + ("changed" if name == MOUNT else ""))
    after = [digests.of_code(*modules) for modules in named]
    assert named
    assert all(one != other for one, other in zip(before, after, strict=True))
