"""The commented ``release.toml`` of a draft."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from harness.new.draft import SCHEMA, TEMPLATE, Draft, path_of
from harness.new.needs import Need
from harness.new.roles import SPLITS
from harness.report.escape import clean

WIDTH = 110
SMALL_RATES, LARGE_RATES = ("1.5e-3", "6e-4"), ("2e-4", "8e-5")
"""Learning rates of the two experiments: of a base of some hundred million weights, and of one of billions."""
MANY = 1000
"""Training items from which fewer epochs teach as much."""


def spec_text(draft: Draft) -> str:
    parts = (_head(draft), _task(draft), _adapter(draft), _training(draft), _gates(draft))
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _head(draft: Draft) -> Iterator[str]:
    names = ", ".join(file.path.name for file in draft.files)
    yield from _said(f"Written by python -m harness.new from {names}. Every value may be changed.")
    yield from _said("pytest suites/release --plan shows what a run would judge, build and take.")
    yield ""
    yield "[release]"
    yield f"name = {_text(draft.name)}"
    yield f"candidate = {_text(draft.candidate)}"
    yield 'deploy = "nf4"  # the form that ships and is judged: 4-bit base and adapter; or "float32", "gguf"'
    yield "seed = 20"
    yield "threads = 1  # a process; workers (-n) add cores, and no number depends on how many there are"
    yield ""
    yield "[base]"
    yield f"source = {_text(draft.model.source)}"
    yield f"pin = {_text(draft.model.pin)}"


def _task(draft: Draft) -> Iterator[str]:
    yield from _said(f"{draft.columns.form}. {'; '.join(draft.columns.notes)}".rstrip(" ."))
    yield from _said(splits_told(draft))
    yield f"[tasks.{draft.task}]"
    for split in ("train", "dev", "benchmark"):
        if split in draft.taken.rows:
            yield f"{split} = {_text(str(path_of(split)))}  # {len(draft.taken.rows[split])} records"
    if draft.columns.template is not None:
        yield f"template = {_text(TEMPLATE)}"
    yield f"max_new_tokens = {draft.lengths.answer}  # {_measured(draft)}: the longest reference, and a quarter more"
    if draft.look.turns[1] > draft.look.turns[0] or draft.look.turns[1] > 3:
        yield 'learn = "last"  # of several turns of an assistant; "all" learns every one'
    yield from _said("Not declared, so not judged; take the signs of comment away where your data has it:")
    yield "# answer_form = 'Answer: .+'       # a regular expression that whole answers match"
    kinds = f"; kinds in your records: {', '.join(draft.look.kinds)}" if draft.look.kinds else ""
    yield f'# refuse = ["forbidden"]           # kinds of records that must be refused{_line(kinds)}'
    yield "# refusal_form = 'I cannot .+'     # a regular expression that whole refusals match"
    if draft.columns.mapped:
        yield ""
        yield f"[tasks.{draft.task}.columns]  # reserved name = your column; empty: yours means something else"
        yield from (f"{name} = {_text(column)}" for name, column in sorted(draft.columns.mapped.items()))
    for need in draft.needs:
        if need.choice.settings:
            yield ""
            yield f"[tasks.{draft.task}.metrics.{need.choice.metric}]"
            yield from _settings(need.choice.settings)


def _settings(given: Mapping[str, object]) -> Iterator[str]:
    for key, value in given.items():
        yield f"{key} = {_text(SCHEMA) if key == 'schema' else _value(value)}"


def _adapter(draft: Draft) -> Iterator[str]:
    if draft.adapter is None:
        yield f"[adapters.{draft.candidate}]"
        yield f"tasks = [{_text(draft.task)}]"
        return
    yield from _said(f"Trained elsewhere: {draft.adapter.told}. It is judged on [base], whatever it names.")
    yield f"[adapters.{draft.candidate}]"
    yield f"tasks = [{_text(draft.task)}]"
    yield f"path = {_text(str(draft.adapter.folder))}"


def _training(draft: Draft) -> Iterator[str]:
    if draft.adapter is not None:
        yield from _said("Of no effect while the adapter is given; needed once one is trained here.")
    yield "[recipe]"
    yield "rank = 16"
    yield "alpha = 32"
    count = len(draft.taken.rows.get("train", ()))
    yield f"batch_size = {1 if count < 200 else 4}"
    yield f"max_length = {draft.lengths.sample}  # {_measured(draft)}: a longer sample is refused"
    rates = SMALL_RATES if draft.model.small else LARGE_RATES
    for name, epochs, rate in zip(("a", "b"), (3, 5) if count < MANY else (1, 2), rates, strict=True):
        yield ""
        yield "[[experiments]]  # compared on dev; one is selected" if name == "a" else "[[experiments]]"
        yield f"name = {_text(name)}"
        yield f"epochs = {epochs}"
        yield f"learning_rate = {rate}"
    yield ""
    yield from _said("Of metrics, in the composite that the report shows.")
    yield "[selection]"
    share = round(1 / len(draft.needs), 2)
    yield f"weights = {{ {', '.join(f'{need.choice.metric} = {share}' for need in draft.needs)} }}"


def _gates(draft: Draft) -> Iterator[str]:
    yield "[gates.data]"
    yield "tokens = true  # items are also rendered by the base's chat template, and their labels counted"
    if draft.adapter is not None:
        yield from _said("Nobody says what the adapter was trained on, so whether it knows the benchmark is unknown.")
        yield 'advisory = ["secrets", "text_apart", "topics_apart"]'
    if draft.taken.repeats:
        yield from _said("Several benchmark items are of one topic: they count as one.")
        yield 'allow = ["repeated-topic"]'
    for blocking in (True, False):
        rows = [need for need in draft.needs if need.blocking is blocking]
        if rows:
            yield ""
            yield from _rows(draft, rows, blocking)
    yield ""
    yield "[gates.bnb]  # the adapter on the 4-bit base"
    yield ""
    yield from _said("What the adapter costs in general text: name a folder of .txt files and take the signs away.")
    yield "# [gates.forgetting]"
    yield '# texts = "general"'
    yield ""
    yield from _said('[gates.gguf] makes and judges GGUF files; adapter = "apart" keeps base and adapter in two.')
    yield "# [gates.gguf]"
    yield '# adapter = "apart"'


def _rows(draft: Draft, needs: Sequence[Need], blocking: bool) -> Iterator[str]:
    for need in needs:
        yield from _said(f"{need.choice.metric}: {need.choice.why}.")
        yield from _said(needed_told(need))
    if not blocking and not draft.proves:
        yield from _said("With no threshold that blocks by its bound, a release is stamped UNPROVEN.")
    yield "[[gates.eval]]"
    yield f"adapter = {_text(draft.candidate)}"
    yield f"task = {_text(draft.task)}"
    yield f"blocking = {'true' if blocking else 'false'}"
    yield f"above = {{ {', '.join(f'{need.choice.metric} = {need.choice.above}' for need in needs)} }}"
    yield f"expected = {{ {', '.join(f'{need.choice.metric} = {need.choice.expected}' for need in needs)} }}"


def needed_told(need: Need) -> str:
    """What a threshold needs and what there is, in a sentence."""
    none, one, two = need.items
    proves = (
        f"Above {need.choice.above} is proved at 95% by {none} items if none is wrong, {one} if one is, {two} if two"
    )
    have = f"the benchmark has {need.n}"
    if need.blocking:
        chance = f"An adapter that is right in {need.choice.expected:.0%} passes with chance {need.chance:.2f}."
        right = "none may be" if need.may_miss == 0 else f"{need.may_miss} may be"
        return f"{proves}; {have}, of which {right} wrong. {chance}"
    return f"{proves}; {have}: {need.missing} are missing, so it only advises."


def splits_told(draft: Draft) -> str:
    """Where each split comes from, in a sentence."""
    parts = [f"{split} is {' and '.join(names)}" for split, names in draft.taken.given.items()]
    if draft.taken.cut:
        *others, last = (split for split in SPLITS if split in draft.taken.cut)
        cut = f"{', '.join(others)} and {last}"
        groups = f"; {draft.taken.groups} independent groups" if draft.taken.groups else ""
        parts.append(f"{cut} cut by content (topic, passage, wording) and digest{groups}")
    return "; ".join(parts)


def _measured(draft: Draft) -> str:
    return "tokens, counted" if draft.model.exact else "tokens, estimated from above"


def _said(text: str) -> Iterable[str]:
    """A comment, whatever stands in the text."""
    return textwrap.wrap(_line(text), WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """A basic string of TOML: JSON's, but for the one control character that JSON lets pass."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
