"""Make test reports plain data: one numpy scalar in a report kills an xdist worker, and pytest still exits with 0."""

from __future__ import annotations

from typing import Any

import pytest

from harness.report.escape import clean as clean_text
from harness.run.plain import plain


def clean(report: pytest.TestReport) -> None:
    """Make a report's properties and texts plain, in place."""
    report.user_properties = [(str(plain(name)), _text(value)) for name, value in report.user_properties]
    report.sections = [(_shown(name), _shown(text)) for name, text in report.sections]
    text = "" if isinstance(report.longrepr, tuple) else report.longreprtext
    if isinstance(report.longrepr, str) or _shown(text) != text:
        report.longrepr = _shown(text)
    if hasattr(report, "wasxfail"):
        report.wasxfail = _shown(report.wasxfail)


def clean_serialized(data: Any) -> Any:
    """Plain data of a report that a worker sends to its controller; tuples stay tuples, since pytest reads a skip's
    longrepr as one."""
    if isinstance(data, dict):
        return {str(plain(str(key))): clean_serialized(value) for key, value in data.items()}
    if isinstance(data, tuple):
        return tuple(clean_serialized(value) for value in data)
    if isinstance(data, list):
        return [clean_serialized(value) for value in data]
    value = plain(data)
    if isinstance(
        value, (list, dict)
    ):  # a set, or a foreign mapping: plain now, and its numbers are still to be seen to
        return clean_serialized(value)
    # execnet sends integers of 32 bits, and the worker that meets a longer one breaks off
    return str(value) if type(value) is int and not -(2**31) < value < 2**31 else value


def _shown(text: object) -> str:
    """Text that cannot move a terminal's cursor, whatever an answer or the name of a file holds."""
    return clean_text(str(plain(text)))


def _text(value: object) -> Any:
    cleaned = plain(value)
    return cleaned if isinstance(cleaned, (str, int, float, bool)) else str(cleaned)


def synthetic(text: str, duration: float) -> pytest.TestReport:
    """A failed report that stands for the verdict, so that counts, JUnit and exit status agree."""
    return pytest.TestReport(
        nodeid="greenrun::verdict",
        location=("greenrun", 0, "verdict"),
        keywords={},
        outcome="failed",
        longrepr=_shown(text),
        when="call",
        duration=duration,
    )
