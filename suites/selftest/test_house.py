"""The newcomer's page is true: every room and file that it names is there, and the contracts know the same rooms."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from harness.project import ROOT

PAGE = (ROOT / "harness" / "README.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w/]+\.(?:py|md))`", PAGE)))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_the_page_names_exists(name: str) -> None:
    assert (ROOT / name).is_file() or (ROOT / "harness" / name).is_file()


def test_the_page_and_the_contract_of_imports_know_the_same_rooms_in_the_same_order() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    rows = next(one["layers"] for one in contracts if one.get("containers") == ["harness"])
    table = re.findall(r"^\| ((?:`[\w./]+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    told = [sorted(name.strip("/").removesuffix(".py") for name in re.findall(r"`([\w./]+)`", row)) for row in table]
    assert told == [sorted(re.split(r" [|:] ", row)) for row in rows]


def test_every_folder_and_module_of_the_harness_is_a_room_of_the_page() -> None:
    named = {name.strip("/").removesuffix(".py") for name in re.findall(r"`([\w./]+)`", PAGE)}
    found = {
        path.stem
        for path in (ROOT / "harness").iterdir()
        if (path.is_dir() and path.name != "__pycache__") or (path.suffix == ".py" and path.stem != "__init__")
    }
    assert found <= named


def test_the_hooks_before_a_commit_are_the_commands_of_the_lint() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    lint = [line.replace("$(VENV)", ".venv").strip() for line in recipe.splitlines()[1:]]
    assert [one["entry"] for one in hooks] == [line.removesuffix(" .") for line in lint]
