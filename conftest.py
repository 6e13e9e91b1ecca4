"""Wires greenrun together: options and hooks in harness/plugin.py, fixtures in fixtures/, one subject a module."""

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
    "fixtures.toolchain",
    "fixtures.base",
    "fixtures.tokenized",
    "fixtures.deployed",
    "fixtures.adapters",
    "fixtures.sheets",
    "fixtures.dev_scores",
    "fixtures.attempts",
    "fixtures.selection",
    "fixtures.seeds",
    "fixtures.early",
    "fixtures.answers",
    "fixtures.repeats",
    "fixtures.noise",
    "fixtures.forgetting",
    "fixtures.mounts",
    "fixtures.scores",
    "fixtures.regression",
    "fixtures.packing",
    "fixtures.gguf",
    "fixtures.forms",
    "fixtures.form_scores",
    "fixtures.token_parity",
    "fixtures.attribution",
    "fixtures.plan",
    "fixtures.opening",
]
