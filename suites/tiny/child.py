"""Run a release as its user would, in a child pytest process, and read what it left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.gates import shipping

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = (sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"))


@dataclass(frozen=True, slots=True)
class Line:
    """A release line on disk: its spec, and the folder that its runs write to."""

    spec: Path
    out: Path

    def copy(self, folder: Path) -> Line:
        """The same data and spec elsewhere, free to be spoiled; runs and store stay shared."""
        shutil.copytree(self.spec.parent, folder, dirs_exist_ok=True)
        return Line(folder / self.spec.name, self.out)

    def copy_with_store(self, folder: Path) -> Line:
        """The same with a store of its own, free to be spoiled as well."""
        copied = self.copy(folder / "line")
        shutil.copytree(self.out / "store", folder / "out" / "store")
        return Line(copied.spec, folder / "out")

    def edit(self, old: str, new: str) -> None:
        """Replace text in the spec; the text must be there."""
        text = self.spec.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {self.spec}"
        self.spec.write_text(text.replace(old, new), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Finished:
    """A release run that has ended."""

    status: int
    output: str
    run: Path
    release: Path
    """Where the bundle is, if there is one."""
    last: str = ""
    """The last line that the terminal showed."""

    @property
    def verdict(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.run / "verdict.json").read_text(encoding="utf-8"))
        return loaded

    def gate(self, name: str) -> dict[str, Any]:
        return next(gate for gate in self.verdict["gates"] if gate["id"] == name)

    @property
    def red(self) -> list[str]:
        """Blocking gates that did not pass, in the order of the release."""
        return [gate["id"] for gate in self.verdict["gates"] if gate["blocking"] and gate["outcome"] != "passed"]


def command(line: Line, run_id: str, *arguments: str) -> list[str]:
    where = (f"--release={line.spec}", f"--out={line.out}", f"--run-id={run_id}")
    return [*COMMAND, "suites/release", *where, *arguments]


def environment(more: dict[str, str]) -> dict[str, str]:
    """This process's own, less what its xdist set: that would make the child look like a worker."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**inherited, "HF_HUB_OFFLINE": "1", **more}


def release(
    line: Line, run_id: str, *arguments: str, env: dict[str, str] | None = None, timeout: int = 300
) -> Finished:
    """``pytest suites/release`` on a release line, from the repository's root."""
    done = subprocess.run(
        command(line, run_id, *arguments),
        cwd=ROOT,
        env=environment(env or {}),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    run = line.out / "runs" / run_id
    names = [f"*-{run_id}{stamp}" for stamp in shipping.STAMPS]
    bundles = (path for name in names for path in (line.out / "releases").glob(name))
    bundle = next(bundles, line.out / "releases" / run_id)
    last = "".join(done.stdout.splitlines()[-1:])
    return Finished(done.returncode, done.stdout + done.stderr, run, bundle, last)
