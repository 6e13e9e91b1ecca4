"""What is learned of an item is what the chat template writes: tools, calls and reasoning whole, or a refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.builds import content_digest, prompt_digest
from harness.dataset import tokens
from harness.dataset.duplicates import duplicate_findings
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords
from harness.dataset.labels import Labels, lengths
from harness.dataset.reading import Reading
from harness.dataset.rendered import Renderings, renderer
from harness.errors import GreenrunError, TrainingError
from harness.releases.judged_items import digest_of
from harness.spec.data import Options
from suites.tiny.line import CHAT_TEMPLATE
from training.samples import tokenize

PATH = Path("some.jsonl")
QWEN = """\
{%- if tools %}<|start|>system
# Tools
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}<|end|>
{% endif %}
{%- for turn in messages %}<|start|>{{ turn.role }}
{% if turn.reasoning_content and loop.last %}<think>
{{ turn.reasoning_content }}
</think>

{% endif %}{{ turn.content or '' }}
{%- for call in turn.tool_calls or [] %}
<tool_call>
{{ '{"name": "' ~ call.function.name ~ '", "arguments": ' ~ (call.function.arguments | tojson) ~ '}' }}
</tool_call>
{%- endfor %}<|end|>
{% endfor %}
{%- if add_generation_prompt %}<|start|>assistant
{% endif %}"""
"""A chat template like Qwen's: with tools, calls, and reasoning in the last turn only."""

ASK = {"role": "user", "content": "When is high water?"}
SAY = {"role": "assistant", "content": "At noon."}
CALL = {"role": "assistant", "content": "",
        "tool_calls": [{"type": "function", "function": {"name": "tide", "arguments": '{"port": "Rye"}'}}]}  # fmt: skip
BACK = {"role": "tool", "content": "12:00"}
TOOLS = [{"type": "function", "function": {"name": "tide", "parameters": {"type": "object"}}}]
WRITTEN_CALL = '\n<tool_call>\n{"name": "tide", "arguments": {"port": "Rye"}}\n</tool_call><|end|>'


