"""The zoo against the newest peft and transformers, in an environment of its own: ``make zoo-latest``.

What changed is told against the table in ``docs/adapters.md``. Exit status 0: nothing did; 1: something did, or the zoo
does not run with them; 2: there is no telling, since the environment could not be made.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from harness.project import ROOT
from suites.selftest.zoo.table import DOCUMENT, HEAD

PLACE = ROOT / ".zoo"
NEWEST = ("peft", "transformers")
"""With what they need in turn; everything else is the project's own environment's."""
TOLD = (*NEWEST, "torch", "tokenizers", "safetensors")
MARK = "zoo: "
"""Prefix of the line that holds the result, among what libraries print."""
CHANGED, UNKNOWN = 1, 2
_BAR = re.compile(r"(?<!\\)\|")
Table = Mapping[str, tuple[str, ...]]
"""Kind -> its other cells."""


def read(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The rows of a Markdown table, its head left out."""
    cells = [tuple(cell.strip() for cell in _BAR.split(line)[1:-1]) for line in lines if line.startswith("|")]
    return {name: tuple(others) for name, *others in cells[2:]}


def changes(before: Table, now: Table) -> Iterator[str]:
    """In words, each kind that is new, is gone, or gives another result."""
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield f"{name}: gone"
        elif name not in before:
            yield f"{name}: new: {', '.join(filter(None, now[name]))}"
        else:
            for column, was, found in zip(HEAD[1:], before[name], now[name], strict=True):
                if was != found:
                    yield f"{name}: {column}: was {was or 'empty'!r}, now {found or 'empty'!r}"


def main() -> int:
    problem = _made(PLACE)
    if problem:
        print(problem, file=sys.stderr)
        return UNKNOWN
    done = subprocess.run(
        [PLACE / "bin" / "python", "-m", __spec__.name, "--here"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = next((line.removeprefix(MARK) for line in done.stdout.splitlines() if line.startswith(MARK)), "")
    if done.returncode != 0 or not found:
        print(f"the zoo does not run with them:\n{done.stderr.strip()[-2000:]}", file=sys.stderr)
        return CHANGED
    row = json.loads(found)
    print(", ".join(f"{name} {version}" for name, version in row["versions"].items()))
    told = list(changes(read(DOCUMENT.read_text(encoding="utf-8").splitlines()), read(row["lines"])))
    print("\n".join(told) or f"nothing changed against {DOCUMENT.relative_to(ROOT)}")
    return CHANGED if told else 0


def _made(place: Path) -> str:
    """Make the environment with the newest versions. Returns why it could not be made, or "".

    It sees the packages of this one behind its own: torch is not installed twice.
    """
    here = Path(metadata.distribution("torch").locate_file(""))
    steps = [
        [sys.executable, "-m", "venv", "--clear", place],
        [place / "bin" / "python", "-m", "pip", "install", "-q", "--upgrade", *NEWEST],
    ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            words = " ".join(map(str, step[1:4]))
            return f"no environment of the newest: {words} failed: {(done.stderr or done.stdout).strip()[-500:]}"
        for packages in (place / "lib").glob("python*/site-packages"):
            (packages / "behind.pth").write_text(f"{here}\n", encoding="utf-8")
    return ""


def _here() -> None:
    """In that environment: the table, and the versions that it was made with."""
    from suites.selftest.zoo.table import lines

    versions = {name: metadata.version(name) for name in TOLD}
    print(f"\n{MARK}{json.dumps({'lines': lines(), 'versions': versions})}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--here"]:
        _here()
    else:
        sys.exit(main())
