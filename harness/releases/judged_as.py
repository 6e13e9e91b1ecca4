"""The form that was judged, in a line: what whoever serves the release has to load, and in what it has to compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def line(document: Mapping[str, Any]) -> str:
    """``nf4, computing in bfloat16, the rest in bfloat16, attention sdpa``; "not stated" where the verdict has no form,
    the name alone of one that is not served by transformers, or of an earlier release.

    Args:
        document: a verdict's.
    """
    found = document.get("model", {}).get("form")
    form = found if isinstance(found, Mapping) else {}
    parts = [str(form.get("name") or "not stated")]
    for key, words in (("compute", "computing in"), ("rest", "the rest in"), ("attention", "attention")):
        if isinstance(form.get(key), str):
            parts.append(f"{words} {form[key]}")
    return ", ".join(parts)
