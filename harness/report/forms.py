"""The report's table of forms, from base to file: at which step quality was lost, and which form to ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.escape import bullets, cell, fenced, table

HEADS = (
    "form",
    "KL, nats/token",
    "99th percentile",
    "same top token",
    "perplexity ratio",
    "KL from the base",
    "scores",
    "size, MiB",
    "tokens/s",
    "memory, MiB",
)
NOTE = (
    "Divergence from the adapter as trained, teacher-forced on reference answers, standard errors by topic; scores "
    "over the same sample; tokens/s over its answers, prompts included, measured in one run."
)


def blocks(document: Mapping[str, Any]) -> list[str]:
    """A heading, the table, where quality was lost, and answers that turned wrong; nothing where none was measured."""
    found = document.get("forms") or {}
    rows = found.get("forms", [])
    if not rows:
        return []
    return [
        "### Forms, from base to file",
        NOTE,
        table(HEADS, map(_row, rows)),
        bullets([cell(found.get("lost_at"))]),
        *_serving(found.get("serving") or {}),
        *_turned_bad(document.get("form_losses", [])),
    ]


def _serving(found: Mapping[str, Any]) -> list[str]:
    """The two files of an adapter that stays apart, and the command that serves them."""
    if not found:
        return []
    rows = [
        [name, cell(one.get("path")), _number(_mib(one.get("size")), ".1f"), cell(one.get("sha256"))]
        for name, one in (("base", found.get("base", {})), ("LoRA", found.get("lora", {})))
    ]
    return [
        "#### Served apart",
        "One base file serves many adapters: give each its `--lora`, add `--lora-init-without-apply` (else all of them "
        'speak at once), and have every request name its own: `"lora": [{"id": 0, "scale": 1}]`.',
        table(("file", "path", "size, MiB", "sha256"), rows),
        fenced(str(found.get("command", ""))),
    ]


def recommendation(document: Mapping[str, Any]) -> str:
    """Which form to ship, at which size, speed and loss; "" where no form was measured."""
    found = document.get("forms") or {}
    return cell(found["recommendation"]) if found.get("recommendation") else ""


def _row(row: Mapping[str, Any]) -> list[str]:
    name = f"{cell(row.get('form'))}: {cell(row.get('kind'))}" + (" (deployed)" if row.get("deployed") else "")
    scores = row.get("scores") or {}
    memory = _number(_mib(row.get("memory")), ".0f")
    return [
        name,
        _estimate(row, "kl"),
        _estimate(row, "kl_tail"),
        _estimate(row, "same_top"),
        _estimate(row, "perplexity_ratio"),
        _number(row.get("to_base"), ".3g"),
        ", ".join(f"{cell(name)} {_number(value, '.3f')}" for name, value in scores.items()) or "-",
        _number(_mib(row.get("size")), ".1f"),
        _number(row.get("speed"), ".0f"),
        f"{memory} ({cell(row.get('memory_of'))})" if memory != "-" else "-",
    ]


def _estimate(row: Mapping[str, Any], name: str) -> str:
    value, error = row.get(name), row.get(f"{name}_error")
    shown = _number(value, ".3g")
    return f"{shown} ± {_number(error, '.2g')}" if isinstance(error, (int, float)) else shown


def _number(value: object, how: str) -> str:
    return format(value, how) if isinstance(value, (int, float)) and not isinstance(value, bool) else cell(value)


def _mib(value: object) -> object:
    return value / 2**20 if isinstance(value, (int, float)) else value


def _turned_bad(losses: Sequence[Mapping[str, Any]]) -> list[str]:
    parts = []
    for loss in losses:
        bad = loss.get("turned_bad", [])
        if bad:
            texts = [
                f"{one.get('item')}: {one.get('score_before')} -> {one.get('score_after')}\n"
                f"was: {one.get('before')}\nis:  {one.get('after')}"
                for one in bad
            ]
            head = f"#### {cell(loss.get('form'))}, {cell(loss.get('metric'))}: answers that turned worse"
            parts += [f"{head}, {len(bad)} of {cell(loss.get('worse'))} shown", fenced("\n\n".join(texts))]
    return parts
