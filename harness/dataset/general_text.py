"""Passages of general text, on which an adapter's forgetting is measured: it is not trained on them and must not lose
them."""

from __future__ import annotations

from pathlib import Path

from harness.errors import DataError
from harness.store import digests


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.txt"))


def passages(folder: Path) -> tuple[str, ...]:
    """The passages of every ``.txt`` file in a folder, by file name.

    Raises:
        DataError: there is none, or a file is not UTF-8.
    """
    found = [passage for path in files(folder) for passage in passages_of(path)]
    if not found:
        raise DataError(folder, 0, "holds no text; .txt files with passages parted by blank lines are expected")
    return tuple(found)


def passages_of(path: Path) -> list[str]:
    """The passages of one file; blank lines part them.

    Raises:
        DataError: it is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, 0, f"cannot be read as UTF-8 ({error})") from error
    return [" ".join(block.split()) for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]


def digest(texts: tuple[str, ...]) -> str:
    return digests.of_value(list(texts))
