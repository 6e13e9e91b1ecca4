"""Where the project stands: the folder that holds harness, training, suites and data."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
