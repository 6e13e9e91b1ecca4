"""What was measured on a card, as Markdown: ``python -m suites.gpu.table gpu.json`` writes ``docs/gpu.md`` from it.

Without an argument the page is written again from the result that it shows (``docs/gpu.json``), or, where there is
none, with every row "not measured".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.report import escape
from suites.gpu import rows_of_candidate, rows_of_size
from suites.gpu.row import Figures, Row, mib

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
NOT_MEASURED = "not measured"
BETWEEN = "in use on the card before a job and after it, by its driver"
SECTIONS = {
    "The machine": rows_of_candidate.MACHINE,
    "A base of 8B, with random weights": rows_of_size.ROWS,
    "The default release's candidate": rows_of_candidate.ROWS,
    "The default release, whole": rows_of_candidate.RELEASE,
}

HOW = """\
## How to measure

The machine needs Linux on x86-64, Python 3.12 with pip, an NVIDIA driver, and a CUDA build of torch with numpy; no
network. All else is brought along in the project's pinned versions, and goes before what the machine has of it.

1. `make gpu`, where pip reaches its index, fills `.gpu/`: wheels and the base model, in parts of at most 60 MiB.
2. Copy the working tree to the machine, and `.gpu/wheels` and `.gpu/model` with it: part by part and in any order where
   transfers are limited. The last parts of the wheels hold pandas, pyarrow and scipy, and may stay behind where the
   machine has them.
3. There, in the root of the tree: `python3 -m suites.gpu`. It ends within ten minutes and leaves `gpu.json`, `gpu.md`
   and `gpu.log` in `$OUT`, or else in `out/gpu`. A step that crashes is told, and the next one goes on; a step that is
   not at its end in time tells what it had, and so does a run that is killed. The release takes the time that is left
   at the end: `--only=release` gives it nearly all ten minutes, in a run of its own.
4. Back here: `python -m suites.gpu.table gpu.json` writes this page, and `python -m suites.cost` the page of costs
   from its rates (`docs/cost.md`).

`python -m suites.gpu --device=cpu --items=2 --steps=2 --tokens=8` tries every step on a processor, with a tiny Qwen3 in
place of the 8B one.
"""


def document(result: Figures | None) -> str:
    """The whole page; None: nothing was measured yet."""
    steps = {step["name"]: step for step in result["steps"]} if result else {}
    parts = ["# On a GPU", _head(result, steps)]
    for title, rows in SECTIONS.items():
        cells = [(row.title, _cell(row, steps)) for row in rows]
        if rows is rows_of_candidate.MACHINE:
            cells.append((BETWEEN, _between(list(steps.values()))))
        parts += [f"## {title}", escape.table(("what", "measured"), cells)]
    parts += [f"## {step['name']}: {step['status']}\n\n{_tail(step)}" for step in steps.values() if step["tail"]]
    return "\n\n".join([*parts, HOW])


def _head(result: Figures | None, steps: Mapping[str, Figures]) -> str:
    what = (
        "`suites/gpu` measures each step in a process of its own: an 8B base with random weights, which has the memory "
        "and the speed of any Qwen3-8B; the default release's candidate, trained, mounted on the NF4 base and asked; "
        "and that release as a whole."
    )
    if result is None:
        return f"{what} Nothing was measured yet."
    on = steps.get("environment", {}).get("figures", {}).get("card") or f"no card ({result['device']})"
    settings = result["settings"]
    return (
        f"{what} Measured on {escape.cell(on)}, {result['date']}, in {result['seconds']:.0f} s: {settings['items']} "
        f"`dev` items at most, {settings['alone']} of them one by one; code {result['code'][:12]}."
    )


def _cell(row: Row, steps: Mapping[str, Figures]) -> str:
    found = [steps.get(name) for name in row.steps]
    told = [one for one in found if one is not None]
    if len(told) < len(found):
        return NOT_MEASURED
    unmeasured = next((one for one in told if one["status"] != "measured"), None)
    if unmeasured is None:
        shown = row.show(*(one["figures"] for one in told))
        return NOT_MEASURED if shown is None else escape.cell(shown)
    why = f"{unmeasured['status']}: {unmeasured['why'][:300]}"
    so_far = _so_far(row, told)
    return escape.cell(f"{so_far} ({why})" if so_far else f"{NOT_MEASURED}: {why}")


def _so_far(row: Row, told: Sequence[Figures]) -> str | None:
    """What a row can show of steps that did not all come to their end."""
    try:
        return row.show(*(one["figures"] for one in told)) if all(one["figures"] for one in told) else None
    except (KeyError, IndexError):  # that figure was not taken by then
        return None


def _between(steps: Sequence[Figures]) -> str:
    """Bytes that the driver counts before the first job, and at most between jobs; each job is a process that has
    ended."""
    known = [one for one in steps if one.get("used_after") is not None and one.get("used_before") is not None]
    if not known:
        return NOT_MEASURED
    most = max(known, key=lambda one: one["used_after"])
    return escape.cell(
        f"{mib(known[0]['used_before'])} before the first; at most {mib(most['used_after'])} after any of the "
        f"{len(known)} (after {most['name']})"
    )


def _tail(step: Figures) -> str:
    return str(escape.fenced(step["tail"]))


def shown(docs: Path = DOCS) -> str:
    """The page that belongs to the result beside it."""
    kept = docs / "gpu.json"
    return document(json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else None)


def main(arguments: Sequence[str] | None = None, docs: Path = DOCS) -> int:
    parser = argparse.ArgumentParser(prog="python -m suites.gpu.table", description=__doc__)
    parser.add_argument("result", type=Path, nargs="?", help="the gpu.json of a run")
    given = parser.parse_args(arguments)
    if given.result is not None:
        text = given.result.read_text(encoding="utf-8")
        if (device := json.loads(text)["device"]) != "cuda":
            print(f"{given.result}: measured on {device}; docs/gpu.md is about cards", file=sys.stderr)
            return 1
        (docs / "gpu.json").write_text(text, encoding="utf-8")
    (docs / "gpu.md").write_text(shown(docs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
