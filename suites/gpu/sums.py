"""Folders with a list of SHA-256 sums, by which a file that was cut in transfer is found and named."""

from __future__ import annotations

from pathlib import Path

from harness.errors import GreenrunError
from harness.store import digests

FILE = "SHA256SUMS.txt"
"""Name of the list, in the format of ``sha256sum -c``."""


class PartError(GreenrunError):
    """Raised when a part is missing, or is not what its sums say; names the file."""


def write(folder: Path) -> None:
    """Write the sums of all files of `folder` into it."""
    files = sorted(path for path in folder.iterdir() if path.name != FILE)
    lines = [f"{digests.of_file(path)}  {path.name}\n" for path in files]
    (folder / FILE).write_text("".join(lines), encoding="utf-8")


def verified(folder: Path) -> list[Path]:
    """The files that the sums of `folder` name, each checked.

    Raises:
        PartError: there are no sums, a file is not there, or its bytes are others.
    """
    if not (folder / FILE).is_file():
        raise PartError(f"{folder / FILE} is not there: the part did not arrive whole; copy {folder} again")
    found = []
    for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            raise PartError(f"{path} is not there; copy {folder} again, or make it again with `make gpu`")
        if (sha := digests.of_file(path)) != wanted:
            raise PartError(
                f"{path} has sha256 {sha}, its sums say {wanted}; copy it again, or remove it and `make gpu`"
            )
        found.append(path)
    return found
