"""The form that was judged, in a line: what whoever serves the release has to load, and in what it has to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from harness.spec.serve import Precision


def line(document: Mapping[str, Any]) -> str:
    """``nf4, compute = bfloat16, rest = bfloat16, attention = sdpa``, as ``[serve]`` has it and the same in every
    language; "not stated" where the verdict has no form, the name alone of one that is not served by transformers.

    Args:
        document: a verdict's.
    """
    found = document.get("model", {}).get("form")
    form = found if isinstance(found, Mapping) else {}
    parts = [str(form.get("name") or "not stated")]
    parts += [f"{one.name} = {form[one.name]}" for one in fields(Precision) if isinstance(form.get(one.name), str)]
    return ", ".join(parts)
