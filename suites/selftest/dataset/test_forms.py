"""Records come in the forms that people have: each is recognised by name, taken whole, or refused with the mend."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dataset import forms, seen, texts, turns
from harness.dataset.counts import id_findings
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords, read_items
from harness.dataset.leakage import topic_findings
from harness.dataset.reading import Reading
from harness.dataset.scan import Plan, Scan, scan
from harness.dataset.template import TemplateCheck
from harness.errors import DataError

PATH = Path("some.jsonl")
TEMPLATE = "{{ question }}"

ASK = {"role": "user", "content": "When is high water?"}
SAY = {"role": "assistant", "content": "At noon."}
CALL = {"role": "assistant", "content": None,
        "tool_calls": [{"id": "c1", "function": {"name": "tide", "arguments": '{"port": "Rye"}'}}]}  # fmt: skip
BACK = {"role": "tool", "tool_call_id": "c1", "content": "12:00"}
TOOLS = [{"type": "function", "function": {"name": "tide", "description": "", "parameters": {"type": "object"}}}]


def taken(record: dict[str, Any], system: str = "Be brief.", **how: Any) -> Item:
    return TaskRecords("sea", TEMPLATE, system, reading=Reading(**how)).item(PATH, 3, record)


def said(item: Item) -> list[tuple[str, Any]]:
    return [(turn["role"], turn["content"]) for turn in item.messages]


def file_of(records: Iterable[dict[str, Any]], folder: Path) -> Path:
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    return path


def judged(path: Path, reading: Reading | None = None) -> Scan:
    how = reading or Reading()
    return scan(
        Plan(path, checks=(TemplateCheck(TaskRecords("sea", TEMPLATE, reading=how), "(?s).*", ".*"),), reading=how)
    )


def kinds(found: Scan) -> set[tuple[int, str]]:
    return {(one.line, one.kind) for tally in found.tallies.values() for one in tally.kept}


OPENED = ("system", "Be brief.")
FORMS: dict[str, tuple[dict[str, Any], str, list[tuple[str, Any]], str]] = {
    "alpaca": (
        {"instruction": "Translate.", "input": "high water", "output": "pleine mer"},
        forms.ALPACA, [OPENED, ("user", "Translate.\n\nhigh water")], "pleine mer"),
    "alpaca-without-input": (
        {"instruction": "Name a tide.", "input": "", "output": "The neap."},
        forms.ALPACA, [OPENED, ("user", "Name a tide.")], "The neap."),
    "alpaca-with-history-and-system": (
        {"instruction": "And then?", "system": "Be slow.", "history": [["Hi.", "Hello."]], "output": "Noon."},
        forms.ALPACA,
        [("system", "Be slow."), ("user", "Hi."), ("assistant", "Hello."), ("user", "And then?")], "Noon."),
    "sharegpt": (
        {"conversations": [{"from": "system", "value": "Be slow."}, {"from": "human", "value": "When?"},
                           {"from": "gpt", "value": "At noon."}]},
        forms.SHAREGPT, [("system", "Be slow."), ("user", "When?")], "At noon."),
    "sharegpt-with-a-system-column": (
        {"system": "Be slow.",
         "conversations": [{"from": "user", "value": "When?"}, {"from": "gpt", "value": "Noon."}]},
        forms.SHAREGPT, [("system", "Be slow."), ("user", "When?")], "Noon."),
    "conversations-of-roles": (
        {"conversations": [ASK, SAY]}, forms.SHAREGPT, [OPENED, ("user", ASK["content"])], "At noon."),
    "messages": ({"messages": [ASK, SAY]}, forms.MESSAGES, [OPENED, ("user", ASK["content"])], "At noon."),
    "messages-with-their-own-system": (
        {"messages": [{"role": "developer", "content": "Be slow."}, ASK, SAY]},
        forms.MESSAGES, [("developer", "Be slow."), ("user", ASK["content"])], "At noon."),
    "answer-in-parts": (
        {"messages": [ASK, {"role": "assistant", "content": [{"type": "text", "text": "At noon."}]}]},
        forms.MESSAGES, [OPENED, ("user", ASK["content"])], "At noon."),
    "prompt": ({"prompt": "When?", "completion": "Noon."}, forms.PROMPT, [OPENED, ("user", "When?")], "Noon."),
    "task": ({"question": "When?", "reference": "Noon."}, forms.TASK, [OPENED, ("user", "When?")], "Noon."),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_recognised_and_becomes_the_conversation_that_it_holds(name: str, tmp_path: Path) -> None:
    record, form, asked, reference = FORMS[name]
    assert forms.form_of(record) == form
    item = taken(record)
    assert (said(item), item.reference, item.answer) == (asked, reference, None)
    found = judged(file_of([record] * 2, tmp_path))
    assert kinds(found) == set()
    assert seen.note(found.seen) == ("" if form == forms.TASK else f"records: 2 of {form}")


@pytest.mark.parametrize("name", FORMS)
def test_null_columns_are_absent(name: str) -> None:
    record = FORMS[name][0]
    nulls = dict.fromkeys(("points", "topic", "id", "kind", "task", "messages", "chosen", "tools", "history", "label"))
    bare, filled = taken(record), taken({**nulls, **record})
    assert (filled.messages, filled.reference, filled.id, filled.topic, filled.points, filled.fields) == (
        bare.messages, bare.reference, bare.id, bare.topic, (), bare.fields)  # fmt: skip
    assert filled.id == "line-3"


def test_null_columns_pass_a_schema_that_does_not_know_them(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object", "properties": {"points": {"type": "array"}, "id": {"type": "string"}}}')
    path = file_of([{"points": None, "id": None}, {"points": 7, "id": None}], tmp_path)
    assert kinds(scan(Plan(path, schema))) == {(2, "schema")}


def test_the_template_of_a_task_makes_the_prompt_of_alpaca_records_that_it_speaks_of() -> None:
    template = "Do this: {{ instruction }}{% if input %} with {{ input }}{% endif %}"
    for given_input, prompt in (("the tide", "Do this: Explain. with the tide"), ("", "Do this: Explain.")):
        record = {"instruction": "Explain.", "input": given_input, "output": "So."}
        item = TaskRecords("sea", template).item(PATH, 1, record)
        assert said(item) == [("user", prompt)]
        assert {text for _, text in texts.own_texts(item)} == {"Explain.", given_input}


PAIR = {"prompt": "When?", "chosen": "At noon.", "rejected": "Never."}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "dpo": (PAIR, r'preference pair .* no DPO .* \[tasks\.sea\.columns\] completion = "chosen"'),
    "dpo-of-turns": ({"chosen": [ASK, SAY], "rejected": [ASK, SAY]}, r'messages = "chosen"'),
    "kto": ({"prompt": "When?", "completion": "Never.", "label": False}, r"rated answer .* label false"),
    "no-content": ({"messages": [ASK, {"role": "assistant"}]}, r"messages\[1\] \(assistant\) has no content and"),
    "no-content-in-between": ({"messages": [{"role": "user"}, SAY]}, r"messages\[0\] \(user\) has no content"),
    "no-turns": ({"messages": []}, "messages is no list of turns"),
    "a-text-of-turns": ({"messages": "[{}]"}, "messages is no list of turns"),
    "user-last": ({"messages": [ASK, SAY, ASK]}, "must end with the assistant's turn.* the user's"),
    "gpt-last": ({"messages": [ASK, {"role": "gpt", "content": "x"}]}, "'gpt' is none that .* write 'assistant'"),
    "strange-speaker": ({"conversations": [{"from": "narrator", "value": "x"}]}, r"\[0\]\.from is 'narrator'"),
    "all-of-weight-0": ({"messages": [ASK, {**SAY, "weight": 0}]}, "weight 0: nothing is left"),
    "half-a-weight": ({"messages": [ASK, {**SAY, "weight": 0.5}]}, r"messages\[1\]\.weight is 0.5"),
    "calls-no-list": ({"messages": [ASK, {**CALL, "tool_calls": "tide"}]}, r"messages\[1\]\.tool_calls is no list"),
    "call-without-name": ({"messages": [ASK, {**CALL, "tool_calls": [{}]}]}, r"tool_calls\[0\] is no call"),
    "arguments-no-json": (
        {"messages": [ASK, {**CALL, "tool_calls": [{"function": {"name": "tide", "arguments": "{port"}}]}]},
        r"tool_calls\[0\]\.arguments is a text, and no JSON"),
    "tools-no-list": ({"messages": [ASK, SAY], "tools": {"name": "tide"}}, "tools is no list of objects"),
    "tools-no-json": ({"messages": [ASK, SAY], "tools": "[tide]"}, "tools is a text, and no JSON"),
    "picture": (
        {"messages": [ASK, {"role": "assistant", "content": [{"type": "image"}]}]}, "parts that are no text"),
    "other-columns": ({"question": "When?", "answer": "Noon."}, r'\[tasks\.sea\.columns\] reference = "answer"'),
    "another-task": ({"messages": [ASK, SAY], "task": "chat"}, r'\[tasks\.sea\.columns\] task = ""'),
    "points-of-a-score": ({"messages": [ASK, SAY], "points": 7}, r"wrong shape: .*\[tasks\.sea\.columns\]"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_is_one_finding_with_the_mend(name: str, tmp_path: Path) -> None:
    record, words = REFUSED[name]
    with pytest.raises(DataError, match=words):
        taken(record)
    found = judged(file_of([record], tmp_path))
    assert [one.kind for one in found.tallies["template"].kept] == ["unusable"]


@pytest.mark.parametrize(
    ("role", "mend"), [("human", "user"), ("gpt", "assistant"), ("User", "user"), ("asistant", "assistant")]
)
def test_a_role_that_no_chat_template_knows_is_named_with_the_mend(role: str, mend: str, tmp_path: Path) -> None:
    found = judged(
        file_of([{"messages": [{"role": role, "content": "x"}, ASK, SAY]}, {"messages": [ASK, SAY]}], tmp_path)
    )
    (finding,) = found.tallies["template"].kept
    assert (finding.line, finding.kind, finding.field) == (1, "unknown-role", "turn 0")
    assert f"write {mend!r}" in finding.problem


class TestColumns:
    def test_a_reserved_name_is_read_from_the_column_that_the_task_names(self) -> None:
        record = {"uid": "a7", "id": 3, "scenario": "low tide", "topic": "x", "question": "When?", "answer": "Noon."}
        columns = (("id", "uid"), ("reference", "answer"), ("topic", "scenario"))
        item = taken(record, columns=columns)
        assert (item.id, item.reference, item.topic) == ("a7", "Noon.", "low tide")
        assert list(topic_findings({"train": (PATH, [item]), "dev": (Path("dev"), [item])}))
        (repeated,) = id_findings([(PATH, [item]), (Path("dev"), [item])])
        assert repeated.evidence == "a7"

    def test_an_empty_name_says_that_the_column_means_something_else(self) -> None:
        record = {"id": "x", "task": "chat", "kind": "graded", "topic": "x", "points": 3, "messages": [ASK, SAY]}
        plain = taken(record, columns=tuple((name, "") for name in ("id", "task", "kind", "topic", "points")))
        assert (plain.id, plain.kind, plain.topic, plain.points) == ("line-3", "plain", "line-3", ())
        assert list(topic_findings({"train": (PATH, [plain]), "dev": (Path("dev"), [plain])})) == []

    def test_the_template_sees_the_columns_as_they_are_written(self) -> None:
        item = taken(
            {"question": "When?", "id": "a", "completion": "x", "answer": "Noon."}, columns=(("reference", "answer"),)
        )
        assert said(item)[1] == ("user", "When?")
        how = TaskRecords("sea", "{{ topic }}", reading=Reading((("topic", "area"),)))
        item = how.item(PATH, 1, {"topic": "tides", "area": "x", "reference": "y"})
        assert (said(item), item.topic, list(texts.own_texts(item))) == ([("user", "tides")], "x", [("topic", "tides")])

    def test_a_misspelt_column_is_named(self) -> None:
        with pytest.raises(DataError, match=r"no column 'uidd', which columns.id names; did you mean 'uid'"):
            taken({"uid": "a", "messages": [ASK, SAY]}, columns=(("id", "uidd"),))

    def test_the_chosen_side_of_a_pair_is_learned_where_the_task_says_so(self) -> None:
        assert taken(PAIR, columns=(("completion", "chosen"),)).reference == "At noon."
        turns_of_pair = {"chosen": [ASK, SAY], "rejected": [ASK, ASK]}
        assert taken(turns_of_pair, columns=(("messages", "chosen"),)).reference == "At noon."


class TestTools:
    def test_the_whole_record_is_the_item(self) -> None:
        item = taken({"messages": [ASK, CALL, BACK, SAY], "tools": TOOLS})
        assert item.tools == tuple(TOOLS)
        assert item.messages[2]["tool_calls"][0]["function"]["arguments"] == {"port": "Rye"}
        assert item.messages[3] == BACK
        assert (item.reference, item.answer) == ("At noon.", None)

    def test_an_answer_that_calls_is_kept_as_a_turn_and_told_as_a_text(self) -> None:
        item = taken({"messages": [ASK, CALL], "tools": json.dumps(TOOLS)})
        assert item.answer is not None
        assert item.answer["tool_calls"][0]["id"] == "c1"
        assert item.reference == '<tool_call>\n{"name": "tide", "arguments": {"port": "Rye"}}\n</tool_call>'
        assert item.tools == tuple(TOOLS)

    def test_an_answer_that_reasons_keeps_what_it_thinks(self) -> None:
        item = taken({"messages": [ASK, {**SAY, "reasoning_content": "The moon is full."}]})
        assert item.reference == "At noon."
        assert item.answer_turn["reasoning_content"] == "The moon is full."

    def test_calls_of_sharegpt_and_of_old_openai_are_calls(self) -> None:
        call = {"name": "tide", "arguments": {"port": "Rye"}}
        share = {"conversations": [{"from": "human", "value": "When?"},
                                   {"from": "function_call", "value": json.dumps(call)},
                                   {"from": "observation", "value": "12:00"},
                                   {"from": "gpt", "value": "Noon."}]}  # fmt: skip
        item = taken(share)
        assert [turn["role"] for turn in item.messages] == ["system", "user", "assistant", "tool"]
        assert turns.called(item.messages) == ["tide"]
        old = taken({"messages": [ASK, {"role": "assistant", "content": None, "function_call": call}]})
        assert turns.called([old.answer_turn]) == ["tide"]

    def test_empty_texts_of_tools_and_calls_are_no_defect(self, tmp_path: Path) -> None:
        record = {"messages": [ASK, {**CALL, "content": ""}, {**BACK, "content": ""}, SAY], "tools": TOOLS}
        assert kinds(judged(file_of([record], tmp_path))) == set()
        assert kinds(judged(file_of([{"messages": [{**ASK, "content": ""}, SAY]}], tmp_path))) == {
            (1, "empty-field"), (1, "empty-prompt")}  # fmt: skip


class TestWeights:
    TURNS = (ASK, {**SAY, "content": "One."}, ASK, {**SAY, "content": "Two."}, ASK, {**SAY, "content": "Three."})

    def weighted(self, *weights: int | None) -> dict[str, Any]:
        written: list[dict[str, Any]] = [dict(turn) for turn in self.TURNS]
        for turn, weight in zip(written[1::2], weights, strict=True):
            turn |= {} if weight is None else {"weight": weight}
        return {"messages": written}

    @pytest.mark.parametrize(
        ("weights", "reference", "earlier"),
        [
            ((None, None, None), "Three.", (1, 3)),
            ((1, 0, 1), "Three.", (1,)),
            ((1, 1, 0), "Two.", (1,)),
            ((1, 0, 0), "One.", ()),
        ],
    )
    def test_a_turn_of_weight_0_is_neither_learned_nor_the_reference(
        self, weights: tuple[int | None, ...], reference: str, earlier: tuple[int, ...]
    ) -> None:
        record = self.weighted(*weights)
        item = taken(record, "", learn="all")
        assert (item.reference, item.earlier) == (reference, earlier)
        assert all("weight" not in turn for turn in item.messages)
        assert taken(record, "").earlier == ()

    @given(weights=st.lists(st.sampled_from([0, 1]), min_size=1, max_size=6), learn=st.sampled_from(["last", "all"]))
    @settings(deadline=None)
    def test_what_is_learned_are_the_turns_of_weight_1(self, weights: list[int], learn: str) -> None:
        written = [part for at, weight in enumerate(weights)
                   for part in (ASK, {"role": "assistant", "content": f"{at}", "weight": weight})]  # fmt: skip
        if not any(weights):
            with pytest.raises(DataError, match="weight 0"):
                taken({"messages": written}, learn=learn)
            return
        item = taken({"messages": written}, learn=learn)
        learned = [item.messages[at]["content"] for at in item.earlier] + [item.reference]
        wanted = [str(at) for at, weight in enumerate(weights) if weight]
        assert learned == (wanted if learn == "all" else wanted[-1:])


def test_unknown_keys_of_turns_are_told_once_with_what_becomes_of_them(tmp_path: Path) -> None:
    record = {"messages": [{**ASK, "mood": "calm"}, {**SAY, "mood": "dry", "train": True}]}
    found = judged(file_of([record] * 20, tmp_path))
    note = seen.note(found.seen)
    assert note.count("mood") == 1
    assert "go to the chat template, and are read by nothing else: 'mood' (40), 'train' (20)" in note
    assert taken(record).messages[1]["mood"] == "calm"


def test_two_forms_in_one_file_are_told(tmp_path: Path) -> None:
    found = judged(file_of([{"messages": [ASK, SAY]}, FORMS["alpaca"][0]], tmp_path))
    assert "are several forms meant to lie in one file?" in seen.note(found.seen)


def test_a_file_of_any_form_gives_items_with_ids_of_their_own(tmp_path: Path) -> None:
    path = file_of([{**FORMS[name][0], "id": None} for name in FORMS], tmp_path)
    assert len({item.id for item in read_items(path, TaskRecords("sea", TEMPLATE))}) == len(FORMS)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["role", "content", "from", "value", "tool_calls", "function", "name", "arguments", "weight"]),
        inner | st.sampled_from(["user", "assistant", "human", "gpt", "function_call"]), max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
KEYS = ["messages", "conversations", "prompt", "completion", "chosen", "rejected", "instruction", "input", "output",
        "history", "system", "tools", "label", "weight", "id", "points", "task", "reference", "question"]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(record=st.dictionaries(st.sampled_from(KEYS), NESTED, max_size=5), columns=st.booleans())
def test_any_record_is_an_item_or_is_refused_by_name(record: dict[str, Any], columns: bool) -> None:
    try:
        item = taken(record, columns=(("id", "input"), ("points", "")) if columns else ())
    except DataError:
        return
    assert isinstance(item.reference, str)
    list(texts.texts_of(item))
    forms.may_be_empty(forms.form_of(item.fields), item.fields, "messages[0].content")
    list(forms.keys_seen(item.fields))
