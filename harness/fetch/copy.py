"""A copy of a hub's repository on this machine, and what stands in the way of one."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.engines import hub_cache
from harness.errors import FetchError
from harness.text import amount

Say = Callable[[str], None]
"""Told what is going on, a line at a time."""


@dataclass(frozen=True, slots=True)
class Copy:
    commit: str
    """40 hex digits."""
    folder: Path


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository at one commit."""

    path: str
    size: int
    """In bytes."""
    sha256: str = ""
    """As the hub says; "" where it does not."""


def base_files(source: str, files: Iterable[RemoteFile]) -> list[RemoteFile]:
    """The files that make a base, by their path.

    Raises:
        FetchError: no weights are among them that can be read without running what comes with them.
    """
    found = sorted((file for file in files if hub_cache.wanted(file.path)), key=lambda file: file.path)
    if not any(file.path.endswith(hub_cache.WEIGHTS) for file in found):
        raise FetchError(
            f"{source} holds no weights as safetensors; pickled ones are not read: name another repository"
        )
    return found


def require_room(source: str, needed: int, place: Path, mend: str) -> None:
    """Refuse before the first byte what the disk cannot take.

    Args:
        needed: bytes still to be downloaded.
        place: folder that they go to; it need not be there yet.
        mend: how to name another place.

    Raises:
        FetchError
    """
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise FetchError(
            f"{source} needs {amount.of_bytes(needed)} more below {place}, and {amount.of_bytes(free)} are free there: "
            f"free some, or {mend}"
        )


def gated(source: str, page: str, token: str) -> FetchError:
    """What to say where a repository is given only to those who accepted its licence."""
    return FetchError(
        f"{source} is gated: accept its licence at {page}, set {token} to a token of that account, and fetch again"
    )


def no_revision(source: str, revision: str) -> FetchError:
    return FetchError(f"{source} has no revision {revision!r}: name a commit, a branch or a tag that it has")


def no_repository(source: str, page: str, token: str) -> FetchError:
    return FetchError(f"{page} is not there, or not for you to see: mend the name {source}, or set {token}")


def stopped(source: str, error: BaseException, mend: str) -> FetchError:
    """What to say where a transfer was cut, a hub cannot be reached, or the disk filled up meanwhile.

    Args:
        mend: how to name another place.
    """
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FetchError(f"{source} is not whole yet ({said}): free some space, or {mend}")
    return FetchError(f"{source} is not whole yet ({said}): fetch again, and it goes on where it stopped")
