"""Runs ``python -m harness.new`` in this process, with a base of a few bytes that nothing loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.new.__main__ import main


@dataclass(frozen=True, slots=True)
class Made:
    """What one call said and wrote."""

    status: int
    screen: list[str]
    error: str
    out: Path

    def split(self, name: str) -> list[dict[str, object]]:
        text = (self.out / f"{name}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line]

    @property
    def spec(self) -> str:
        return (self.out / "release.toml").read_text(encoding="utf-8")


New = Callable[..., Made]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    (folder / "config.json").write_text('{"max_position_embeddings": 4096}', encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"no weights")
    return folder


@pytest.fixture
def new(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> New:
    """``new(path, ..., "--adapter=DIR")``: writes below the test's own folder."""

    def new(*data: Path, out: str = "made", more: tuple[str, ...] = ()) -> Made:
        status = main([*map(str, data), f"--out={tmp_path / out}", f"--base={base}", *more])
        said = capsys.readouterr()
        return Made(status, said.out.splitlines(), said.err, tmp_path / out)

    return new
