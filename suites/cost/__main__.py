"""``python -m suites.cost`` writes ``docs/cost.md`` from the two specs and, where it is there, ``docs/gpu.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from harness.project import ROOT
from harness.spec import load
from suites.cost import page

DOCS = ROOT / "docs"


def shown(docs: Path = DOCS) -> str:
    """The page that belongs to the result beside it."""
    kept = docs / "gpu.json"
    result = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else None
    spec, small = (load.load(ROOT / "data" / name / "release.toml") for name in ("v3-qwen3", "v3"))
    return page.document(spec, small, result)


def main(docs: Path = DOCS) -> int:
    (docs / "cost.md").write_text(shown(docs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
