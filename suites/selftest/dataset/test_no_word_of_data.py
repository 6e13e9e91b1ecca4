"""The harness, the training and the fixtures know no word of a release line: its kinds and tasks are the spec's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.project import ROOT

WORDS = frozenset({"graded", "no-notes", "no-brief", "off-notes", "thin-brief", "look-alike", "style", "writing"})
FILES = sorted(path for room in ("harness", "training", "fixtures") for path in (ROOT / room).rglob("*.py"))


def constants(tree: ast.AST) -> Iterator[str]:
    """Every text constant of a module's code. Docstrings are left out, since code does not act upon them."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def words_of_data(source: str) -> set[str]:
    """The task and kind names of the shipped data that stand in a module's constants."""
    return {
        word
        for text in constants(ast.parse(source))
        for word in WORDS & set(re.split(r"[^\w-]+", text))
        if len(text.split()) == 1
    }


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 150


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_names_a_kind_or_a_task_of_the_demonstration(path: Path) -> None:
    assert words_of_data(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "source",
    [
        'if item.kind == "graded": ...',
        'KINDS = frozenset({"plain", "look-alike"})',
        'path = folder / "train/style.jsonl"',
        'name = f"data/{split}/writing.jsonl"',
        'match kind:\n    case "no-notes": ...',
    ],
)
def test_a_word_of_the_demonstration_is_found_wherever_code_holds_it(source: str) -> None:
    assert words_of_data(source)


@pytest.mark.parametrize("source", ['"""Where graded is said in prose."""', 'text = "one style of writing"'])
def test_prose_may_say_anything(source: str) -> None:
    assert words_of_data(source) == set()
