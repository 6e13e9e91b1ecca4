"""Adjust pytest's reports of gates: errors are journalled, advisory and waived failures do not fail the run, texts are
made plain."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.errors import BlockedError, GreenrunError
from harness.gates import judging, waivers
from harness.gates.gate import Gate
from harness.gates.records import Attempt, Took
from harness.plugin import plain_reports
from harness.plugin.collection import gate_of
from harness.plugin.stash import JUDGED, OUTCOME, RUN

SPENT = pytest.StashKey[float]()
"""Seconds that a gate's test has run so far."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    gate = gate_of(item)
    if gate is not None and RUN in item.config.stash:
        item.config.stash[RUN].journal.write(Attempt(gate.id))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    gate = gate_of(item)
    if gate is None or RUN not in item.config.stash:
        return report
    _journal_time(item, call, gate)
    error = call.excinfo.value if call.excinfo is not None else None
    if report.failed and isinstance(error, GreenrunError):
        report.longrepr = f"{gate.id}: {'blocked: ' if isinstance(error, BlockedError) else ''}{error}"
    elif report.failed and error is not None and not isinstance(error, pytest.fail.Exception):
        first = f"{gate.id}: {type(error).__name__}: {error}".rstrip(": ")  # and not where its traceback begins
        report.longrepr = f"{first}\n\n{report.longreprtext}"
    if report.failed and gate.id not in item.config.stash[JUDGED]:
        _journal_error(item.config, gate, error, report)
    if report.failed and not gate.blocking:
        report.outcome = "skipped"
        report.wasxfail = f"reason: advisory: {report.longreprtext}"
    elif report.failed and call.when == "call" and _waived(item, gate):
        report.outcome = "skipped"
        report.wasxfail = f"reason: waived: {report.longreprtext}"
    plain_reports.clean(report)
    return report


def _waived(item: pytest.Item, gate: Gate) -> bool:
    """Whether the spec waives, today, the outcome of the gate's test. For pytest's report only: the verdict decides
    again, from the journal."""
    spec = item.config.stash[RUN].spec
    return waivers.excused(spec, gate, item.stash.get(OUTCOME, "error"), datetime.now(UTC).date())


def _journal_time(item: pytest.Item, call: pytest.CallInfo[None], gate: Gate) -> None:
    """Journal how long a gate's test ran, once, when it has run or its setup failed. Teardown is not counted."""
    spent = item.stash.get(SPENT, 0.0) + call.duration
    item.stash[SPENT] = spent
    if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
        item.config.stash[RUN].journal.write(Took(gate.id, round(spent, 3)))


def _journal_error(config: pytest.Config, gate: Gate, error: BaseException | None, report: pytest.TestReport) -> None:
    blocked = isinstance(error, BlockedError)
    text = f"{type(error).__name__}: {error}" if not blocked else f"blocked: {error}"
    judgement = judging.errored(gate, text, "blocked" if blocked else "error")
    config.stash[RUN].journal.judge(gate, judgement)
    config.stash[JUDGED].add(gate.id)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    config: pytest.Config, report: Any
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    data = yield
    return plain_reports.clean_serialized(data) if RUN in config.stash and data is not None else data


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    if error and RUN in node.config.stash:
        cause = str(error).strip().splitlines()[-1]
        node.config.stash[RUN].journal.taint(f"worker {node.gateway.id} was lost: {cause}")


def pytest_internalerror(excrepr: object) -> None:
    _taint_all(f"pytest had an internal error: {str(excrepr).strip().splitlines()[-1]}")


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    _taint_all(f"interrupted: {excinfo.typename} {excinfo.value}".strip())


_CONFIGS: list[pytest.Config] = []
"""The config of this process, for two hooks above that are not given it."""


def pytest_sessionstart(session: pytest.Session) -> None:
    _CONFIGS.append(session.config)


def _taint_all(text: str) -> None:
    for config in _CONFIGS:
        if RUN in config.stash:
            config.stash[RUN].journal.taint(text)
