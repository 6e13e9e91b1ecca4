"""Check that the text of each stored answer is what its token ids decode to. Metrics read texts, and everything else
compares ids.

A stored text is trusted only where the base's own tokenizer decodes the ids to the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from harness.dataset import tokens
from harness.engines.answers import Answer
from harness.errors import StoreError

Decode = Callable[[Sequence[int]], str]


def refuse_others(base: Path, sheet: Mapping[str, Answer], where: Path, stop: Sequence[str] = ()) -> None:
    """Refuse a sheet in which a text is not that of its ids.

    Args:
        base: a checkpoint folder with the tokenizer that the answers were written by.
        where: the sheet, for the message.
        stop: texts that ended an answer, and are no part of its text.

    Raises:
        StoreError: names the first such answer.
    """
    others = _others(_quickly(base), sheet, stop) if (base / _FILE).is_file() else list(sheet)
    if not others:
        return
    # The library alone leaves out what transformers may add to it (blanks tidied up): its word is the last.
    others = _others(_as_written(base), {name: sheet[name] for name in others}, stop)
    if others:
        raise StoreError(
            f"{where}: the text kept for {others[0]} is not what its token ids say ({len(others)} of {len(sheet)} such "
            "answers); remove the artifact to have it built again"
        )


def written_out(base: Path, sheet: Mapping[str, Answer]) -> dict[str, str]:
    """Item -> all that was generated, special tokens written out, which the texts of a sheet leave away."""
    decode = _quickly(base, False) if (base / _FILE).is_file() else _as_written(base, False)
    return {name: decode(answer.ids) for name, answer in sheet.items()}


def _others(decode: Decode, sheet: Mapping[str, Answer], stop: Sequence[str]) -> list[str]:
    return [name for name, answer in sheet.items() if tokens.before(decode(answer.ids), stop) != answer.text]


_FILE = "tokenizer.json"


@lru_cache(maxsize=4)
def _quickly(base: Path, skip: bool = True) -> Decode:
    """A decoder that does not import transformers, since that takes longer than decoding all answers."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / _FILE))
    return lambda ids: str(tokenizer.decode(list(ids), skip_special_tokens=skip))


@lru_cache(maxsize=4)
def _as_written(base: Path, skip: bool = True) -> Decode:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    return lambda ids: str(tokenizer.decode(list(ids), skip_special_tokens=skip))
