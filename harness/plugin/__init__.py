"""The pytest plugin: opens the run, and registers the hooks that collect gates, report outcomes and end the session.

It acts only where release gates are collected; every other suite is judged by pytest alone. The verdict does not rest
on pytest's outcomes: each gate's test writes its own judgement into the journal, and `harness.gates.verdict` compares
the journal with the gates that the spec expects.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness import gates
from harness.engines import processor
from harness.errors import DataError, GreenrunError, SpecError
from harness.forms import registry as forms
from harness.gates import aims, content, evaluation, forgetting, limits, regression, waivers
from harness.gates.records import NotJudged, Warned
from harness.metrics import registry
from harness.plugin import cluster, collection, hooks, live, options, outcomes, session_end, trainable
from harness.plugin.stash import JUDGED, RUN, WATCHER
from harness.releases import earlier, ledger
from harness.releases.earlier import Earlier
from harness.run import alive, provenance
from harness.run.run import Run, new_id, open_run, reserve
from harness.spec import load, objects
from harness.spec.serve import BFLOAT16

STOPS = (pytest.exit.Exception,)
"""Exceptions with which pytest ends a session from outside, SIGTERM included. A build that one of them ends has not
failed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: trains or generates; minutes on two CPU cores")
    try:
        if not options.selects_release(config):
            return
        options.refuse_unsound(config)
        registry.refuse_faults()
        forms.refuse_faults()
        loaded = load.load(options.spec_path(config), options.given_adapters(config))
        out = options.out_folder(config)
        worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        run_id = worker["greenrun_run_id"] if worker else new_id(out, config.getoption("--run-id"))
        process = worker["workerid"] if worker else "main"
        # A worker must not find another last release than its controller did.
        place = worker["greenrun_against"] if worker else options.against(config, loaded.name)
        before = None if place is None else earlier.read(Path(place))
        loaded = options.with_seeds(config, loaded)
        loaded = options.with_base(config, loaded, worker["greenrun_pin"] if worker else None)
        processor.hold(loaded.instructions)
        cluster.open_on(config, loaded, out)
        _refuse_emulated_precision(loaded)
        trainable.check(loaded, trainable.card())
        warnings = _check_benchmarks(loaded, before)
        _refuse_expired(loaded)
        # What a run is judged on is what it opened with, in every process of it.
        loaded = replace(loaded, opened=json.loads(worker["greenrun_opened"]) if worker else provenance.inputs(loaded))
        rescore, key = config.getoption("--rescore"), options.signing_key(config)
        opening = partial(open_run, loaded, out, process=process, rescore=rescore, earlier=before, stops=STOPS, key=key)
        run = opening(run_id=run_id)
        planned = config.getoption("--plan") or config.option.collectonly
        if not (planned or worker or config.getoption("--partial") or options.restrictions(config)):
            config.hook.pytest_greenrun_opening(config=config, run=run)
    except GreenrunError as error:
        raise pytest.UsageError(str(error)) from error
    if not planned:
        run = run if worker else _reserved(config, opening, run)
        _say_hello(run)
    config.stash[RUN] = run
    config.stash[JUDGED] = set()
    _end_on_sigterm()
    # Release gates draw no examples, and its plugin would import hypothesis whole for the terminal's summary.
    config.pluginmanager.set_blocked("hypothesispytest")
    if planned:
        return
    if worker:
        config.pluginmanager.register(session_end.Farewell())
    else:
        alive.Heart(run.folder).start()
        provenance.record(run)
        for warning in warnings:
            run.journal.write(Warned(warning))
        run.journal.write(NotJudged(_not_judged(loaded)))
        for flag in options.restrictions(config):
            run.journal.taint(f"restricted by {flag}")
        config.stash[WATCHER] = live.watch(config, run)


def _reserved(config: pytest.Config, opening: Callable[..., Run], run: Run) -> Run:
    """The run with a folder reserved for it. Of two runs that begin in one second, the later one takes another name.

    Raises:
        UsageError: nothing can be written there, or the name that was asked for was taken meanwhile.
    """
    try:
        while not reserve(run):
            run = opening(run_id=new_id(run.out, config.getoption("--run-id")))
    except GreenrunError as error:
        raise pytest.UsageError(str(error)) from error
    except OSError as error:
        raise _unwritable(run, error) from error
    return run


