"""The end of a pytest session: verdict and exit status first, publishing the bundle last of all.

The reports are imported only here: neither the start nor a worker needs them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from harness.gates.records import Bye
from harness.plugin import plain_reports
from harness.plugin.stash import ENDING, RUN, WATCHER, is_worker

if TYPE_CHECKING:
    from harness.report.publish import Ending


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
    config = session.config
    if RUN not in config.stash or config.option.collectonly or is_worker(config):
        return (yield)
    from harness.report import publish

    run = config.stash[RUN]
    config.stash[WATCHER].stop()
    run.journal.write(Bye(int(exitstatus)))
    ending = publish.conclude(run, int(exitstatus), config.getoption("--partial"))
    config.stash[ENDING] = ending
    session.exitstatus = ending.exitstatus
    if ending.report_failure and not config.getoption("--partial"):
        config.hook.pytest_runtest_logreport(report=plain_reports.synthetic(ending.text, 0.0))
    return (yield)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    from harness.report import gate_table

    if ENDING in config.stash:
        terminalreporter.section("gates")
        screen = terminalreporter._tw  # pytest's writer: it knows NO_COLOR, FORCE_COLOR, --color and the width
        for row in gate_table.rows(
            config.stash[ENDING].verdict, screen.fullwidth if terminalreporter.isatty() else None
        ):
            for line in row.lines:
                terminalreporter.line(line, **{row.colour: True})


class Farewell:
    """A plugin of workers that writes the worker's last record. It runs inside xdist's own hook, which tells the
    controller that this worker has ended: after that the verdict is reached, and the record would come too late."""

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        result = yield
        session.config.stash[RUN].journal.write(Bye(int(exitstatus)))
        return result


class Publisher:
    """A plugin that publishes the bundle after everything else of pytest has ended, so that a plugin that fails late
    leaves no bundle."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, Any, Any]:
        try:
            status = yield
        except BaseException as error:
            if not _judges(config):
                raise
            config.stash[RUN].journal.taint(f"pytest was ended by {type(error).__name__}: {error}")
            status = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
            status = status or 1
        if not _judges(config):
            return _listed_only(config, int(status))
        from harness.report import ci, publish

        line, status = publish.publish(config.stash[RUN], _ending(config, int(status)), int(status))
        if told := publish.tidy(config.stash[RUN]):
            print(told, file=sys.stdout)
        for warning in publish.warnings(config.stash[RUN]):
            print(f"warning: {warning}", file=sys.stdout)
        for told in ci.tell(config.stash[RUN], os.environ):
            print(told, file=sys.stdout)
        print(line, file=sys.stdout, flush=True)
        return status


def _listed_only(config: pytest.Config, status: int) -> int:
    """The exit status of a session that only listed the gates: never 0, so that a stray ``--collect-only`` in a CI job
    does not look like a release."""
    from harness.report.publish import NOTHING_RELEASED

    listed = RUN in config.stash and config.option.collectonly and not is_worker(config)
    return NOTHING_RELEASED if listed and status == 0 and not config.getoption("--plan") else status


def _judges(config: pytest.Config) -> bool:
    """Whether this process must reach a verdict."""
    return RUN in config.stash and not (is_worker(config) or config.option.collectonly or config.getoption("--plan"))


def _ending(config: pytest.Config, status: int) -> Ending:
    """What the session concluded. A session that a plugin ended before the verdict is concluded here, as failed."""
    if ENDING not in config.stash:
        from harness.report import publish

        config.stash[RUN].journal.taint("the session ended before the verdict")
        config.stash[ENDING] = publish.conclude(config.stash[RUN], status or 1, partial=False)
    return config.stash[ENDING]
