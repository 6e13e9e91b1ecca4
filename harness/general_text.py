"""General text in passages: what an adapter is not taught, and must not lose."""

from __future__ import annotations

from pathlib import Path

from harness import digests
from harness.errors import DataError


def passages(folder: Path) -> tuple[str, ...]:
    """The passages of every ``.txt`` file in a folder, by file name; blank lines part them.

    Raises:
        DataError: there is none, or a file is not UTF-8.
    """
    found: list[str] = []
    for path in sorted(folder.glob("*.txt")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(path, 0, f"cannot be read as UTF-8 ({error})") from error
        found += [" ".join(block.split()) for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    if not found:
        raise DataError(folder, 0, "holds no text; .txt files with passages parted by blank lines are expected")
    return tuple(found)


def digest(texts: tuple[str, ...]) -> str:
    return digests.of_value(list(texts))
