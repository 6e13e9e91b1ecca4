"""Templates come with data and with models: they render texts, and can do nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest

from harness.dataset import tokens
from harness.dataset.items import TaskRecords
from harness.errors import DataError

RECORD = {"id": "a", "task": "sea", "kind": "plain", "topic": "t", "question": "q", "points": [], "reference": "r"}
ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ question.format.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{% for number in range(10 ** 9) %}x{% endfor %}",
)


@pytest.mark.parametrize("template", ESCAPES)
def test_prompt_template_that_reaches_for_the_machine_is_an_error(template: str) -> None:
    with pytest.raises((DataError, jinja2.exceptions.SecurityError, OverflowError)):
        TaskRecords("sea", template).item(Path("sea.jsonl"), 1, RECORD)


@pytest.fixture
def tokenizer(line: Any) -> Any:
    """The tiny base's own, whose chat template a test replaces."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(line.spec.parent / "base")


@pytest.mark.parametrize("template", [one for one in ESCAPES if "question" not in one])
def test_chat_template_that_reaches_for_the_machine_is_an_error(tokenizer: Any, template: str) -> None:
    tokenizer.chat_template = template
    with pytest.raises((jinja2.exceptions.SecurityError, jinja2.exceptions.UndefinedError, OverflowError)):
        tokens.prompt_ids(tokenizer, ({"role": "user", "content": "hello"},))


def test_text_of_a_record_is_never_taken_for_a_template(tmp_path: Path) -> None:
    record = json.loads(json.dumps({**RECORD, "question": "{{ 7 * 7 }}"}))
    item = TaskRecords("sea", "{{ question }}").item(tmp_path / "sea.jsonl", 1, record)
    assert item.messages[-1]["content"] == "{{ 7 * 7 }}"
