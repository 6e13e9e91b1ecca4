"""Turn conversations into token ids and answers into text, for training, answering, checks and every engine.

One shape for what tokenizers return: a plain list of token ids.

`apply_chat_template` has returned, by version and arguments, a list, a nested list, a tensor, a numpy
array, a dict and a `BatchEncoding`; nobody but this module has to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2

from harness.dataset.item import Item, Message
from harness.dataset.turns import called, is_plain
from harness.errors import GreenrunError

HARMLESS = "word"
"""A text that every chat template writes as it is."""


def ids(encoded: Any) -> list[int]:
    """Token ids of ONE text, whatever container the tokenizer chose.

    Accepts a list, a list holding one list, a 1-d or (1, n) tensor or array, and a mapping or
    `BatchEncoding` with ``input_ids`` of any of these.

    Raises:
        GreenrunError: more than one text, or something that holds no ids.
    """
    if isinstance(encoded, Mapping) or hasattr(encoded, "input_ids"):
        inner = encoded["input_ids"] if isinstance(encoded, Mapping) else encoded.input_ids
        return ids(inner)
    if hasattr(encoded, "tolist"):
        encoded = encoded.tolist()
    if isinstance(encoded, (str, bytes)) or not isinstance(encoded, Sequence):
        raise GreenrunError(f"a tokenizer returned {type(encoded).__name__}, which holds no token ids")
    values = list(encoded)
    if len(values) == 1 and isinstance(values[0], Sequence) and not isinstance(values[0], (str, bytes)):
        return ids(values[0])
    if any(isinstance(value, bool) or not hasattr(value, "__index__") for value in values):
        raise GreenrunError(f"a tokenizer returned {str(values)[:60]}, where the ids of one text were expected")
    return [int(value) for value in values]


Tools = Sequence[Mapping[str, Any]]


def prompt_text(tokenizer: Any, messages: Sequence[Message], tools: Tools = ()) -> str:
    """A prompt as the chat template writes it, up to where the model's answer begins.

    Raises:
        jinja2.TemplateError: the chat template refuses the turns.
        GreenrunError: it leaves out tools.
    """
    return str(_rendered(tokenizer, messages, tools, tokenize=False, add_generation_prompt=True))


def prompt_ids(tokenizer: Any, messages: Sequence[Message], tools: Tools = ()) -> list[int]:
    """Ids of `prompt_text`."""
    return ids(_rendered(tokenizer, messages, tools, add_generation_prompt=True))


def conversation_text(tokenizer: Any, messages: Sequence[Message], tools: Tools = ()) -> str:
    """Turns as the chat template writes them, with no answer to come."""
    return str(_rendered(tokenizer, messages, tools, tokenize=False))


def conversation_ids(tokenizer: Any, messages: Sequence[Message], tools: Tools = ()) -> list[int]:
    """Ids of `conversation_text`."""
    return ids(_rendered(tokenizer, messages, tools))


def _rendered(tokenizer: Any, messages: Sequence[Message], tools: Tools, **how: bool) -> Any:
    """The turns rendered by the chat template: the only call of `apply_chat_template`. The release's own arguments are
    part of the template itself."""
    turns = [dict(turn) for turn in messages]
    given: dict[str, Any] = {"tools": [dict(tool) for tool in tools]} if tools else {}
    if names := called(messages, tools):
        text = str(tokenizer.apply_chat_template(turns, **given, **{**how, "tokenize": False}))
        if lost := sorted({name for name in names if name not in text}):
            raise GreenrunError(
                f"the chat template of the base writes nothing of the tools {', '.join(lost)}: they would be lost; use "
                "a base whose template takes tools, or put them into the texts of the data"
            )
    return tokenizer.apply_chat_template(turns, **given, **how)


def completion_ids(tokenizer: Any, text: str) -> list[int]:
    """Ids of an answer and the token that ends it.

    Raises:
        GreenrunError: nothing ends an answer.
    """
    return [*ids(tokenizer(text, add_special_tokens=False)), end_id(tokenizer)]


def learned_ids(tokenizer: Any, item: Item) -> tuple[list[int], list[int]]:
    """What training shows of an item's reference: ids of its prompt, and of the answer with the token that ends it.

    Raises:
        GreenrunError: the chat template does not write the answer whole behind its prompt.
    """
    return _learned(tokenizer, item.messages, item.answer_turn, item.tools)


def all_learned_ids(tokenizer: Any, item: Item) -> Iterator[tuple[list[int], list[int]]]:
    """(prompt ids, answer ids) of every learned turn of an item, in order, as `learned_ids` gives them for the
    reference.

    A template may write an earlier turn otherwise once it is past (Qwen3's leaves out what was thought), so turns are
    not learned from one rendering of the whole.
    """
    for at in item.earlier:
        yield _learned(tokenizer, item.messages[:at], item.messages[at], item.tools)
    yield learned_ids(tokenizer, item)


def answer_text(tokenizer: Any, messages: Sequence[Message], answer: Message, tools: Tools = ()) -> str:
    """An answer as the chat template writes it behind its prompt: of a text the text, with calls or reasoning all that
    follows the prompt.

    Raises:
        GreenrunError: the template leaves out a part of it, or writes it elsewhere than behind the prompt.
    """
    if is_plain(answer):
        return str(answer["content"])
    asked, whole = prompt_text(tokenizer, messages, tools), conversation_text(tokenizer, [*messages, answer], tools)
    written = whole[len(asked) :]
    if not whole.startswith(asked):
        raise GreenrunError(
            "the chat template writes a conversation that does not begin with its own prompt, so nothing says where an "
            "answer with tool calls or reasoning begins; use a base whose template does"
        )
    content = answer.get("content")
    parts = {
        "reasoning_content": answer.get("reasoning_content"),
        "content": content if isinstance(content, str) else "",
    }
    for key, text in parts.items():
        if text and text.strip() not in written:
            raise GreenrunError(
                f"the chat template does not write the {key} of an answer ({text.strip()[:40]!r}): it would be lost; "
                "use a base whose template does, or take it out of the data"
            )
    return written


def _learned(tokenizer: Any, messages: Sequence[Message], answer: Message, tools: Tools) -> tuple[list[int], list[int]]:
    prompt, text = prompt_ids(tokenizer, messages, tools), answer_text(tokenizer, messages, answer, tools)
    if is_plain(answer):
        return prompt, completion_ids(tokenizer, text)
    found, end = ids(tokenizer(text, add_special_tokens=False)), end_id(tokenizer)
    if end in found:
        return prompt, found[: found.index(end) + 1]
    known = specials(tokenizer)  # some templates end a call by a token of its own
    last = max((at for at, number in enumerate(found) if number in known), default=-1)
    rest = tokenizer.decode(found[last + 1 :]) if last >= 0 else text
    return prompt, found[: last + 1] if last >= 0 and not rest.strip() else [*found, end]


def end_id(tokenizer: Any) -> int:
    """The token that ends an answer: the one that the chat template writes, else the tokenizer's own end token.

    Raises:
        GreenrunError: there is neither.
    """
    found = end_of_turn(tokenizer)
    found = tokenizer.eos_token_id if found is None else found
    if found is None:
        raise GreenrunError("no token ends an answer: neither the tokenizer nor its chat template has one")
    return int(found)


def end_of_turn(tokenizer: Any) -> int | None:
    """The special token that the chat template writes behind an assistant's turn; None where it writes none."""
    return _end_of_turn(tokenizer, str(tokenizer.chat_template or ""))


@lru_cache(maxsize=8)
def _end_of_turn(tokenizer: Any, template: str) -> int | None:
    """The special token that ends an assistant's turn, remembered per tokenizer and template."""
    turns = [{"role": role, "content": HARMLESS} for role in ("user", "assistant")]
    try:
        text = conversation_text(tokenizer, turns)
    except (jinja2.TemplateError, TypeError, ValueError, KeyError):
        return None
    behind = ids(tokenizer(text[text.rfind(HARMLESS) + len(HARMLESS) :], add_special_tokens=False))
    known = specials(tokenizer)
    return next((number for number in behind if number in known), None) if HARMLESS in text else None


def specials(tokenizer: Any) -> set[int]:
    """Ids of the special tokens."""
    marked = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return marked | set(tokenizer.all_special_ids)


def pad_id(tokenizer: Any) -> int:
    """The token that fills up a batch: an end token where the tokenizer has none for it. It is masked everywhere.

    Raises:
        GreenrunError: there is neither.
    """
    return end_id(tokenizer) if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)


def stopped(tokenizer: Any, written: Sequence[int], stop: Sequence[str]) -> bool:
    """Whether one of the stop texts stands in the last tokens of the answer."""
    if not stop:
        return False
    last = max(len(text.encode()) for text in stop) + _TAIL
    tail = tokenizer.decode(list(written)[-last:], skip_special_tokens=False)
    return any(text in tail for text in stop)


_TAIL = 4
"""Tokens before a stop text that are decoded together with it, since the bytes of its first character may be split
among several tokens."""


def text_of(tokenizer: Any, written: Sequence[int], stop: Sequence[str] = ()) -> str:
    """Text of an answer's ids without special tokens, up to the first stop text."""
    return before(str(tokenizer.decode(list(written), skip_special_tokens=True)), stop)


def before(text: str, stop: Sequence[str]) -> str:
    """A text up to the first of the stop texts in it."""
    return text[: min((text.index(one) for one in stop if one in text), default=len(text))]
