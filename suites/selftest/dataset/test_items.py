"""What is looked for in single items: ids, labels, secrets, and the forms in which records may come."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset import texts
from harness.dataset.counts import id_findings
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords, read_items
from harness.dataset.labels import Labels
from harness.dataset.scan import Plan, scan
from harness.dataset.secrets import SecretsCheck
from harness.dataset.template import TemplateCheck
from harness.errors import DataError
from suites.selftest.dataset.made_items import different, item

PATH = Path("some.jsonl")
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


class TestIds:
    def test_an_id_of_another_file_is_accused(self) -> None:
        def named(line: int, name: str) -> Item:
            return Item(name, "task", "plain", "t", (), "", (), line, fields={"id": name})

        found = list(id_findings([(Path("a"), [named(1, "x")]), (Path("b"), [named(1, "y"), named(2, "x")])]))
        assert [(one.path, one.line, one.field) for one in found] == [(Path("b"), 2, "id")]
        assert "a:1" in found[0].problem

    def test_records_without_ids_are_left_out(self) -> None:
        items = [item(1, "a", "b"), item(1, "a", "b")]
        assert list(id_findings([(Path("a"), items)])) == []


class TestLabels:
    @pytest.mark.parametrize(
        ("prompt", "answer", "kind"), [(10, 6, None), (10, 7, "cut-labels"), (15, 7, "cut-labels"), (16, 1, "no-label")]
    )
    def test_labels_beyond_the_cut_are_missed(self, prompt: int, answer: int, kind: str | None) -> None:
        labels = Labels(lambda item: (prompt, answer), max_length=16)
        assert [found.kind for found in labels.findings(PATH, [item(3, "a", "b")])] == ([kind] if kind else [])

    def test_lengths_far_out_are_told(self) -> None:
        sizes = iter([*range(10, 20), 500])
        labels = Labels(lambda item: (next(sizes), 0), max_length=1000)
        list(labels.findings(PATH, different(11)))
        assert (
            labels.distribution() == "tokens an item: 10 to 500, quartiles 12, 15, 18; 1 of 11 far out (line 11: 500)"
        )


# Made up here, in parts, so that no scanner of this repository takes them for real ones.
SECRETS = {
    "aws": ("my key is " + "AKIA" + "QWERTYUIOPASDFGH", "secret", "AWS"),
    "github": ("use gh" + "p_aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3dE5", "secret", "GitHub"),
    "slack": ("xox" + "b-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx", "secret", "Slack"),
    "pem": ("-----BEGIN RSA " + "PRIVATE KEY-----", "secret", "Private Key"),
    "e-mail": ("write to ann.lee@" + "postbox.org today", "e-mail", "e-mail"),
    "card": ("pay with 5301 2511 8840 0737 now", "card-number", "card"),
}


class TestSecrets:
    @staticmethod
    def kinds(text: str) -> list[str]:
        return [found.kind for found in SecretsCheck().findings(PATH, 1, {"messages": [{"content": text}]})]

    @pytest.mark.parametrize("name", SECRETS)
    def test_a_secret_is_found_and_not_repeated_in_full(self, name: str) -> None:
        said, kind, words = SECRETS[name]
        (found, *_) = SecretsCheck().findings(PATH, 4, {"messages": [{"content": said}]})
        assert (found.kind, found.line, found.field) == (kind, 4, "messages[0].content")
        assert words in found.problem
        assert all(part not in found.problem + found.evidence for part in said.split() if len(part) > 12)

    @pytest.mark.parametrize(
        "said",
        [
            "The sea rises twice a day, 12 hours and 25 minutes apart.",
            "write to ann@example.org",
            "pay with 5301 2511 8840 0738",
            "pay with 4111 1111 1111 1111, the number for tests",
            "order 1234567890123456, ISBN 978-0-306-40615-7",
            "the years 1999 2000 2001 2002 were mild",
            "password: choose a long one",
        ],
    )
    def test_ordinary_text_is_left_alone(self, said: str) -> None:
        assert self.kinds(said) == []


TEMPLATE = "{{ question }}"


ASKS, SILENT, SEPARATED = (
    {"role": "user", "content": said, "tool_calls": None}
    for said in ("When is it?", "", "Caf\u00e9 \u2028 and \U0001f600?")
)
SAYS = {"role": "assistant", "content": "At noon.", "tool_calls": None}
CALLS = {"role": "assistant", "content": None, "tool_calls": [{"name": "tide", "arguments": '{"port": "X"}'}]}
RETURNS = {"role": "tool", "content": "noon", "tool_calls": None}


class TestWrittenByDatasets:
    """What a popular writer of JSON Lines makes of a table: columns that are null, turns that say nothing."""

    @pytest.mark.parametrize("options", [{}, {"force_ascii": False}, {"compression": "gzip"}], ids=str)
    def test_its_files_are_accused_of_what_the_table_held_and_of_nothing_else(
        self, options: dict[str, object], tmp_path: Path
    ) -> None:
        datasets = pytest.importorskip("datasets", reason="datasets is not installed: make test installs it")
        rows = [[ASKS, SAYS], [ASKS, CALLS, RETURNS, SAYS], [SILENT, SAYS], [SEPARATED, SAYS], [ASKS, CALLS]]
        table = datasets.Dataset.from_dict({"messages": rows, "score": [1.5, None, float("nan"), 2.0**70, -0.0]})
        path = tmp_path / "table.jsonl"
        table.to_json(str(path), **options)
        check = TemplateCheck(TaskRecords("task", TEMPLATE), "(?s).*", ".*")
        found = scan(Plan(path, checks=(check,)))
        told = {(one.line, one.kind) for tally in found.tallies.values() for one in tally.kept}
        assert told == {(3, "empty-field"), (3, "empty-prompt"), (4, "line-separator")}


class TestForms:
    @pytest.fixture
    def read(self, tmp_path: Path) -> Callable[[object], Item]:
        def read(record: object) -> Item:
            path = tmp_path / "one.jsonl"
            path.write_text(json.dumps(record) + "\n", encoding="utf-8")
            (found,) = read_items(path, TaskRecords("task", TEMPLATE, "Be brief."))
            return found

        return read

    def test_turns_go_through_as_they_are_with_their_tool_calls(self, read: Callable[[object], Item]) -> None:
        call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "tide", "arguments": {}}}]}
        turns = [{"role": "user", "content": "When?"}, call, {"role": "tool", "content": "noon", "name": "tide"}]
        found = read({"messages": [*turns, {"role": "assistant", "content": "At noon."}]})
        opening = {"role": "system", "content": "Be brief."}
        assert (list(found.messages), found.reference) == ([opening, *turns], "At noon.")

    @pytest.mark.parametrize("completion", ["At noon.", [{"role": "assistant", "content": "At noon."}]])
    @pytest.mark.parametrize("prompt", ["When?", [{"role": "user", "content": "When?"}]])
    def test_prompt_and_completion_are_turns_or_texts(
        self, prompt: object, completion: object, read: Callable[[object], Item]
    ) -> None:
        found = read({"prompt": prompt, "completion": completion})
        assert [turn["content"] for turn in found.messages] == ["Be brief.", "When?"]
        assert (found.reference, found.id, found.topic) == ("At noon.", "line-1", "line-1")

    def test_the_own_texts_of_a_record_are_the_fields_of_its_template(self, read: Callable[[object], Item]) -> None:
        found = read({"id": "a", "question": "When?", "comment": "not asked", "reference": "At noon."})
        assert list(texts.own_texts(found)) == [("question", "When?")]

    @pytest.mark.parametrize(
        ("record", "words"),
        [
            ({"messages": [{"role": "user", "content": "When?"}]}, "must end with the assistant's turn"),
            ({"messages": [{"role": "assistant", "tool_calls": []}]}, "no content and no tool_calls"),
            ({"messages": ["When?"]}, r"messages\[0\] is no turn"),
            ({"messages": [{"role": "user", "content": 7}]}, r"content is no text, got int"),
            ({"prompt": "When?", "completion": 3}, "completion is no list of turns, got 3"),
            ({"prompt": "When?"}, "the task's template needs a field"),
        ],
    )
    def test_a_record_of_no_known_form_is_named(
        self, record: object, words: str, read: Callable[[object], Item]
    ) -> None:
        with pytest.raises(DataError, match=words):
            read(record)


SMALL_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "wordings", "note", "tool_calls", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
FIELDS = ["id", "task", "kind", "topic", "question", "reference", "points", "messages", "prompt", "completion"]


@QUICK
@given(record=st.dictionaries(st.sampled_from(FIELDS), SMALL_VALUES, max_size=6))
def test_no_record_brings_the_template_check_down(record: dict[str, object]) -> None:
    check = TemplateCheck(TaskRecords("task", "{{ question.lower() }}"), "A.*", "D.*")
    for found in check.findings(PATH, 1, record):
        assert found.problem
