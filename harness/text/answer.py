"""The part of a model's output that is its answer, and the part of an answer that stands.

Thinking in a marked block is not part of the answer: no reader is shown it. Struck-out text is shown, but taken back.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harness.text.pattern import later

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis"
_OPEN = rf"(?:<(?:[a-z]+:)?(?:{_NAMES})(?:\s[^<>]*)?>|\[(?:{_NAMES})\]|\u25c1think\u25b7|<\|begin_of_thought\|>)"
_CLOSE = rf"(?:</(?:[a-z]+:)?(?:{_NAMES})\s*>|\[/(?:{_NAMES})\]|\u25c1/think\u25b7|<\|end_of_thought\|>)"
_THINKING = later(rf"{_OPEN}.*?(?:{_CLOSE}|\Z)", re.DOTALL | re.IGNORECASE)
_CLOSED_ALONE = later(rf"\A.*{_CLOSE}", re.DOTALL | re.IGNORECASE)
"""The end of a think block without its beginning, which a template may have put into the prompt."""

_CHANNEL = later(r"<\|channel\|>(\w+)[^<]*(?:<\|message\|>)")
_CHANNEL_END = later(r"<\|(?:end|return|call|start|channel)\|>")

_MAY_THINK = later(r"[<\[\u25c1]")

_STRUCK = (
    later(r"(?<![~\\])~~(?=[^\s~])((?:(?!\n\s*\n).)+?)(?<=[^\s~])~~(?!~)", re.DOTALL),
    later(r"<(s|del|strike)(?:\s[^<>]*)?>.*?</\1\s*>", re.DOTALL | re.IGNORECASE),
    later(r"<(span|p|div)\s[^<>]*line-through[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE),
    later(r"\[(s|del|strike)\].*?\[/\1\]", re.DOTALL | re.IGNORECASE),
    later(r"\\(?:sout|st|cancel)\{[^{}]*\}"),
    later(r"<!--.*?(?:-->|\Z)", re.DOTALL),
    later("(?:\\w[\u0335\u0336\u0337\u0338][ ]?)+"),
)
_FRAME = later(r"\A\s*<s>(.*)</s>\s*\Z", re.DOTALL)
"""Tokens with which some chat templates frame a whole output. ``<s>`` is no strike-out here."""
_MAY_STRIKE = later("~~|[<\\[\\\\][a-zA-Z!]|[\u0335-\u0338]")


@lru_cache(maxsize=4096)
def answer_of(output: str) -> str:
    """`output` without what is marked as thinking: "" where the thinking never ends."""
    if _MAY_THINK.search(output) is None:
        return output
    if "<|channel|>" in output:
        return _final(output)
    if "<" not in output and "[" not in output and "\u25c1" not in output:
        return output
    rest = _THINKING.sub("", output)
    rest = _CLOSED_ALONE.sub("", rest)
    return rest if rest == output else rest.strip()


def _final(output: str) -> str:
    """The text of the channels that a reader is shown (of output in channels, ``<|channel|>``)."""
    shown = []
    for found in _CHANNEL.finditer(output):
        if found[1].casefold() not in ("analysis", "commentary"):
            shown.append(_CHANNEL_END.split(output[found.end() :], maxsplit=1)[0])
    return "\n".join(shown).strip()


@lru_cache(maxsize=4096)
def standing(answer: str) -> str:
    """`answer` without what is struck out or hidden in a comment."""
    if _MAY_STRIKE.search(answer) is None:
        return answer
    framed = _FRAME.match(answer)
    text = framed[1] if framed else answer
    for struck in _STRUCK:
        text = struck.sub(" ", text)
    return text
