"""Count the forms of a file's records, and the keys of their turns that only a chat template may read."""

from __future__ import annotations

from collections import Counter

from harness.dataset import forms
from harness.dataset.findings import quote
from harness.dataset.forms import Record

Seen = Counter[tuple[str, str]]
"""(``form``, its name) -> records; (``key``, its name) -> turns that have it."""


def look(seen: Seen, form: str, record: Record) -> None:
    """Count one record, whose columns have their reserved names."""
    seen["form", form] += 1
    if form != forms.TASK:
        seen.update(("key", key) for key in forms.keys_seen(record))


def note(seen: Seen) -> str:
    """One line for the report: the forms with their numbers, and the unknown keys with what becomes of them; "" where
    all records are a template's."""
    of_form = [(name, count) for (what, name), count in sorted(seen.items()) if what == "form"]
    keys = [f"{quote(name)} ({count})" for (what, name), count in sorted(seen.items()) if what == "key"]
    lines = []
    if any(name != forms.TASK for name, _ in of_form):
        more = "; are several forms meant to lie in one file?" if len(of_form) > 1 else ""
        lines.append(f"records: {', '.join(f'{count} of {name}' for name, count in of_form)}{more}")
    if keys:
        lines.append(f"keys of turns that go to the chat template, and are read by nothing else: {', '.join(keys)}")
    return "\n".join(lines)
