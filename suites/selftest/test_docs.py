"""The pages in docs/ are true: commands, options, paths and examples in them exist, and the README names them."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import FunctionType, SimpleNamespace

import pytest

from harness.new.__main__ import parser
from harness.project import ROOT
from harness.statistics.measurement import Measurement
from harness.store.artifact import Artifact

WALKED = ("first-release", "new", "red-run", "extending", "statistics", "threats")
PAGES = [ROOT / "docs" / f"{name}.md" for name in WALKED]
PLACES = ("harness", "suites", "docs", "data", "training", "fixtures")
MADE = ("data/mine",)
"""Made by a command of the page itself."""


def commands(page: Path) -> list[str]:
    return re.findall(r"^\s*\$ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def known_options(config: pytest.Config) -> set[str]:
    """Of pytest, and of the commands that the pages give."""
    groups = [config._parser._anonymous, *config._parser._groups]
    own = {flag for entry in parser()._actions for flag in entry.option_strings}
    return own | {flag for group in groups for entry in group.options for flag in entry.names()}


def exists(path: str) -> bool:
    return path.startswith(MADE) or (ROOT / path).exists()


@pytest.mark.parametrize("command", sorted({one for page in PAGES for one in commands(page)}))
def test_a_command_of_the_pages_can_be_given(command: str, pytestconfig: pytest.Config) -> None:
    program, *words = command.split()
    if program == "make":
        assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    elif program == "pytest":
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert options - {"-n"} <= known_options(pytestconfig)
        assert all(exists(word) for word in words if word.startswith("suites"))
        assert all(exists(word.partition("=")[2]) for word in words if word.startswith("--release="))
    elif program == "python":
        assert words[0] == "-m"
        assert importlib.util.find_spec(words[1]) is not None
    else:
        assert program == "cp"
        assert all(exists(word) for word in words if not word.startswith("-"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_options_paths_and_modules_of_a_page_exist(page: Path, pytestconfig: pytest.Config) -> None:
    text = page.read_text(encoding="utf-8")
    options = set(re.findall(r"`(--[a-z-]+)[=`]", text))
    assert options <= known_options(pytestconfig)
    paths = set(re.findall(rf"`((?:{'|'.join(PLACES)})/[\w./-]+)`", text))
    assert [path for path in sorted(paths) if not exists(path)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_python_example_of_a_page_parses_and_imports_what_exists(page: Path) -> None:
    for example in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        tree = ast.parse(example)
        for one in ast.walk(tree):
            if isinstance(one, ast.ImportFrom):
                module = importlib.import_module(str(one.module))
                assert all(hasattr(module, name.name) for name in one.names)


def test_every_page_is_named_by_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"docs/{page.name}" not in readme] == []


def example(defined: str) -> dict[str, object]:
    """What the example of docs/extending.md that defines this name defines."""
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    [source] = [
        one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if re.search(defined, one, re.MULTILINE)
    ]
    module: dict[str, object] = {}
    exec(compile(source, "extending.md", "exec"), module)
    return module


def test_the_example_of_a_metric_scores() -> None:
    module = example("^METRIC")
    assert module["METRIC"].name == "brevity"  # type: ignore[attr-defined]
    assert module["short"](None, "x" * 500, None) == 0.0  # type: ignore[operator]


def test_the_example_of_a_gates_test_concludes_what_it_measured() -> None:
    test = example("^def test_short")["test_short"]
    assert isinstance(test, FunctionType)
    adapter = Artifact("adapter", "both", "a" * 64, ROOT, "", 0.0, reused=True)
    said = {"sea-1": "high", "sea-2": "x" * 500}
    concluded: list[Measurement] = []
    test(
        SimpleNamespace(adapter="both", task="sea", split="benchmark"),
        SimpleNamespace(adapter=lambda name: adapter),
        SimpleNamespace(texts=lambda *asked: said),
        concluded.append,
    )
    assert [(one.value, one.n, one.sources) for one in concluded] == [(0.5, 2, {"adapter": "a" * 64})]
