"""A pytest plugin for one sabotage: what is called a merged checkpoint is the bare base."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.gguf import merge


def _forget_the_adapter(weights: Path, adapter: Path, folder: Path) -> None:
    shutil.copytree(weights, folder, dirs_exist_ok=True)


merge.write = _forget_the_adapter
