"""Crimes against a release run: small pytest plugins, loaded into a child run of the tiny line and into its workers.

Plain pytest lets most of them through with exit status 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from suites.tiny.child import Finished, Line, release

RED_GATE = "parity.both.sea.coverage"
"""The one gate that `redden` fails."""

STAND_INS = '''\
"""Spare a crime the seconds of importing torch: the five gates that load a model conclude without one."""
import pytest
from harness.statistics.measurement import Measurement

LOAD_A_MODEL = (
    "test_sample_runs",
    "test_base_quant_load_ok",
    "test_lora_mount_ok",
    "test_generate_non_empty",
    "test_answers_equal",
)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if pyfuncitem.originalname in LOAD_A_MODEL:
        pyfuncitem.funcargs["conclude"](Measurement(1.0, 1, sources={"stand-in": "0" * 64}))
        return True
'''

PREAMBLE = """\
import os
import signal
import sys
import time

import pytest


def gate_of(item):
    return item.callspec.params["gate"].id


def is_worker(config):
    return hasattr(config, "workerinput")

"""
"""Imports and functions that a crime's own text may use."""

Commit = Callable[..., Finished]


def commit(
    line: Line, run_id: str, folder: Path, crime: str, *arguments: str, env: dict[str, str] | None = None
) -> Finished:
    """Run a release with `crime`, the text of a pytest plugin, loaded everywhere. `folder` holds it."""
    (folder / "stand_ins.py").write_text(STAND_INS, encoding="utf-8")
    (folder / "crime.py").write_text(PREAMBLE + crime, encoding="utf-8")
    # Hypothesis' own plugin is two seconds of imports in every process, at its end.
    loaded = ("-p", "stand_ins", "-p", "crime", "-p", "no:hypothesispytest")
    return release(line, run_id, *loaded, *arguments, env={"PYTHONPATH": str(folder), **(env or {})}, timeout=120)


def redden(line: Line) -> Line:
    """Make exactly one blocking gate fail, late in the run: the model was not taught the parity set's new point."""
    path = line.spec.parent / "parity" / "sea.jsonl"
    rows = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if row["kind"] != "graded":
            row["points"] = [{"wordings": ["turns at noon"]}]
            row["reference"] = "Answer: the tide turns at noon."
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    line.edit('split = "parity"\n', 'split = "parity"\nblocking = true\n')
    return line


def assert_released(finished: Finished) -> None:
    assert finished.status == 0, finished.output[-2000:]
    assert finished.verdict["verdict"] == "released"
    assert finished.release.is_dir(), finished.last


def assert_withheld(finished: Finished, word: str, reason: str) -> None:
    """Assert that nothing was released, and that everything that a user or a CI job reads says so and why."""
    assert finished.status != 0, finished.output[-2000:]
    assert not finished.release.exists()
    reasons = "\n".join(finished.verdict["reasons"])
    assert (finished.verdict["verdict"], reason in reasons) == (word, True), reasons[:2000]
    suite = ElementTree.parse(finished.run / "junit.xml").getroot()
    assert int(suite.attrib["failures"]) > 0
