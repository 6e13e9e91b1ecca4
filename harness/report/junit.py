"""`junit.xml`: the verdict document for CI, one case a gate, those that did not run included.

Pytest's own JUnit file cannot show a gate whose test never ran; this one is made from the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

SUITE = "greenrun"
VERDICT = "greenrun::verdict"

_FAILURES = ("failed", "inconclusive")
# https://www.w3.org/TR/xml/#charsets
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIGURES = ("value", "lower_bound", "n", "rule", "threshold")


def write(document: Mapping[str, Any], path: Path) -> None:
    """Write the document's gates and verdict as JUnit XML; `path` appears whole or not at all.

    Blocking gates that are not passed are failures (measured and below) or errors (not measured), advisory and waived
    ones are skipped. What a gate lacks counts against it: without ``blocking`` it blocks, without ``outcome`` it is an
    error. A case has a ``time`` where it was measured, and none where it was not: 0 would say that it took no time.
    """
    cases = [*map(_case, document.get("gates", [])), _verdict(document)]
    counts = {
        "tests": len(cases),
        "failures": _count(cases, "failure"),
        "errors": _count(cases, "error"),
        "skipped": _count(cases, "skipped"),
    }
    attributes = {
        "name": SUITE,
        **{name: str(count) for name, count in counts.items()},
        "time": str(document.get("durations", {}).get("whole run", 0.0)),
    }
    # Jenkins' schema knows no skipped tests of all suites together, only of each.
    root = ElementTree.Element("testsuites", {name: text for name, text in attributes.items() if name != "skipped"})
    ElementTree.SubElement(root, "testsuite", attributes).extend(cases)
    ElementTree.indent(root, " ")
    fresh = path.with_name(f"{path.name}.new")
    ElementTree.ElementTree(root).write(fresh, encoding="utf-8", xml_declaration=True)
    fresh.replace(path)


def legal(value: object) -> str:
    """`value` as text in which every character that XML forbids is U+FFFD."""
    return _ILLEGAL.sub("\ufffd", str(value))


def _count(cases: list[ElementTree.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _case(gate: Mapping[str, Any]) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", classname=legal(f"{SUITE}.{gate.get('area', '')}"), name=legal(gate.get("id", ""))
    )
    if isinstance(seconds := gate.get("seconds"), (int, float)):
        case.set("time", f"{seconds:.3f}")
    outcome = gate.get("outcome", "error")
    message = gate.get("message") or f"{gate.get('id', '')}: {outcome}"
    if outcome == "passed":
        pass
    elif not gate.get("blocking", True):
        _add(case, "skipped", outcome, f"advisory: {message}")
    elif gate.get("waived"):
        _add(case, "skipped", outcome, f"waived: {message}")
    else:
        _add(case, "failure" if outcome in _FAILURES else "error", outcome, message)
    ElementTree.SubElement(case, "system-out").text = legal(_facts(gate))
    return case


def _verdict(document: Mapping[str, Any]) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=SUITE, name=VERDICT)
    word = document.get("verdict", "incomplete")
    if word != "released":
        _add(case, "failure", word, "\n".join([f"the verdict is {word}", *map(str, document.get("reasons", []))]))
    return case


def _add(case: ElementTree.Element, tag: str, kind: object, message: str) -> None:
    """Add a case's result. The whole message stands in the attribute and in the text, since each viewer shows only one
    of them."""
    element = ElementTree.SubElement(case, tag, type=legal(kind), message=legal(message))
    element.text = legal(message)


def _facts(gate: Mapping[str, Any]) -> str:
    figures = [f"{name}: {gate.get(name)}" for name in _FIGURES]
    return "\n".join([*figures, *(f"source {name}: {digest}" for name, digest in gate.get("sources", {}).items())])
