"""The base can be asked: its tokenizer, chat template and configuration fit the release's items."""

from __future__ import annotations

from fixtures.release import Conclude
from harness.statistics.measurement import Measurement
from harness.store.artifact import Artifact


def test_tokenizer_ok(base_as_found: Artifact, base_problems: tuple[str, ...], conclude: Conclude) -> None:
    """Its template takes every order of turns, something ends an answer, and every special token has an embedding."""
    conclude(
        Measurement(
            float(not base_problems), 1, message="\n".join(base_problems), sources={"base": base_as_found.digest}
        )
    )
