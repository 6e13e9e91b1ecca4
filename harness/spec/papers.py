"""Names of what a run writes of itself: whoever else writes there must not take them."""

from __future__ import annotations

SUMS = "SHA256SUMS.txt"


PAPERS = ("verdict.json", "junit.xml", "report.md", "report.html", "release.toml")
"""What a run says of itself, in its folder and in its bundle."""


JUDGED = "judged_items.jsonl"

ANSWERS = "answers.jsonl"

FINDINGS = "findings.sarif"


SERVING, TEMPLATE = "SERVING.md", "chat_template.jinja"
"""In a bundle whose spec has a ``[base.chat]``: how the base must be asked."""


OUTSIDE = "papers"
"""Folder of a run with what its bundle holds beside the reports."""
EVIDENCE = "evidence."
"""Before the name of a file of the journal, in a bundle."""
SCRIPT = "verify.py"
_OUTSIDE = (SCRIPT, "model.sig", "verdict.dsse.json", "bom.cdx.json")


def reserved(name: str) -> bool:
    """Whether a file of that name in a run's folder or a bundle is greenrun's own; case tells no files apart."""
    own = (SUMS, *PAPERS, *_OUTSIDE, JUDGED, ANSWERS, FINDINGS, SERVING, TEMPLATE, *_FOLDERS)
    parts = name.casefold().removesuffix(".new").removesuffix(".lock").removesuffix(".partial")
    packed = name.casefold().startswith(("adapter_", "model_", "card_", EVIDENCE))
    page = parts.startswith("report.") and parts.endswith(".html")
    return packed or page or parts in {one.casefold() for one in own}


_FOLDERS = ("evidence", "failures", "findings", "progress", "staged", OUTSIDE)
