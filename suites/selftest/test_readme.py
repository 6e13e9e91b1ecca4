"""The README is true: its commands exist, its options are real, and CI runs the commands that take long."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from harness.options import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", README, re.MULTILINE)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("make ")])
def test_a_make_command_is_one_that_ci_runs(command: str) -> None:
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("pytest ")])
def test_a_pytest_command_is_understood(command: str) -> None:
    words = [word for word in command.split()[1:] if not word.startswith("--bundle")]
    arguments = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", *words, "--help"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)[=`]", README))))
def test_an_option_that_the_readme_names_exists(option: str, pytestconfig: pytest.Config) -> None:
    known = {flag for entry in pytestconfig._parser._anonymous.options for flag in entry.names()}
    known |= {flag for group in pytestconfig._parser._groups for entry in group.options for flag in entry.names()}
    assert option in known


def test_every_path_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`((?:harness|suites|data)/[\w./-]+)`", README))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
