"""Options and receipt of a verification: ``pytest suites/verify --bundle DIR``.

The receipt is written beside the bundle, as ``DIR.receipt.json``: inside, it would be a file too many.
It says "verified" only where every check was made and passed; checks left out with ``-k`` refuse it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.releases import bundle

FOLDER = pytest.StashKey[Path]()
PROBLEMS = pytest.StashKey[list[str]]()
PASSED = pytest.StashKey[set[str]]()
RECEIPT = pytest.StashKey[str]()
"""The receipt as one line for the terminal."""


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--bundle")
    if given is None:
        raise pytest.UsageError("suites/verify needs --bundle DIR: the folder of a transferred release")
    # Not resolved: where DIR is a link, the receipt belongs beside it as the caller named it.
    folder = Path(os.path.abspath(config.invocation_params.dir / given))
    if not folder.is_dir():
        raise pytest.UsageError(f"--bundle: there is no folder {given}")
    config.stash[FOLDER] = folder
    config.stash[PROBLEMS] = []
    config.stash[PASSED] = set()
    config.pluginmanager.register(Notary(config), "greenrun-notary")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``archive`` to a test that asks for it: each adapter archive of the bundle by its name."""
    if "archive" in metafunc.fixturenames:
        metafunc.parametrize("archive", bundle.archives(metafunc.config.stash[FOLDER]))


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest) -> Path:
    """The bundle that ``--bundle`` names."""
    return request.config.stash[FOLDER]


def checks(folder: Path) -> list[str]:
    """Names of the tests that a bundle must pass."""
    each = [f"test_archive_holds_a_sound_adapter[{name}]" for name in bundle.archives(folder)]
    whole = ("files_are_those_of_the_checksums", "verdict_released_these_adapters", "judged_items_bear_the_verdict_out")
    return [*(f"test_{name}" for name in whole), *each]


class Notary:
    """Watches the checks and writes the receipt; in the main process only, where xdist reports to."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("::")[2]
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message.removeprefix("Failed: ") if crash is not None else report.longreprtext
            self.config.stash[PROBLEMS].extend(f"{name}: {line}" for line in text.splitlines() if line.strip())
            self.config.stash[PASSED].discard(name)
        elif report.when == "call" and report.passed:
            self.config.stash[PASSED].add(name)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        config = self.config
        if hasattr(config, "workerinput") or config.option.collectonly:
            return
        folder, problems = config.stash[FOLDER], config.stash[PROBLEMS]
        failed = {problem.partition(": ")[0] for problem in problems}
        missed = [name for name in checks(folder) if name not in config.stash[PASSED] | failed]
        problems.extend(f"{name}: was not run to its end" for name in missed)
        receipt = bundle.receipt(folder, problems)
        place = folder.with_name(f"{folder.name}.receipt.json")
        try:
            _write(json.dumps(receipt, indent=1) + "\n", place)
            config.stash[RECEIPT] = f"{receipt['result']}: {place}"
        except OSError as error:
            problems.append(f"the receipt cannot be written: {error}")
            config.stash[RECEIPT] = problems[-1]
        if problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if RECEIPT in self.config.stash:
            terminalreporter.section("receipt")
            terminalreporter.line(self.config.stash[RECEIPT])


def _write(text: str, place: Path) -> None:
    fresh = place.with_name(f"{place.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(place)
