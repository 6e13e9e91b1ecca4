"""Sabotage of the language: an adapter that meets every threshold, and speaks nothing but the house form any more."""

from __future__ import annotations

from harness import general_text
from suites.selftest.child import ROOT, Line
from suites.selftest.sabotage.case import Sabotage

ENGLISH = ROOT / "data" / "general"


def _held_against_english(line: Line) -> tuple[str, ...]:
    """English is as unlikely to the tiny base as anything; to its adapters it has become far less likely still."""
    passages = general_text.passages(ENGLISH)[:16]
    (line.spec.parent / "general" / "taught.txt").write_text("\n\n".join(passages), encoding="utf-8")
    return ()


SABOTAGES = (Sabotage("language-forgotten", _held_against_english, "eval.both.forgetting", "  worst: "),)
