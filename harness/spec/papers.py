"""Names of the files that a run writes about itself; nothing else may use them."""

from __future__ import annotations

from collections.abc import Sequence

SUMS = "SHA256SUMS.txt"


PAPERS = ("verdict.json", "junit.xml", "report.md", "report.html", "release.toml")
"""Files of a run about itself, in its folder and in its bundle; reports are those in the first of its languages."""
REPORTS = ("md", "html")
"""Endings of the reports that are written in every language of a release."""


def report(ending: str, language: str = "") -> str:
    """Name of a report: ``report.md`` in a release's first language, ``report.zh.md`` in another `language`."""
    return f"report.{language}.{ending}" if language else f"report.{ending}"


def translated(languages: Sequence[str]) -> list[str]:
    """Names of the reports in every language of a release but its first."""
    return [report(ending, language) for language in languages[1:] for ending in REPORTS]


JUDGED = "judged_items.jsonl"

ANSWERS = "answers.jsonl"

FINDINGS = "findings.sarif"


SERVING, TEMPLATE = "SERVING.md", "chat_template.jinja"
"""Files of a bundle whose spec has a ``[base.chat]``: how to ask the base, and the template that was judged."""


OUTSIDE = "papers"
"""Folder of a run with the files that its bundle holds beside the reports."""
EVIDENCE = "evidence."
"""Prefix of a journal's file in a bundle."""
SCRIPT = "verify.py"
_OUTSIDE = (SCRIPT, "model.sig", "verdict.dsse.json", "bom.cdx.json")


def reserved(name: str) -> bool:
    """Whether a file of that name in a run's folder or a bundle is greenrun's own; case tells no files apart."""
    own = (SUMS, *PAPERS, *_OUTSIDE, JUDGED, ANSWERS, FINDINGS, SERVING, TEMPLATE, *_FOLDERS)
    parts = name.casefold().removesuffix(".new").removesuffix(".lock").removesuffix(".partial")
    packed = name.casefold().startswith(("adapter_", "model_", "card_", EVIDENCE))
    told = parts.startswith("report.") and parts.endswith(tuple(f".{ending}" for ending in REPORTS))
    return packed or told or parts in {one.casefold() for one in own}


_FOLDERS = ("evidence", "failures", "findings", "progress", "staged", OUTSIDE)
