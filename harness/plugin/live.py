"""Show where a run is while it goes on: one line in place of pytest's dots."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from harness.run.progress import Gates, Watcher
from harness.run.run import Run


def watch(config: pytest.Config, run: Run) -> Watcher:
    """The run's watcher, registered to hear of every gate that is judged; it starts with the tests.

    Under ``-v`` pytest's own lines stay, and nothing is rewritten between them.
    """
    quiet = config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES) <= 0
    watcher = Watcher(run.folder / "progress", sys.stdout, Gates(len(run.gates)), rewrites=quiet)
    config.pluginmanager.register(_Told(watcher))
    if quiet:
        config.pluginmanager.register(_WithoutDots())
    return watcher


class _Told:
    """A plugin that counts gates as their tests end, in this process or in a worker."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        self._watcher.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        begun = report.when == "call" or (report.when == "setup" and not report.passed)
        if begun and report.nodeid != "greenrun::verdict":
            self._watcher.gates.judged(red=report.failed)


class _WithoutDots:
    """A plugin that removes file names, dots and percentages from pytest's reporter, since one line says where the run
    is."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.showfspath = False
            reporter._show_progress_info = False  # its ini option has been read by now

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> Generator[None, tuple[str, str, Any], tuple[str, str, Any]]:
        category, _, word = yield
        return category, "", word
