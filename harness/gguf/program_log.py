"""What llama.cpp's programs print beside their answers: the tokens that they read, and their speed."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COUNT = re.compile(r"number of tokens in prompt = (\d+)$", re.MULTILINE)
_TOKEN = re.compile(r"^(?:[\d.]+ I )? *(\d+) -> '", re.MULTILINE)
_SPEED = re.compile(r"\beval time =.*?/\s*(\d+) (?:tokens|runs).*?([\d.]+) tokens per second")


def tokens_read(log: str) -> tuple[int, ...]:
    """Token ids from the lines that --verbose-prompt adds. Lines before the last count are text of the prompt
    itself."""
    counts = list(_COUNT.finditer(log))
    if not counts:
        return ()
    return tuple(int(found) for found in _TOKEN.findall(log, counts[-1].end())[: int(counts[-1][1])])


def first_difference(wanted: Sequence[int], read: Sequence[int]) -> str:
    """Where the tokens that were read differ from those that were to be, in words."""
    if not read:
        return "it did not say which"
    pairs = enumerate(zip(wanted, read, strict=False))
    at = next((place for place, (one, other) in pairs if one != other), min(len(wanted), len(read)))
    return f"at token {at} of {len(wanted)}, {list(read[at : at + 3])} in place of {list(wanted[at : at + 3])}"


def speeds(text: str) -> tuple[float, float]:
    """(prompt, answer) speed in tokens per second, from the figures that llama.cpp prints at its end."""
    found = {"prompt" if "prompt eval" in line else "answer": line for line in text.splitlines() if "eval time" in line}
    read = []
    for name in ("prompt", "answer"):
        match = _SPEED.search(found.get(name, ""))
        read.append(float(match[2]) if match else 0.0)
    return read[0], read[1]