def _unwritable(run: Run, error: OSError) -> pytest.UsageError:
    return pytest.UsageError(f"--out: nothing can be written below {run.out} ({error.strerror}); name another folder")


def _say_hello(run: Run) -> None:
    """Write the journal's first record.

    Raises:
        UsageError: the run's folder cannot be written. The run is in no stash yet, so nothing tries to conclude it.
    """
    try:
        run.journal.write(alive.identity())
    except OSError as error:
        raise _unwritable(run, error) from error


def _refuse_emulated_precision(loaded: objects.Spec) -> None:
    """Refuse to train or serve in a precision that this processor has no instructions for: each product would be
    emulated.

    Raises:
        SpecError
    """
    if processor.multiplies_bfloat16() is not False:
        return
    held = f' that release.instructions = "{loaded.instructions}" leaves it' if loaded.instructions != "native" else ""
    why = f"bfloat16, and this processor has no instructions for its products{held}"
    where = "where there are (a GPU, AVX512-BF16, AMX)"
    wrong = []
    if not loaded.external and loaded.recipe.base_dtype == BFLOAT16:
        mend = f'set base_dtype = "float32", or train {where}'
        told = f"{why}: training would emulate each, at a twentieth of the speed; {mend}"
        wrong.append(("recipe.base_dtype", told))
    for key in ("compute", "rest") if loaded.serve.cpu.moves else ():
        if getattr(loaded.serve.cpu, key) == BFLOAT16:
            told = f"{why}: each would be emulated, and rounded otherwise than where it is served; judge {where}, or"
            wrong.append((f"serve.cpu.{key}", f'{told} set {key} = "float32"'))
    if wrong:
        first, *others = wrong
        raise SpecError(loaded.path, *first, *others)


def _refuse_expired(loaded: objects.Spec) -> None:
    """Refuse a waiver past its date before hours are spent on a run that it could not release.

    Raises:
        SpecError
    """
    past = list(waivers.expired(loaded.waivers, datetime.now(UTC).date()))
    if past:
        first, *others = past
        raise SpecError(loaded.path, *first, *others)


def _check_benchmarks(loaded: objects.Spec, before: Earlier | None) -> list[str]:
    """Refuse thresholds that their benchmarks can never prove, and files without any record.

    Returns:
        Warnings, for the run to tell.

    Raises:
        SpecError, DataError
    """
    expected = gates.expected(loaded, None if before is None else before.table)
    warnings: list[str] = []
    try:
        judged_at = replace(loaded, confidence=ledger.next_confidence(loaded))
        aims.check(loaded)
        limits.check_kinds(loaded)
        sizes = evaluation.sizes(loaded, expected)
        content.check(loaded, expected, sizes)
        warnings = evaluation.check_provable(judged_at, expected, sizes)
        warnings += regression.check_provable(judged_at, None if before is None else before.table)
        forgetting.check_provable(loaded)
    except DataError as error:
        if error.line == 0:
            raise
        # a bad line in a file is what the data gates are there to show
    return warnings


def _not_judged(loaded: objects.Spec) -> list[str]:
    """What no gate judges, for the report's limits; empty where a file cannot be read, which its own gates report."""
    try:
        return list(limits.not_judged(loaded))
    except DataError:
        return []


def _end_on_sigterm() -> None:
    """Let SIGTERM end the run as pytest ends it, with journal, JUnit and teardown of fixtures."""

    def cancel(number: int, frame: object) -> None:
        pytest.exit("cancelled by SIGTERM", returncode=143)

    signal.signal(signal.SIGTERM, cancel)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    if RUN in node.config.stash:
        run = node.config.stash[RUN]
        node.workerinput["greenrun_run_id"] = run.id
        node.workerinput["greenrun_pin"] = run.spec.base.pin
        node.workerinput["greenrun_opened"] = json.dumps(dict(run.spec.opened))
        node.workerinput["greenrun_nodes"] = cluster.told()
        node.workerinput["greenrun_against"] = str(run.earlier.place) if run.earlier else None


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)
    for module in (collection, outcomes, session_end):
        pluginmanager.register(module)
    pluginmanager.register(session_end.Publisher())  # without a name, so that no `-p no:name` can leave it out
