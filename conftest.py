"""Wires greenrun together: options and hooks in harness/plugin.py, fixtures in fixtures/, one topic a module."""

from pathlib import Path

import fixtures

_HERE = Path(__file__).resolve().parent
if Path(fixtures.__file__ or "").resolve().parent != _HERE / "fixtures":
    raise RuntimeError(
        f"another package named fixtures was imported from {fixtures.__file__}; "
        "run pytest with this repository's pyproject.toml (-c pyproject.toml), which puts its root first on the path"
    )

pytest_plugins = [
    "fixtures.release",
    "fixtures.datasets",
    "fixtures.base_fitness",
    "fixtures.tokenized",
    "fixtures.toolchain",
    "fixtures.deployed",
    "fixtures.answer_sheets",
    "fixtures.adapters",
    "fixtures.dev_scores",
    "fixtures.selection",
    "fixtures.seeds",
    "fixtures.attempts",
    "fixtures.asking",
    "fixtures.mounts",
    "fixtures.gguf_files",
    "fixtures.gguf",
    "fixtures.noise",
    "fixtures.again",
    "fixtures.forgetting",
    "fixtures.scores",
    "fixtures.parity",
    "fixtures.token_parity",
    "fixtures.form_scores",
    "fixtures.regression",
    "fixtures.packing",
    "fixtures.attribution",
    "fixtures.plan",
    "fixtures.opening",
]
