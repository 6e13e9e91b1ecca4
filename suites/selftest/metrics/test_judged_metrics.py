"""The metrics that a task declares: they agree with a reader, and stay within 0 and 1 whatever they are given."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.metrics import MetricError, chrf, exact_match, registry, rouge_l, token_f1
from harness.metrics.metric import score_of
from harness.text.output import Output
from suites.selftest.metrics import judged_metrics, metrics_page

AGREEMENT = {"answer_contains_none": 0.95, "label": 0.97}
"""Metric -> least share of its rows in which it says what the reader said; 1.0 where it is not named. What is left are
a word with emphasis inside of it, and two characters that one script writes alike."""

SETTINGS: dict[str, dict[str, Any]] = {
    "label": {"labels": ["yes", "no"]},
    "json-schema": {"schema": {"type": "object"}},
    "regex": {"pattern": r"\w"},
    "answer_contains_none": {"words": ["never"]},
    "length": {"most": 50},
}
"""Settings that a metric needs."""

SCRAPS = st.sampled_from(
    [
        *(
            "yes",
            "no",
            "not",
            "never",
            "5",
            "-5",
            "1,000",
            "10 %",
            "3 km",
            "1e9",
            "10^99999",
            "1/0",
            "\u767e",
            "\u4e09",
            "\u4e07",
        ),
        *("{", "}", '"a"', ":", "[", "]", "null", "NaN", '{"name": "f", "arguments": {}}', "f(x=1)", "[TOOL_CALLS]"),
        *("<tool_call>", "</tool_call>", "```json\n", "```", "<think>", "</think>", "\\boxed{", "answer is", "####"),
        *("\n", " ", "\xe9", "\u0661", "\ud800"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=60), st.lists(SCRAPS, max_size=10).map("".join), st.lists(SCRAPS, max_size=10).map(" ".join)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def value(name: str, reference: str, answer: str, cut: bool = False) -> float:
    table = SETTINGS.get(name, {})
    return score_of(
        registry.METRICS[name],
        judged_metrics.item(reference),
        Output(answer, cut=cut),
        judged_metrics.forms(name, table),
    )


@pytest.mark.parametrize("name", judged_metrics.NAMES)
def test_a_metric_agrees_with_the_reader(name: str) -> None:
    rows = judged_metrics.judged(name)
    wrong = [str(row) for row in rows if not row.agrees]
    assert 1 - len(wrong) / len(rows) >= AGREEMENT.get(name, 1.0), "\n".join(wrong)


@pytest.mark.parametrize("name", judged_metrics.NAMES)
def test_a_table_has_answers_that_are_right_and_answers_that_are_not_and_none_twice(name: str) -> None:
    rows = judged_metrics.judged(name)
    right = sum(row.least == 1.0 for row in rows)
    assert min(right, len(rows) - right) >= 3
    assert len(rows) >= 15


def test_the_page_of_the_metrics_is_what_they_are() -> None:
    assert metrics_page.PAGE.read_text(encoding="utf-8") == metrics_page.render(), (
        "python -m suites.selftest.metrics.metrics_page"
    )


def test_every_metric_with_settings_has_a_table() -> None:
    assert {name for name, one in registry.OWN.items() if one.settings is not None} == set(judged_metrics.NAMES)


@given(name=st.sampled_from(judged_metrics.NAMES), reference=TEXTS, answer=TEXTS)
def test_any_answer_to_any_reference_gets_a_number_from_0_to_1(name: str, reference: str, answer: str) -> None:
    registry.METRICS[name].concerns(judged_metrics.item(reference))
    assert 0.0 <= value(name, reference, answer) <= 1.0


@given(
    name=st.sampled_from(judged_metrics.NAMES),
    reference=st.sampled_from(["yes", "5 km", "{}", '{"name": "f", "arguments": {}}', "!"]),
    blank=st.text(alphabet=" \n\t\u200b", max_size=4),
)
def test_an_empty_answer_earns_nothing(name: str, reference: str, blank: str) -> None:
    assert value(name, reference, blank) == 0.0


@pytest.mark.parametrize(
    "likeness", [exact_match.same, token_f1.f1, rouge_l.likeness, chrf.likeness], ids=["exact", "f1", "rouge", "chrf"]
)
@example(text=".0A")
@given(text=st.text(min_size=1, max_size=40).filter(lambda text: any(sign.isalnum() for sign in text)))
def test_a_text_is_wholly_like_itself(likeness: Callable[[str, str], float], text: str) -> None:
    assert math.isclose(likeness(text, text), 1.0)


@given(JSON)
def test_any_json_has_its_own_fields_and_parses(tree: Any) -> None:
    text = json.dumps(tree)
    assert value("json-parses", text, text) == 1.0
    assert value("json-fields", text, text) == 1.0


@given(
    st.text(alphabet="abc_", min_size=1, max_size=8),
    st.dictionaries(st.text("xyz", min_size=1, max_size=3), JSON, max_size=3),
)
def test_any_call_equals_itself_in_whatever_form_it_is_written(name: str, arguments: dict[str, Any]) -> None:
    call = {"name": name, "arguments": arguments}
    written = [
        json.dumps(call),
        f"<tool_call>\n{json.dumps(call)}\n</tool_call>",
        f"[TOOL_CALLS][{json.dumps(call)}]",
        json.dumps(
            {"tool_calls": [{"type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}]}
        ),
    ]
    assert [value("tool-call", written[0], one) for one in written] == [1.0] * len(written)


@given(st.integers(-(10**9), 10**9))
def test_any_number_equals_itself_with_and_without_marks_between_thousands(number: int) -> None:
    assert value("number", str(number), f"It is {number:,}.") == 1.0
    assert value("number", str(number), str(number + 1)) == 0.0


def test_how_an_answer_ended_is_never_guessed() -> None:
    with pytest.raises(MetricError, match="not known how this answer ended"):
        score_of(registry.METRICS["uncut"], judged_metrics.item("yes"), "yes", judged_metrics.forms("uncut", {}))
