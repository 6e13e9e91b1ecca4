"""The README is true: its commands exist, its options are real, and CI runs the commands that take long."""

from __future__ import annotations

import re

import pytest

from harness.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", README, re.MULTILINE)


def known_options(config: pytest.Config) -> set[str]:
    groups = [config._parser._anonymous, *config._parser._groups]
    return {flag for group in groups for entry in group.options for flag in entry.names()}


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("make ")])
def test_a_make_command_is_one_that_ci_runs(command: str) -> None:
    assert re.search(rf"\b{command}\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("pytest ")])
def test_a_pytest_command_names_a_suite_and_known_options(command: str, pytestconfig: pytest.Config) -> None:
    words = command.split()[1:]
    suites, options = [w for w in words if not w.startswith("-")], {w.partition("=")[0] for w in words if w[0] == "-"}
    assert all((ROOT / suite).is_dir() for suite in suites)
    assert options <= known_options(pytestconfig)


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)[=`]", README))))
def test_an_option_that_the_readme_names_exists(option: str, pytestconfig: pytest.Config) -> None:
    assert option in known_options(pytestconfig)


def test_every_path_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`((?:harness|suites|data)/[\w./-]+)`", README))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_of_exit_status_0_it_says_one_thing_with_the_option_that_is_the_exception(pytestconfig: pytest.Config) -> None:
    """Once it said that nothing but a release exits 0, and that `--partial` does."""
    claims = [text for text in re.split(r"(?<=[.:;])\s", " ".join(README.split())) if "nothing else does" in text]
    assert claims == ["Exit status 0 of a run that decides means released, and nothing else does:"]
    assert "with `--partial`, decides nothing: it has pytest's own status, which may be 0" in " ".join(README.split())
    groups = [pytestconfig._parser._anonymous, *pytestconfig._parser._groups]
    (partial,) = [entry for group in groups for entry in group.options if "--partial" in entry.names()]
    assert "pytest's own exit status, and the verdict incomplete" in str(partial.attrs()["help"])


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z0-9-]+)", README))
    assert [target for target in sorted(named) if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
