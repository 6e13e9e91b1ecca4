"""Write `findings.sarif`: the findings of the data checks as SARIF 2.1.0, so that code hosts show them at the line of
the file.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.spec.papers import FINDINGS

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NAME = FINDINGS
MOST = 5000
"""Most results in a file: GitHub accepts 25,000 a run and shows 5,000. Each gate's own list beside it holds all of
them."""


def write(run: Path, blocking: Mapping[str, bool], root: Path) -> None:
    """Write the findings of a run's gates, none included; the file appears whole or not at all.

    Args:
        run: its folder, with ``findings/*.jsonl``.
        blocking: id of a gate -> whether it blocks; a finding of one that does not is a warning.
        root: folder that files are named from where they lie in it.
    """
    document = build(list(_findings(run / "findings")), blocking, root)
    fresh = run / f"{NAME}.new"
    fresh.write_text(json.dumps(document, indent=1) + "\n", encoding="ascii")
    fresh.replace(run / NAME)


def build(found: list[dict[str, Any]], blocking: Mapping[str, bool], root: Path) -> dict[str, Any]:
    """The SARIF document of findings as `harness.dataset.findings.write` writes them."""
    shown = found[:MOST]
    kinds = sorted({_kind(one) for one in shown})
    rules = [{"id": kind, "shortDescription": {"text": kind.replace("-", " ")}} for kind in kinds]
    left = len(found) - len(shown)
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "greenrun", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, blocking, root, kinds) for one in shown],
    }
    if left:
        run["properties"] = {"leftOut": left}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _findings(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "counts" not in row:  # the last line, which counts
                yield row


def _kind(one: Mapping[str, Any]) -> str:
    return str(one["kind"]) or str(one["gate"]).rpartition(".")[2]


def _result(one: Mapping[str, Any], blocking: Mapping[str, bool], root: Path, kinds: list[str]) -> dict[str, Any]:
    told = ": ".join(part for part in (one["field"], one["problem"]) if part)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(Path(one["path"]), root)}}
    if one["line"]:
        physical["region"] = {"startLine": one["line"], **({"startColumn": one["column"]} if one["column"] else {})}
    return {
        "ruleId": _kind(one),
        "ruleIndex": kinds.index(_kind(one)),
        "level": "error" if blocking.get(one["gate"], True) else "warning",
        "message": {"text": told or _kind(one)},
        "locations": [{"physicalLocation": physical}],
        "properties": {"gate": one["gate"]},
    }


def uri(path: Path, root: Path) -> str:
    """A file as a URI: relative where it lies below `root`, so that a code host finds it in its checkout."""
    whole = path.absolute()
    if whole.is_relative_to(root):
        return quote(whole.relative_to(root).as_posix())
    return f"file://{quote(whole.as_posix())}"
