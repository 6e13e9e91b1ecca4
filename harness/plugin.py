"""The pytest plugin: options, gate parametrization, and the turning of outcomes into a verdict.

It acts only where release gates are collected; every other suite is judged by pytest alone.
Test outcomes are never believed: each gate's test journals its own judgement, and `harness.verdict`
reads the journal against the gates that the spec expects.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import closing, earlier, gates, judging, ledger, options, provenance, reports, spec, spec_file
from harness.errors import BlockedError, DataError, GreenrunError, SpecError
from harness.gates import evaluation, forgetting, regression
from harness.gates.gate import Gate
from harness.progress import Watcher
from harness.run import Run, new_id, open_run

RUN = pytest.StashKey[Run]()
JUDGED = pytest.StashKey[set[str]]()
"""Gates that this process has journalled."""
ENDING = pytest.StashKey[closing.Ending]()
WATCHER = pytest.StashKey[Watcher]()


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: trains or generates; minutes on two CPU cores")
    try:
        if not options.selects_release(config):
            return
        options.refuse_unsound(config)
        loaded = spec_file.load(options.spec_path(config), options.given_adapters(config))
        out = options.out_folder(config)
        worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        run_id = worker["greenrun_run_id"] if worker else new_id(out, config.getoption("--run-id"))
        process = worker["workerid"] if worker else "main"
        # A worker must not find another last release than its controller did.
        place = worker["greenrun_against"] if worker else options.against(config, loaded.name)
        if place is not None:
            loaded = replace(loaded, against=earlier.read(Path(place)))
        _check_benchmarks(loaded)
        run = open_run(loaded, out, run_id, process, config.getoption("--rescore"))
    except (SpecError, DataError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[RUN] = run
    config.stash[JUDGED] = set()
    _end_on_sigterm()
    if config.getoption("--plan") or config.option.collectonly:
        return
    run.journal.write("hello", pid=os.getpid())
    if worker:
        config.pluginmanager.register(Farewell())
    else:
        provenance.record(run)
        for flag in options.restrictions(config):
            run.journal.taint(f"restricted by {flag}")
        config.stash[WATCHER] = Watcher(run.folder / "progress", sys.stdout)
        config.stash[WATCHER].start()


def _check_benchmarks(loaded: spec.Spec) -> None:
    """A threshold that its benchmark can never prove is refused; so is a file with no record in it.

    Raises:
        SpecError, DataError
    """
    expected = gates.expected(loaded)
    try:
        judged_at = replace(loaded, confidence=ledger.next_confidence(loaded))
        evaluation.check_provable(judged_at, expected, evaluation.sizes(loaded, expected))
        regression.check_provable(judged_at)
        forgetting.check_provable(loaded)
    except DataError as error:
        if error.line == 0:
            raise
        # a bad line in a file is what the data gates are there to show


def _end_on_sigterm() -> None:
    """A CI cancel ends the run as pytest ends it: journal, JUnit and fixtures' teardown included."""

    def cancel(number: int, frame: object) -> None:
        pytest.exit("cancelled by SIGTERM", returncode=143)

    signal.signal(signal.SIGTERM, cancel)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    if RUN in node.config.stash:
        run = node.config.stash[RUN]
        node.workerinput["greenrun_run_id"] = run.id
        node.workerinput["greenrun_against"] = str(run.spec.against.place) if run.spec.against else None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """Leave out the test of a gate that this spec does not have: pytest would show it as skipped."""
    module = collector.getparent(pytest.Module)
    if RUN not in collector.config.stash or module is None or not inspect.isfunction(obj):
        return None
    concludes = name.startswith("test_") and {"gate", "conclude"} & inspect.signature(obj).parameters.keys()
    return [] if concludes and not _gates_for(collector.config, module.obj, name) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``test_<check>(gate)`` in ``test_<area>.py`` the gates of that area and check."""
    if "gate" not in metafunc.fixturenames or RUN not in metafunc.config.stash:
        return
    chosen = _gates_for(metafunc.config, metafunc.module, metafunc.function.__name__)
    metafunc.parametrize("gate", [pytest.param(gate, id=gate.label) for gate in chosen])


def _gates_for(config: pytest.Config, module: Any, test: str) -> list[Gate]:
    areas = getattr(module, "AREAS", (Path(module.__file__ or "").stem.removeprefix("test_"),))
    return [g for g in config.stash[RUN].gates if g.area in areas and g.check == test.removeprefix("test_")]


def gate_of(item: pytest.Item) -> Gate | None:
    callspec = getattr(item, "callspec", None)
    gate = callspec.params.get("gate") if callspec is not None else None
    return gate if isinstance(gate, Gate) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run gates in the order of the release, whatever shuffled them."""
    if RUN not in config.stash:
        return
    order = {gate.id: number for number, gate in enumerate(config.stash[RUN].gates)}
    items.sort(key=lambda item: order.get(getattr(gate_of(item), "id", ""), len(order)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    gate = gate_of(item)
    if gate is not None and RUN in item.config.stash:
        item.config.stash[RUN].journal.write("attempt", gate=gate.id)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    gate = gate_of(item)
    if gate is None or RUN not in item.config.stash:
        return report
    error = call.excinfo.value if call.excinfo is not None else None
    if report.failed and isinstance(error, GreenrunError):
        report.longrepr = f"{gate.id}: {'blocked: ' if isinstance(error, BlockedError) else ''}{error}"
    if report.failed and gate.id not in item.config.stash[JUDGED]:
        _journal_error(item.config, gate, error, report)
    if report.failed and not gate.blocking:
        report.outcome = "skipped"
        report.wasxfail = f"reason: advisory: {report.longreprtext}"
    reports.clean(report)
    return report


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
    return reports.clean_serialized(data) if RUN in config.stash and data is not None else data


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
"""The config of this process: two hooks above are given none."""


def pytest_sessionstart(session: pytest.Session) -> None:
    _CONFIGS.append(session.config)


def _taint_all(text: str) -> None:
    for config in _CONFIGS:
        if RUN in config.stash:
            config.stash[RUN].journal.taint(text)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
    config = session.config
    if RUN not in config.stash or config.option.collectonly or is_worker(config):
        return (yield)
    run = config.stash[RUN]
    config.stash[WATCHER].stop()
    run.journal.write("bye", exitstatus=int(exitstatus))
    ending = closing.conclude(run, int(exitstatus), config.getoption("--partial"))
    config.stash[ENDING] = ending
    session.exitstatus = ending.exitstatus
    if ending.report_failure and not config.getoption("--partial"):
        config.hook.pytest_runtest_logreport(report=reports.synthetic(ending.text, 0.0))
    return (yield)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if ENDING in config.stash:
        terminalreporter.section("gates")
        for line in closing.table(config.stash[ENDING].verdict):
            terminalreporter.line(line)


class Farewell:
    """A worker's last record. Inside xdist's own wrapper, which tells the controller that this worker has ended:
    the verdict is reached then, and outside of it the record could come too late."""

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        result = yield
        session.config.stash[RUN].journal.write("bye", exitstatus=int(exitstatus))
        return result


class Publisher:
    """Publishes after everything else of pytest has ended: a plugin that fails late must not leave a bundle."""

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
            return status
        line, status = closing.publish(config.stash[RUN], _ending(config, int(status)), int(status))
        if told := closing.tidy(config.stash[RUN]):
            print(told, file=sys.stdout)
        print(line, file=sys.stdout, flush=True)
        return status


def _judges(config: pytest.Config) -> bool:
    """Whether this process owes a verdict."""
    return RUN in config.stash and not (is_worker(config) or config.option.collectonly or config.getoption("--plan"))


def _ending(config: pytest.Config, status: int) -> closing.Ending:
    """What the session concluded; a session that a plugin ended too early concludes here, and never well."""
    if ENDING not in config.stash:
        config.stash[RUN].journal.taint("the session ended before the verdict")
        config.stash[ENDING] = closing.conclude(config.stash[RUN], status or 1, partial=False)
    return config.stash[ENDING]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.register(Publisher())  # without a name, so that no `-p no:name` can leave it out


__all__ = ["JUDGED", "RUN", "gates"]
