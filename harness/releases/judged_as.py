"""The form that was judged, in a line: what whoever serves the release has to load, and in what it has to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from harness.spec.serve import Precision


def line(document: Mapping[str, Any]) -> str | None:
    """``nf4, compute = bfloat16, rest = bfloat16, attention = sdpa``, as ``[serve]`` has it and the same in every
    language; None where the verdict states no form, the name alone of one that is not served by transformers.

    Args:
        document: a verdict's.
    """
    found = document.get("model", {}).get("form")
    form = found if isinstance(found, Mapping) else {}
    if not form.get("name"):
        return None
    parts = [str(form["name"])]
    parts += [f"{one.name} = {form[one.name]}" for one in fields(Precision) if isinstance(form.get(one.name), str)]
    return ", ".join(parts)
