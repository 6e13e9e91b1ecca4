"""The page of the metrics, written from their modules and from the tables of judged answers.

``python -m suites.selftest.metrics.metrics_page`` writes ``docs/metrics.md``; a test holds the page to what it would
write.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from harness.metrics import Metric, registry
from harness.metrics.settings import required
from harness.project import ROOT
from suites.selftest.metrics import judged_answers, judged_metrics

PAGE = ROOT / "docs" / "metrics.md"
BEFORE = judged_answers.TABLES / "before.json"
"""Agreement of the matcher of points before it was changed for the rows of `judged_answers.MATCHER`: metric -> [rows
that agree, rows], and the same by phenomenon."""

HEAD = """\
# Metrics

A metric is a number from 0 to 1 for each answer, taken over the items that it concerns. A gate names it with a
threshold (`[[gates.eval]] above = { token-f1 = 0.8 }`); what it needs to know of a task is declared beside the task:

```toml
[tasks.triage.metrics.label]
labels = ["urgent", "normal", "spam"]

[tasks.orders.metrics.json-schema]
schema = "order.schema.json"  # or the schema itself, as a table
```

Metrics with settings, required or not, are taken over the tasks that declare them, by a table or by a gate; the others
over every task. An unknown or missing setting is refused when the spec is read. A metric that looks at content scores
low for wrong words in the right form; one that looks at form need not, so a candidate that is gated on form alone is
refused, and so is a gate that concerns no item.

References are scored first: each by every metric that its task declares. One that earns less than 1 is a finding of
`data.SPLIT-TASK.references_score`, named with item, metric and value, because no answer could earn more.

What is marked as thinking (`<think>` and its kin) is no part of an answer. Where a metric reads words, struck-out text,
the question repeated and a list of all of its options say nothing either.
"""

OWN_WORDS = {
    "refused": "what must be refused is, in the declared form and telling no point",
    "answered": "what only looks like something to refuse is answered",
    "refusal-pooled": "both of these over all items, as the old report had it",
    "citation-precision": "share of the cited notes that a right answer cites",
    "citation-recall": "share of the right notes that are cited",
}


def render() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_metrics(), "", *_matcher(), "", *_installed(), ""])


def _metrics() -> Iterator[str]:
    yield "## What there is"
    yield ""
    yield (
        "Answers were judged by hand, row by row (`suites/selftest/metrics/judged`); the last column says in how many "
        "of them metric and reader agree."
    )
    yield ""
    yield "| metric | of an answer | looks at | settings | agrees |"
    yield "| --- | --- | --- | --- | --- |"
    for name, metric in registry.OWN.items():
        agree, n = _agreement(name)
        cells = (f"`{name}`", _says(name, metric), metric.looks_at, _settings(metric), f"{agree} of {n}")
        yield f"| {' | '.join(cells)} |"


def _says(name: str, metric: Metric) -> str:
    if name in OWN_WORDS:
        return OWN_WORDS[name]
    first = " ".join((sys.modules[metric.score.__module__].__doc__ or "").split("\n\n")[0].split())
    return first.partition(": ")[2].rstrip(".").replace("|", "\\|")


def _settings(metric: Metric) -> str:
    if metric.settings is None:
        return ""
    named = [f"`{key}`{' (required)' if must else ''}" for key, must in required(metric.settings).items()]
    return ", ".join(named) or "none"


def _agreement(name: str) -> tuple[int, int]:
    rows = judged_metrics.judged(name) if name in judged_metrics.NAMES else judged_answers.judged(name)
    return sum(row.agrees for row in rows), len(rows)


def _matcher() -> Iterator[str]:
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    rows = judged_answers.judged_matcher()
    yield "## The matcher of points, before and after"
    yield ""
    yield (
        "`matcher.jsonl` was judged before the matcher was changed for it; the first column is the old matcher. Run "
        "`python -m suites.selftest.metrics.judged_answers` for the rows that it gets wrong now."
    )
    yield ""
    yield "| rows about | before | now |"
    yield "| --- | --- | --- |"
    for name, (agree, n) in judged_answers.by_phenomenon(rows).items():
        yield f"| {name} | {before['by'][name][0]} of {before['by'][name][1]} | {agree} of {n} |"
    was, n = before["matcher"]
    yield f"| all of them | {was} of {n} | {sum(row.agrees for row in rows)} of {len(rows)} |"
    later = judged_answers.judged_matcher(judged_answers.MATCHER_LATER)
    was, n = before[judged_answers.MATCHER_LATER]
    agree = sum(row.agrees for row in later)
    yield f"| more of these kinds, judged afterwards | {was} of {n} | {agree} of {len(later)} |"
    for name in (*judged_answers.FIELDS, judged_answers.LATER):
        now = judged_answers.judged_later() if name == judged_answers.LATER else judged_answers.judged(name)
        was, n = before[name]
        yield f"| `{name}`, the table from before | {was} of {n} | {sum(row.agrees for row in now)} of {len(now)} |"

    yield ""
    yield (
        "The first 174 rows that were judged afterwards (`matcher_later.jsonl`) were put to the new matcher once "
        f"before anything was changed for them: it agreed in {before['first_sight'][0]} of {before['first_sight'][1]}. "
        "What it misses now are mostly wordings that no rule knows, such as a quarter for 25 %: declare them."
    )


def _installed() -> Iterator[str]:
    yield "## Your own"
    yield ""
    yield (
        "A package adds a metric by the entry point `greenrun.metrics`: a `harness.metrics.Metric` of that name, whose "
        '`score(item, answer, forms)` is pure. Say `looks_at="form"` where wrong words may score high. Settings are a '
        "frozen dataclass, a subclass of `harness.metrics.Settings`, given as `settings=`; `forms.of(name, Most)` "
        "holds what the task declares. `harness/metrics/installed.py` shows both."
    )


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
