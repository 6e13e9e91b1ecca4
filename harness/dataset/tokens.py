"""One shape for what tokenizers return: a plain list of token ids.

`apply_chat_template` has returned, by version and arguments, a list, a nested list, a tensor, a numpy
array, a dict and a `BatchEncoding`; nobody but this module has to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.dataset.item import Message
from harness.errors import GreenrunError


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


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Ids of a prompt with the chat template applied, up to where the model's answer begins."""
    return ids(tokenizer.apply_chat_template([dict(turn) for turn in messages], add_generation_prompt=True))


def completion_ids(tokenizer: Any, text: str) -> list[int]:
    """Ids of an answer and the token that ends it."""
    return [*ids(tokenizer(text, add_special_tokens=False)), int(tokenizer.eos_token_id)]
