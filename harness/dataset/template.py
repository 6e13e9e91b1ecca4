"""Hold every reference answer to the form and the content that answers are judged by.

A reference that would fail its own gate teaches the adapter to fail it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from harness.dataset.findings import Finding
from harness.dataset.records import Item


def template_findings(
    path: Path, items: tuple[Item, ...], answer_pattern: str, refusal_pattern: str
) -> tuple[Finding, ...]:
    """Empty prompts and references, references off their form, and points that a reference says wrongly.

    Args:
        path: the file that the items were read from; it is only named.
        items: the file's items.
        answer_pattern: regular expression that the whole reference of an answerable item matches.
        refusal_pattern: the same for an item that must be refused.

    Returns:
        Findings in the order of the items. No items give no findings: `count_findings` speaks of those.
    """
    answer, refusal = re.compile(answer_pattern), re.compile(refusal_pattern)
    return tuple(
        Finding(path, item.line, field, problem)
        for item in items
        for field, problem in _problems(item, refusal if item.must_refuse else answer)
    )


def _problems(item: Item, form: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    if not any(turn["role"] == "user" and turn["content"].strip() for turn in item.messages):
        yield "messages", "the prompt is empty; a user turn with text is expected"
    if not item.reference.strip():
        yield "reference", "empty; the answer that the adapter should give is expected"
        return
    if not form.fullmatch(item.reference):
        kind = "refusal" if item.must_refuse else "answer"
        yield "reference", f"not in the {kind} form {form.pattern!r}: {_opening(item.reference)!r}"
    for number, point in enumerate(item.points):
        said = [wording for wording in point.wordings if _says(item.reference, wording)]
        if item.must_refuse and said:
            yield f"points[{number}]", f"the refusal says {said[0]!r}; a refusal holds no required point"
        elif not item.must_refuse and not said:
            wordings = ", ".join(map(repr, point.wordings))
            yield f"points[{number}]", f"the item's own reference says none of {wordings}"


def _says(text: str, wording: str) -> bool:
    """Whether `wording` stands in `text` as whole words, whatever their case and punctuation."""
    wanted = _words(wording)
    return bool(wanted) and f" {wanted} " in f" {_words(text)} "


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def _opening(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
