"""One green release of the tiny line, made once a session: what every crime and sabotage starts from."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ToolchainError
from harness.gguf.toolchain import build
from harness.gguf.toolchain.find import Toolchain
from harness.plugin import options
from suites.tiny import line as tiny
from suites.tiny.child import Finished, Line, release

Release = Callable[..., Finished]


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The tiny release line, nothing run yet."""
    folder = tmp_path_factory.mktemp("tiny")
    return Line(tiny.write_release(folder / "line"), folder / "out")


@pytest.fixture(scope="session")
def green(line: Line) -> Finished:
    """A finished green run of the tiny line: about half a minute, after which its store holds everything."""
    finished = release(line, "green")
    assert finished.status == 0, finished.output
    return finished


@pytest.fixture
def spoilt(line: Line, green: Finished, tmp_path: Path) -> Line:
    """A copy of the green line whose data and spec may be spoiled; its artifacts are reused."""
    return line.copy(tmp_path / "line")


@pytest.fixture(scope="session")
def fresh_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"run-{next(numbers):03d}"


@pytest.fixture(scope="session")
def llama_cpp(pytestconfig: pytest.Config) -> Toolchain:
    """The real toolchain, built or named. Without one its tests are skipped, with the way to get it."""
    try:
        return build.found(options.llama_cpp(pytestconfig))
    except ToolchainError as error:
        pytest.skip(f"{error}")
