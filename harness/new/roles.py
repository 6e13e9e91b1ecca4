"""Which split a file is, by its name: what somebody called train is trained on, and what they called test judges."""

from __future__ import annotations

import re
from pathlib import Path

SPLITS = ("train", "dev", "benchmark")

_WORDS = {
    "train": {"train", "training", "训练", "训练集"},
    "dev": {"dev", "development", "valid", "validation", "val", "验证", "验证集"},
    "benchmark": {"benchmark", "bench", "test", "testing", "eval", "evaluation", "heldout", "测试",
                  "测试集"},
}  # fmt: skip


def role(path: Path) -> str:
    """The split that a file is by the words of its name, or by the name of its folder; "" where neither names just
    one."""
    stem = str(path).partition("#")[2] or path.name.partition(".")[0]
    return _named(re.findall(r"[^\W\d_]+", stem.lower())) or _named([path.parent.name.lower()])


def _named(words: list[str]) -> str:
    found = {split for split, known in _WORDS.items() if known & set(words)}
    return found.pop() if len(found) == 1 else ""
