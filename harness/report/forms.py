"""The report's table of forms, from base to file: at which step quality was lost, and which form to ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.catalogue import Say
from harness.report.escape import bullets, cell, fenced, table
from harness.report.tables import turned_worse


def blocks(document: Mapping[str, Any], say: Say) -> list[str]:
    """Heading, table, where quality was lost, and answers that turned wrong; [] where no form was measured."""
    found = document.get("forms") or {}
    rows = found.get("forms", [])
    if not rows:
        return []
    return [
        "### " + say("Forms, from base to file"),
        say(
            "Divergence from the adapter as trained, teacher-forced on reference answers, standard errors by topic; "
            "scores over the same sample; tokens/s over its answers, prompts included, measured in one run."
        ),
        table(_heads(say), [_row(row, say) for row in rows]),
        bullets([cell(found.get("lost_at"))]),
        *_serving(found.get("serving") or {}, say),
        *(
            block
            for loss in document.get("form_losses", [])
            for block in turned_worse(f"{cell(loss.get('form'))}, {cell(loss.get('metric'))}", loss, say)
        ),
    ]


def _heads(say: Say) -> tuple[str, ...]:
    return (
        say("form"),
        say("KL, nats/token"),
        say("99th percentile"),
        say("same top token"),
        say("perplexity ratio"),
        say("KL from the base"),
        say("scores"),
        say("size, MiB"),
        say("tokens/s"),
        say("memory, MiB"),
    )


def _serving(found: Mapping[str, Any], say: Say) -> list[str]:
    """Names of the two files that serve an adapter which stays apart, and the command that serves them."""
    if not found:
        return []
    rows = [
        [name, cell(one.get("path")), _number(_mib(one.get("size")), ".1f"), cell(one.get("sha256"))]
        for name, one in ((say("base"), found.get("base", {})), ("LoRA", found.get("lora", {})))
    ]
    return [
        "#### " + say("Served apart"),
        say(
            "One base file serves many adapters: give each its `--lora`, add `--lora-init-without-apply` (else all of "
            'them speak at once), and have every request name its own: `"lora": [{"id": 0, "scale": 1}]`.'
        ),
        table((say("file"), say("path"), say("size, MiB"), "sha256"), rows),
        fenced(str(found.get("command", ""))),
    ]


def _row(row: Mapping[str, Any], say: Say) -> list[str]:
    name = f"{cell(row.get('form'))}: {cell(row.get('kind'))}" + (say(" (deployed)") if row.get("deployed") else "")
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