@pytest.fixture(scope="module")
def vocabulary() -> Any:
    """A byte-level tokenizer without a merge and three marks of its own."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({char: number for number, char in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(one, special=True) for one in ("<|start|>", "<|end|>", "<|eom|>")])
    return made


def of(vocabulary: Any, template: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=vocabulary, eos_token="<|end|>", pad_token="<|end|>", chat_template=template
    )


@pytest.fixture
def qwen(vocabulary: Any) -> Any:
    return of(vocabulary, QWEN)


@pytest.fixture
def plain(vocabulary: Any) -> Any:
    return of(vocabulary, CHAT_TEMPLATE)


def item(*turns: dict[str, Any], learn: Any = "last", tools: Any = None) -> Item:
    return TaskRecords("sea", "", reading=Reading(learn=learn)).item(PATH, 1, {"messages": list(turns), "tools": tools})


def learned(tokenizer: Any, one: Item) -> list[tuple[str, str]]:
    """Prompt and answer of every sample, as text."""
    return [(tokenizer.decode(s.prompt), tokenizer.decode(s.completion)) for s in tokenize(tokenizer, [one], 10_000)]


def kinds(tokenizer: Any, one: Item) -> list[str]:
    return [found.kind for found in Renderings(renderer(tokenizer), 1e9).findings(PATH, [one])]


def test_a_plain_answer_is_learned_as_its_text_and_the_end(qwen: Any, plain: Any) -> None:
    for tokenizer in (qwen, plain):
        ((prompt, answer),) = learned(tokenizer, item(ASK, SAY))
        assert (prompt, answer) == (
            "<|start|>user\nWhen is high water?<|end|>\n<|start|>assistant\n",
            "At noon.<|end|>",
        )


def test_a_call_is_learned_as_the_template_writes_it_under_the_tools(qwen: Any) -> None:
    one = item(ASK, CALL, tools=TOOLS)
    ((prompt, answer),) = learned(qwen, one)
    assert answer == WRITTEN_CALL.lstrip()
    assert json.dumps(TOOLS[0]) in prompt
    assert prompt.endswith("<|start|>assistant\n")
    assert kinds(qwen, one) == []


def test_a_template_that_ends_a_call_by_a_token_of_its_own_is_learned_with_it(vocabulary: Any) -> None:
    template = QWEN.replace("<|end|>\n{% endfor %}", "{{ '<|eom|>' if turn.tool_calls else '<|end|>' }}\n{% endfor %}")
    ((_, answer),) = learned(of(vocabulary, template), item(ASK, CALL, tools=TOOLS))
    assert answer == WRITTEN_CALL.lstrip().replace("<|end|>", "<|eom|>")


def test_calls_before_the_answer_are_in_its_prompt(qwen: Any) -> None:
    ((prompt, answer),) = learned(qwen, item(ASK, CALL, BACK, SAY, tools=TOOLS))
    assert answer == "At noon.<|end|>"
    assert WRITTEN_CALL in prompt
    assert "<|start|>tool\n12:00<|end|>" in prompt


def test_reasoning_is_learned_where_the_template_writes_it(qwen: Any, plain: Any) -> None:
    one = item(ASK, {**SAY, "reasoning_content": "The moon is full."})
    assert learned(qwen, one)[0][1] == "<think>\nThe moon is full.\n</think>\n\nAt noon.<|end|>"
    with pytest.raises(TrainingError, match=r"line-1: .* does not write the reasoning_content"):
        tokenize(plain, [one], 10_000)
    assert kinds(plain, one) == ["dropped-answer"]


@pytest.mark.parametrize("turns", [(ASK, SAY), (ASK, CALL), (ASK, CALL, BACK, SAY)])
def test_tools_that_the_template_does_not_write_are_refused_everywhere(turns: Any, plain: Any) -> None:
    one = item(*turns, tools=TOOLS)
    with pytest.raises(GreenrunError, match="writes nothing of the tools tide: they would be lost"):
        tokens.prompt_ids(plain, one.messages, one.tools)
    with pytest.raises(TrainingError, match="tools tide"):
        tokenize(plain, [one], 10_000)
    assert kinds(plain, one) == ["unrenderable"]


def test_all_turns_are_learned_each_behind_its_own_prompt(qwen: Any) -> None:
    turns = [ASK, {**SAY, "content": "One."}, ASK, {**SAY, "content": "Two.", "weight": 0}, ASK, SAY]
    samples = learned(qwen, item(*turns, learn="all"))
    assert [answer for _, answer in samples] == ["One.<|end|>", "At noon.<|end|>"]
    assert samples[1][0].startswith(samples[0][0])
    assert "Two." in samples[1][0]
    assert [answer for _, answer in learned(qwen, item(*turns))] == ["At noon.<|end|>"]


def test_labels_are_counted_as_they_are_learned(qwen: Any) -> None:
    one = item(ASK, CALL, tools=TOOLS)
    (sample,) = tokenize(qwen, [one], 10_000)
    assert lengths(qwen)(one) == (len(sample.prompt), len(sample.completion))
    found = list(Labels(lengths(qwen), len(sample.prompt) + 3).findings(PATH, [one]))
    assert [finding.kind for finding in found] == ["cut-labels"]


def test_what_is_learned_and_asked_is_in_the_digests() -> None:
    bare = item(ASK, SAY)
    others = [
        replace(bare, tools=tuple(TOOLS)),
        item(ASK, {**SAY, "reasoning_content": "Full moon."}),
        item(ASK, SAY, ASK, SAY, learn="all"),
        item(ASK, SAY, ASK, SAY),
    ]
    assert len({content_digest([one]) for one in [bare, *others]}) == 5
    assert prompt_digest([others[0]]) != prompt_digest([bare]) == prompt_digest([others[1]])
    assert digest_of(others[0]) != digest_of(bare) == digest_of(others[1])


class TestCopies:
    QUESTION = "Please tell me when the water is highest in the old harbour of Rye today, and when it is lowest again."

    def found(self, *items: Item) -> list[tuple[int, str]]:
        numbered = [replace(one, line=line) for line, one in enumerate(items, 1)]
        return [(one.line, one.kind) for one in duplicate_findings(PATH, numbered, Options())]

    def asked(self, system: str, answer: str, tools: Any = None) -> Item:
        opening = [{"role": "system", "content": system}] if system else []
        return item(*opening, {"role": "user", "content": self.QUESTION}, {**SAY, "content": answer}, tools=tools)

    def test_one_question_with_other_tools_or_to_another_system_is_another(self) -> None:
        other = [{"type": "function", "function": {"name": "moon"}}]
        assert (
            self.found(
                self.asked("", "At noon today, as the harbour master says."),
                self.asked("", "I call the moon for its own opinion on that.", other),
                self.asked("", "The tide says that it is in the evening.", TOOLS),
                self.asked("Be a pirate.", "Arr, when the sun stands over yer head."),
            )
            == []
        )

    def test_a_copy_under_the_same_tools_and_system_is_found(self) -> None:
        assert self.found(
            self.asked("Be brief.", "At noon today, as the harbour master says.", TOOLS),
            self.asked("Be brief.", "I would not know about any of this, sorry.", TOOLS),
        ) == [(2, "exact-prompt")]

    def test_calls_with_the_same_arguments_are_the_same_answer(self) -> None:
        arguments = json.dumps({"port": "the old harbour of Rye, beyond the bridge", "day": "the first of May"})
        call = {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "tide", "arguments": arguments}}],
        }
        first, second = ({"role": "user", "content": said} for said in ("When is high water?", "And how high is it?"))
        assert self.found(item(first, call), item(second, call)) == [(2, "exact-answer")]
