"""Which column asks and which one answers, where the records' keys do not say so by themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.dataset import forms
from harness.dataset.findings import quote
from harness.dataset.reading import PLAIN, named
from harness.errors import DataError
from harness.new.roles import role
from harness.new.rows import Row
from harness.spec.values import NAME

_ANSWERS = (
    "reference", "answer", "completion", "response", "output", "target", "label", "labels", "class", "intent",
    "sentiment", "summary", "translation", "solution", "reply", "category", "答案", "回答", "回复", "输出",
    "标签", "类别", "摘要", "译文", "分类",
)  # fmt: skip
"""Names of the column that answers; the first that is there."""

_QUESTIONS = frozenset({
    "question", "query", "prompt", "instruction", "input", "text", "sentence", "content", "review", "title", "problem",
    "utterance", "message", "document", "article", "passage", "context", "premise", "hypothesis", "sentence1",
    "sentence2", "body", "source", "request", "ticket", "email", "问题", "提问", "输入", "文本", "内容",
    "题目", "正文", "上下文", "材料", "指令", "原文", "句子",
})  # fmt: skip

_OF_THE_RECORD = frozenset({
    "id", "uid", "uuid", "index", "idx", "url", "split", "lang", "language", "date", "time", "author", "license",
    "origin", "kind", "task", "topic", "difficulty", "编号", "序号",
})  # fmt: skip
"""Columns that speak of the record, and ask nothing."""

_ORDINARY = re.compile(r"(?!(?:and|or|not|in|is|if|else|for|true|false|none|import|from|with|loop|self|range|dict)$)"
                       r"[^\W\d]\w*", re.IGNORECASE)  # fmt: skip
"""A name that a template can use."""

OWN = "columns of your own names"
"""What records are called that have none of the known forms."""

FEW_TOPICS = 12
"""Different topics below which the column sorts records, and says of none that it is independent of another."""
PASSAGE = 80
"""Characters from which a text that records share is a passage, and no category, however few of them there are."""
REPEATED = 0.8
"""Different passages, of all records, below which they are what keeps items apart."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How the records are read."""

    form: str
    mapped: Mapping[str, str] = field(default_factory=dict)
    """``[tasks.NAME.columns]``."""
    template: str | None = None
    """Text of the prompt template; None where the records need none."""
    task: str = ""
    """What the records call their task; "" where they call it nothing."""
    left: tuple[int, ...] = ()
    """Numbers of the rows that are not learned from."""
    notes: tuple[str, ...] = ()


def decide(rows: Sequence[Row]) -> Columns:
    """How to read the records of a task.

    Args:
        rows: at least one.

    Raises:
        DataError: nothing says which column asks, or which one answers.
    """
    records = [named(row.record, PLAIN) for row in rows]
    seen = Counter(map(forms.form_of, records))
    form = max(sorted(seen), key=lambda one: seen[one])
    if form == forms.PREFERENCE:
        return _with_reserved(_preference(rows[0], records), rows, records)
    if form == forms.UNPAIRED:
        return _with_reserved(_rated(rows[0], records), rows, records)
    answer = {forms.PROMPT: "completion", forms.ALPACA: "output"}.get(form, "")
    for row, record in zip(rows, records, strict=True):
        if answer in record and not isinstance(record[answer], (str, list)):
            raise DataError(row.path, row.line, _no_text(answer, [record]))
    return _with_reserved(_by_name(rows[0], records) if form == forms.TASK else Columns(form), rows, records)


def _preference(first: Row, records: Sequence[dict[str, Any]]) -> Columns:
    """The chosen ones, as what is learned."""
    note = "DPO pairs: no DPO is done and no pairs are compared; the chosen answers are learned and judged"
    chosen = records[0]["chosen"]
    spoken = isinstance(chosen, list) and chosen and isinstance(chosen[0], dict)
    opens = str(chosen[0].get("role", chosen[0].get("from", ""))) if spoken else ""
    if "prompt" in records[0] and (isinstance(chosen, str) or opens == "assistant"):
        return Columns(forms.PREFERENCE, {"completion": "chosen"}, notes=(note,))
    if spoken:
        return Columns(forms.PREFERENCE, {"messages": "chosen"}, notes=(note,))
    problem = "preference pairs whose chosen side is one text, without a prompt; write prompt and chosen apart"
    raise DataError(first.path, first.line, problem)


def _rated(first: Row, records: Sequence[dict[str, Any]]) -> Columns:
    bad = tuple(number for number, record in enumerate(records) if record.get("label") is not True)
    if len(bad) == len(records):
        raise DataError(first.path, first.line, "every answer is rated false (label), so that nothing is left to learn")
    note = f"rated answers: no KTO is done; {len(bad)} that are rated false are left out"
    return Columns(forms.UNPAIRED, {"label": ""}, left=bad, notes=(note,))


