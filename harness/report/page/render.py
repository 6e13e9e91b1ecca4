"""Render `report.html`: the verdict document as one page that can be mailed and read without scripts and without a
network.

Templates escape whatever they are given; the policy in the page's head allows its own style and script by their
digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, Undefined

from harness.report import catalogue, conclusions, markdown
from harness.report.catalogue import Say
from harness.report.escape import clean
from harness.report.page import packed, picture
from harness.report.page.history import judged_metric
from harness.report.page.view import View

HERE = Path(__file__).parent
PARTS = HERE / "parts"
ORDER = {"failed": 0, "error": 1, "inconclusive": 2, "blocked": 3, "not_run": 4, "passed": 5}
"""Outcome -> its place in the order; those that need a reader come first."""
NOTHING = "\N{EN DASH}"
"""Shown in place of a figure that does not exist."""


def render(
    document: Mapping[str, Any], view: View, language: str = "en", notes: Mapping[str, Any] | None = None
) -> str:
    """The whole page.

    Args:
        document: what `harness.report.document.build` gives; keys may be absent where a run died early.
        language: one of `catalogue.languages()`.
        notes: the TOML of the spec's notes.
    """
    style, script = (_file(name) for name in ("page.css", "page.js"))
    say = Say(language)
    prose = notes or {}
    gates = sorted(document.get("gates", []), key=lambda gate: ORDER.get(str(gate.get("outcome")), 0))
    return (
        _environment(language)
        .get_template("page.html")
        .render(
            paper=document,
            view=view,
            noted={key: conclusions.notes(prose, key, say) for key in ("problems", "backups")},
            advice=conclusions.advise(document, say),
            limits=conclusions.limits_of(document, prose, say),
            next_steps=conclusions.next_steps_of(document, prose, say),
            evidence="" if language == catalogue.ENGLISH else say(markdown.EVIDENCE),
            language=language,
            word=lambda text: say.word(str(text)),
            date=lambda text: say.date(str(text)),
            gates=gates,
            waivers=[one for one in document.get("waivers", []) if one.get("used")],
            blocking=_passed(gates, True),
            advisory=_passed(gates, False),
            candidate_metrics=[gate for gate in gates if judged_metric(gate, document.get("candidate_adapter"))],
            not_measured=not_measured(document, view),
            interval=picture.interval,
            curve=picture.curve,
            top=max((one for losses in view.losses.values() for one in picture.smoothed(losses)), default=1.0),
            packed=packed.pack(view.rows) if view.rows else "",
            style=style,
            script=script,
            policy=policy(style, script),
            level=level,
        )
    )


def _passed(gates: Iterable[Mapping[str, Any]], blocking: bool) -> tuple[int, int]:
    """(number of passed gates, number of gates) among those that block, or that do not."""
    own = [gate for gate in gates if gate.get("blocking", True) == blocking]
    return sum(gate.get("outcome") == "passed" for gate in own), len(own)


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy that lets this style and this script work, and no request leave the page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_source(style)}'",
            f"script-src '{_source(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def not_measured(document: Mapping[str, Any], view: View) -> list[str]:
    """Keys of the parts that the run has no data for, in the order in which a reader would ask."""
    gates = document.get("gates", [])
    areas = {str(gate.get("area")) for gate in gates}
    absent = [area for area in ("training", "bnb", "gguf", "forgetting", "regression", "bundle") if area not in areas]
    if not any(str(gate.get("id")).endswith("citation-precision") for gate in gates):
        absent.append("citations")
    if not document.get("seeds"):
        absent.append("seeds")
    if not document.get("attempts"):
        absent.append("attempts")
    if not view.past:
        absent.append("history")
    return absent


def level(mean: float) -> str:
    """Class of a heat map's cell: ``h0`` to ``h10`` by the tenth that the mean reaches; only 1.0 is ``h10``."""
    return f"h{max(0, min(10, int(mean * 10)))}"


def _source(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _file(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


@cache
def _environment(language: str) -> Environment:
    found = Environment(
        loader=FileSystemLoader(PARTS),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        finalize=_plain,
    )
    found.filters |= {"figure": _figure, "short": lambda digest: str(digest or "")[:12], "mib": _mib, "lines": _lines}
    found.tests["of_file"] = lambda gate_id, name: str(gate_id).split(".")[1:2] == [str(name)]
    told = catalogue.translations(language)
    found.install_gettext_callables(told.gettext, told.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return found


def _plain(value: object) -> object:
    """Text without control, terminal and bidirectional characters; values that are markup already are unchanged."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else clean(value)


def _figure(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.4f}" if abs(value) >= 1e-4 or value == 0 else f"{value:.1e}"
    return NOTHING if value is None or isinstance(value, Undefined) else str(value)


def _mib(value: object) -> str:
    return f"{value / 2**20:.1f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else NOTHING


def _lines(value: object) -> Iterable[str]:
    return str(value or "").splitlines()
