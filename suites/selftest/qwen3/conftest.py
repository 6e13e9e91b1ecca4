"""The mission's own release on a CPU: its spec and all of its items, on a tiny random Qwen3 in place of the 8B one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.project import ROOT
from harness.run import last
from harness.spec import load
from suites.tiny import qwen3
from suites.tiny.child import Finished, Line, release

PATIENCE = 1800
"""Seconds that one run may take beside other work."""
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""A thread that waits for the other one sleeps: beside other work it would take the core that this one waits for."""
TRAINED = ("v3a", "v3b", "v3c")
"""Names of the spec's experiments."""


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base; skipped where npm has not brought tokenizer and template."""
    if not all((qwen3.TOKENIZER / name).is_file() for name in qwen3.FILES):
        pytest.skip("the tokenizer of Qwen3 is absent: make qwen3 brings it where there is npm")
    folder = tmp_path_factory.mktemp("base") / "tiny-qwen3"
    qwen3.write_base(folder)
    return folder


@pytest.fixture(scope="session")
def mission(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """A copy of the release line, whose ledger may be written to; the spec's bytes are its own."""
    folder = tmp_path_factory.mktemp("mission")
    shutil.copytree(ROOT / "data" / "v3-qwen3", folder / "line")
    return Line(folder / "line" / "release.toml", folder / "out")


@pytest.fixture(scope="session")
def trained(mission: Line, base: Path) -> Finished:
    """The whole release: every experiment trained on the 4-bit base, and none of them fit to be selected."""
    return release(mission, "trained", f"--base=path:{base}", env=ENVIRONMENT, timeout=PATIENCE)


@pytest.fixture(scope="session")
def adapters(trained: Finished, mission: Line) -> dict[str, Path]:
    """Experiment -> the candidate that the first run trained for it."""
    left = last.last_run(mission.out, load.load(mission.spec))
    return {name: left.get(f"adapter {name} multitask") for name in TRAINED}


@pytest.fixture(scope="session")
def judged(mission: Line, base: Path, adapters: dict[str, Path]) -> Finished:
    """The last of them in every place, given: what no experiment qualified for is judged of it all the same."""
    given = [f"--adapter={name}={adapters[TRAINED[-1]]}" for name in ("style", "writing", "multitask")]
    return release(mission, "judged", f"--base=path:{base}", *given, env=ENVIRONMENT, timeout=PATIENCE)