def _by_name(first: Row, records: Sequence[dict[str, Any]]) -> Columns:
    keys = _keys(records)
    texts = [key for key in keys if all(isinstance(record.get(key), str) for record in records)]
    answers = sorted((_ANSWERS.index(key.lower()), key) for key in keys if key.lower() in _ANSWERS)
    answer = next((key for _, key in answers), "")
    asking = [key for key in texts if key != answer and key.lower() in _QUESTIONS]
    free = [key for key in texts if key != answer and key not in asking and key.lower() not in _OF_THE_RECORD]
    if not answer and len(asking) == 1 and len(free) == 1:
        answer = free.pop()
    if not asking and len(free) == 1:
        asking = [free.pop()]
    if answer and answer not in texts:
        raise DataError(first.path, first.line, _no_text(answer, records))
    if not answer or not asking:
        missing = "answers" if not answer else "asks"
        raise DataError(
            first.path,
            first.line,
            f"no column is known that {missing}; the columns are {', '.join(quote(key) for key in keys)}: "
            'rename one to "prompt" and one to "completion"',
        )
    mapped, template = _mapped(first, asking, answer, records)
    passage = max(asking, key=lambda key: (sum(len(record[key]) for record in records), key))
    said = {record[passage] for record in records}
    apart = len(said) >= FEW_TOPICS or min(map(len, said)) >= PASSAGE  # a short text of few values sorts records
    if len(asking) > 1 and apart and len(said) < REPEATED * len(records) and "" not in said and "topic" not in keys:
        mapped["topic"] = passage
    unused = [key for key in keys if key not in {*asking, answer, "id", "topic", "kind", "task", "points"}]
    note = f"{' and '.join(map(quote, asking))} ask{'s' if len(asking) == 1 else ''}, {quote(answer)} answers"
    note += f"; not used: {', '.join(map(quote, unused))}" if unused else ""
    return Columns(OWN, mapped, template, notes=(note,))


def _mapped(
    first: Row, asking: Sequence[str], answer: str, records: Sequence[dict[str, Any]]
) -> tuple[dict[str, str], str | None]:
    """Reserved names -> columns, and the template where there are more of them than reserved names."""
    if len(asking) == 1:
        mapped, template = {"prompt": asking[0], "completion": answer}, None
    elif len(asking) == 2:
        instruction, given = sorted(asking, key=lambda key: (not all(record[key].strip() for record in records),
                                                             sum(len(record[key]) for record in records)))  # fmt: skip
        mapped, template = {"instruction": instruction, "input": given, "output": answer}, None
    else:
        strange = [key for key in asking if not _ORDINARY.fullmatch(key)]
        if strange:
            problem = f"the column {quote(strange[0])} cannot be named in a template; rename it to letters"
            raise DataError(first.path, first.line, problem)
        mapped, template = {"reference": answer}, "\n\n".join(f"{{{{ {key} }}}}" for key in asking) + "\n"
    keys = {key for record in records for key in record}
    for other in ("messages", "conversations", "reference", "prompt", "completion", "rejected"):
        if other in keys and other not in mapped and not (template and other in (*asking, "prompt", "completion")):
            mapped[other] = ""
    return {name: column for name, column in mapped.items() if name != column}, template


def _no_text(answer: str, records: Sequence[dict[str, Any]]) -> str:
    found = next((record.get(answer) for record in records if not isinstance(record.get(answer), str)), None)
    what = "is missing in a record" if found is None else f"holds {quote(found, 40)}, which is no text"
    return f"the column that answers, {quote(answer)}, {what}; write in every record the words that a model is to say"


def _keys(records: Sequence[dict[str, Any]]) -> list[str]:
    """Every key, by the place where it stands foremost: whatever the order of the records."""
    places: dict[str, int] = {}
    for record in records:
        for place, key in enumerate(record):
            places[key] = min(place, places.get(key, place))
    return sorted(places, key=lambda key: (places[key], key))


def _with_reserved(found: Columns, rows: Sequence[Row], records: Sequence[dict[str, Any]]) -> Columns:
    """What is made of columns that mean something to greenrun, and perhaps something else to whoever wrote them."""
    mapped, notes, task = dict(found.mapped), list(found.notes), ""
    have = {key: [record[key] for record in records if key in record] for key in ("id", "task", "topic", "points")}
    names = [(role(row.path), str(record["id"])) for row, record in zip(rows, records, strict=True) if "id" in record]
    if "id" not in mapped and (len(set(names)) < len(names) or not all(_plain(one) for one in have["id"])):
        mapped["id"] = ""
        notes.append("id is not unique, and is not read")
    if have["task"] and "task" not in mapped:
        tasks = {str(one) for one in have["task"]}
        task = tasks.pop() if len(tasks) == 1 else ""
        if not re.match(NAME, task):
            task, mapped["task"] = "", ""
    topics = {str(one).strip().lower() for one in have["topic"]}
    if have["topic"] and "topic" not in mapped and len(topics) < min(FEW_TOPICS, len(records)):
        mapped["topic"] = ""
        notes.append(f"topic has {len(topics)} values: taken for a category, not for what keeps items apart")
    if not all(map(_is_points, have["points"])):
        mapped["points"] = ""
        notes.append("points are no list of wordings, and are not read")
    return Columns(found.form, mapped, found.template, task, found.left, tuple(notes))


def _plain(value: object) -> bool:
    return isinstance(value, (str, int)) and str(value).strip() != ""


def _is_points(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("wordings"), list)
        and all(isinstance(wording, str) for wording in one["wordings"])
        and isinstance(one.get("note", ""), str)
        for one in value
    )
