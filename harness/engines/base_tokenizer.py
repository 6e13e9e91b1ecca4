"""Check whether a base can be asked at all: its end tokens, padding, chat template and configuration.

A base may be fit to be served and still have no end token, a padding token without an embedding, or a template that
refuses the turns of the release's items. Each such problem is found before anything is trained or asked, and reported
with its mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2

from harness import out_of_memory
from harness.dataset import tokens
from harness.dataset.findings import quote
from harness.engines import chat_template
from harness.spec import nearest
from harness.spec.chat import GIVEN, OWN, Chat

REFUSALS = (jinja2.TemplateError, TypeError, ValueError, KeyError, AttributeError)
"""What a chat template raises on turns that it does not take."""
PLAIN = frozenset({"system", "user", "assistant"})
"""Roles whose turn can be replaced by a harmless word. A tool's turn needs the call before it, so it is checked item by
item."""
_SPECIAL = ("bos", "eos", "pad", "unk")


def problems(folder: Path, chat: Chat, orders: Iterable[Sequence[str]]) -> list[str]:
    """What is wrong with a base, each in a sentence with its mend; [] where it can be asked.

    Args:
        folder: the checkpoint, the table written into it.
        orders: the roles of the items' turns, each order once, the assistant's answer left out.
    """
    from transformers import AutoConfig, AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        config = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
    except Exception as error:  # a tokenizer's files may hold anything
        out_of_memory.refuse(error, "loading the base's tokenizer")
        told = quote(str(error), 200)
        return [f"its tokenizer cannot be loaded ({type(error).__name__}: {told}); the base needs one that loads"]
    return [
        *_of_template(folder, tokenizer, chat, orders),
        *_of_end(folder, tokenizer, chat),
        *_of_ids(tokenizer, int(config.vocab_size)),
    ]


def _of_template(folder: Path, tokenizer: Any, chat: Chat, orders: Iterable[Sequence[str]]) -> Iterator[str]:
    if not tokenizer.chat_template:
        yield 'it has no chat template; give one in the spec: [base.chat] template = "file.jinja"'
        return
    try:
        known = {name for text in chat_template.named(folder).values() for name in _variables(text, chat)}
    except jinja2.TemplateError as error:
        yield f'its chat template cannot be read ({error}); give another: [base.chat] template = "file.jinja"'
        return
    for name in chat.arguments:
        if name not in known:
            told = nearest.mend(name, (known - GIVEN).union(OWN))
            yield f"its chat template reads no {name!r}, so that [base.chat] {name} changes nothing; {told}"
    refused: set[str] = set()
    for order in sorted({tuple(order) for order in orders if PLAIN.issuperset(order)}):
        problem = _refusal(tokenizer, order)
        if problem and problem not in refused:
            refused.add(problem)
            yield problem


def _variables(text: str, chat: Chat) -> set[str]:
    return chat_template.variables(chat_template.own_text(text, chat))


def _refusal(tokenizer: Any, order: Sequence[str]) -> str:
    """Why the chat template refuses turns in this order of roles; "" where it takes them."""
    told = _rendered(tokenizer, order)
    if told == "":
        return ""
    if order[:1] == ("system",) and _rendered(tokenizer, order[1:]) == "":
        return (
            f"its chat template {told or 'leaves out the system turn'}, and items have one; write it into the user "
            'turn: [base.chat] system = "merge"'
        )
    return (
        f"its chat template {told} where turns come as {', '.join(order)}; bring the items into an order that it "
        'takes, or give another: [base.chat] template = "file.jinja"'
    )


def _rendered(tokenizer: Any, order: Sequence[str]) -> str:
    """What the chat template does wrong to turns in this order of roles; "" where the texts of system and user are
    written."""
    turns = [{"role": role, "content": f"{tokens.HARMLESS}{number}"} for number, role in enumerate(order)]
    try:
        text = tokens.prompt_text(tokenizer, turns)
    except REFUSALS as error:
        return f"refuses them ({quote(str(error), 120)})"
    asked = (turn["content"] for turn in turns if turn["role"] != "assistant")
    return "" if all(said in text for said in asked) else "leaves out a turn"


def _of_end(folder: Path, tokenizer: Any, chat: Chat) -> Iterator[str]:
    written, declared = tokens.end_of_turn(tokenizer), _declared(folder, tokenizer)
    if written is None and tokenizer.eos_token_id is None:
        yield (
            "it has no end token, and its chat template writes none behind an answer: nothing would teach an adapter "
            'to stop; name one as "eos_token" in its tokenizer_config.json, or give a template that writes one'
        )
    elif written is not None and written not in declared:
        name = tokenizer.convert_ids_to_tokens(written)
        if name not in chat.stop:
            yield (
                f"its chat template ends a turn with {name}, and neither its tokenizer nor its generation_config calls "
                f'that an end: served, an answer would go on; name it in the spec: [base.chat] stop = ["{name}"]'
            )


def _declared(folder: Path, tokenizer: Any) -> set[int]:
    """The end tokens of tokenizer, ``generation_config`` and configuration together."""
    from transformers import AutoConfig, GenerationConfig

    try:
        settings = GenerationConfig.from_pretrained(folder, local_files_only=True)
    except OSError:  # transformers then serves by the model's configuration
        settings = GenerationConfig.from_model_config(AutoConfig.from_pretrained(folder, local_files_only=True))
    named = settings.eos_token_id
    several = named if isinstance(named, list | tuple) else [named]
    return {int(one) for one in (tokenizer.eos_token_id, *several) if one is not None}


def _of_ids(tokenizer: Any, size: int) -> Iterator[str]:
    """Messages about special tokens for which the model has no embedding.

    Args:
        size: rows of the embeddings.
    """
    for name in _SPECIAL:
        number = getattr(tokenizer, f"{name}_token_id", None)
        if number is not None and number >= size:
            token = getattr(tokenizer, f"{name}_token")
            yield (
                f"its {name} token {token} has the id {number}, and the model knows {size} tokens, the last of them "
                f'{size - 1}: a batch with it would be read past them; name one that it has as "{name}_token" '
                "in its tokenizer_config.json, and pin the base anew"
            )
