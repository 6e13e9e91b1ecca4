"""The error of an engine. It stands here and not in `harness.errors`, which is in the key of every stored adapter."""

from __future__ import annotations

from harness.errors import GreenrunError


class EngineError(GreenrunError):
    """Raised when a model's engine died, hung or gave what cannot be used."""
