"""The base can be asked: its tokenizer, chat template and configuration fit the release's items."""

from __future__ import annotations

from fixtures.base import Base
from fixtures.release import Conclude
from harness.statistics.measurement import Measurement


def test_tokenizer_ok(base: Base, conclude: Conclude) -> None:
    """Its template takes every order of turns, something ends an answer, and every special token has an embedding."""
    found, problems = base.as_found(), base.problems()
    sources = {"base": found.digest}
    conclude(Measurement(float(not problems), 1, message="\n".join(problems), sources=sources))
