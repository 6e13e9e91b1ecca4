"""What was seen and what was made of it, in one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness.new.draft import SPEC, Draft
from harness.new.needs import Need
from harness.new.proof import Found
from harness.new.spec_text import splits_told
from harness.report.escape import clean
from harness.text import columns

WIDTH, LABEL = 98, 12
MOST_FILES, MOST_LABELS, MOST_KINDS = 3, 6, 4
TEMPLATE = "; what the base's chat template makes of the items is seen by a run"


def screen(draft: Draft, found: Found, out: Path) -> list[str]:
    """At most 24 lines of at most `WIDTH` columns."""
    lines = [columns.cut(f"{out / SPEC}: release {draft.name}, task {draft.task}", WIDTH)]
    for label, text, most in (
        *_files(draft),
        ("form", "; ".join((draft.columns.form, *draft.columns.notes)), 2),
        ("texts", _texts(draft), 2),
        ("answers", _answers(draft), 1),
        ("base", draft.model.source, 1),
        *((("adapter", f"{draft.adapter.name}: {draft.adapter.told}", 1),) if draft.adapter else ()),
        ("splits", _splits(draft), 2),
        *(("metric" if at == 0 else "", _metric(need), 1) for at, need in enumerate(draft.needs)),
        *(() if draft.proves else (("unproven", _unproven(draft), 1),)),
        *((("note", "; ".join(draft.notes), 2),) if draft.notes else ()),
        ("data gates", _found(found), 2),
        ("not judged", "; ".join(draft.not_judged), 2),
    ):
        lines += _row(label, text, most)
    # never folded: it is there to be copied
    return [*lines, f"{'next':<{LABEL}}pytest suites/release --release={clean(str(out / SPEC))} --plan"]


def _row(label: str, text: str, most: int) -> Iterator[str]:
    """A label and its text, folded to so many lines; what is left out is told by an ellipsis."""
    folded = columns.folded(" ".join(clean(text).split()), WIDTH - LABEL)
    if len(folded) > most:
        folded = [*folded[: most - 1], columns.cut(" ".join(folded[most - 1 :]), WIDTH - LABEL)]
    for number, line in enumerate(folded):
        yield f"{label if number == 0 else '':<{LABEL}}{line}".rstrip()


def _files(draft: Draft) -> Iterator[tuple[str, str, int]]:
    shown = draft.files if len(draft.files) <= MOST_FILES else draft.files[: MOST_FILES - 1]
    for number, file in enumerate(shown):
        yield (
            "files" if number == 0 else "",
            f"{file.path.name}: {file.format}, {_count(len(file.rows), 'record')}",
            1,
        )
    rest = draft.files[len(shown) :]
    if rest:
        yield "", f"and {len(rest)} more files, {_count(sum(len(file.rows) for file in rest), 'record')}", 1


def _texts(draft: Draft) -> str:
    look = draft.look
    turns = f"{look.turns[0]}" if look.turns[0] == look.turns[1] else f"{look.turns[0]} to {look.turns[1]}"
    scripts = ", ".join(f"{name} {share:.0%}" for name, share in look.scripts) or "no letters"
    more = [f"{look.systems} with a system turn"] if look.systems else []
    more += [f"{look.tools} with tools"] if look.tools else []
    more += [f"{look.topics} topics"] if look.topics else []
    more += [f"kinds {', '.join(look.kinds[:MOST_LABELS])}"] if look.kinds else []
    more += [look.keys] if look.keys else []
    return "; ".join((f"{turns} turns", scripts, *more))


def _answers(draft: Draft) -> str:
    low, middle, high = draft.look.words
    words = f"{draft.chosen.what}, {low} to {high} words (half at most {middle:.0f})"
    labels = next((need.choice.settings["labels"] for need in draft.needs if need.choice.metric == "label"), ())
    if labels:
        counts = Counter(item.reference.strip() for items in draft.taken.items.values() for item in items)
        told = ", ".join(f"{label} {counts[label]}" for label in labels[:MOST_LABELS])
        return f"{draft.chosen.what}: {told}{', ...' if len(labels) > MOST_LABELS else ''}"
    return words


def _splits(draft: Draft) -> str:
    counts = ", ".join(f"{split} {len(rows)}" for split, rows in draft.taken.rows.items())
    return f"{counts}; {splits_told(draft)}"


def _metric(need: Need) -> str:
    head = f"{need.choice.metric} > {need.choice.above:g}"
    weak = " (weak)" if need.choice.weak else ""
    if need.blocking:
        return f"{head} blocks{weak}: {need.n} benchmark items; {need.items[0]} prove it, {need.may_miss} may be wrong"
    short = f"{need.missing} short of the {need.items[0]} that prove it"
    return f"{head} only advises{weak}: {need.n} benchmark items, {short}"


def _unproven(draft: Draft) -> str:
    least = min(need.missing for need in draft.needs)
    return f"nothing can block: a release is stamped UNPROVEN; {least} more benchmark items change that"


def _found(found: Found) -> str:
    if not found.kinds:
        return f"no findings{TEMPLATE}"
    named = [f"{count} {kind} ({found.first[kind]})" for kind, count in found.kinds.most_common(MOST_KINDS)]
    more = [f"{len(found.kinds) - MOST_KINDS} more kinds"] if len(found.kinds) > MOST_KINDS else []
    refusing = f"; red, and would refuse: {', '.join(found.red)}" if found.red else f"; none would refuse{TEMPLATE}"
    return ", ".join(named + more) + refusing


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
