"""A model file in parts that each fit a small transfer, and the file again made of them.

Each part's folder holds its piece of the bytes, the manifest of the whole, and the sums of both.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.store import digests
from suites.gpu import sums
from suites.gpu.sums import PartError

MANIFEST = "whole.json"
PIECE = "piece"
_BLOCK = 2**20


def split(source: Path, folder: Path, most: int) -> list[Path]:
    """Write `source` as ``part-1``, ``part-2``, ... below `folder`, pieces of at most `most` bytes; returns them.

    What stood in `folder` before is replaced, once the new parts are complete.
    """
    count = max(1, -(-source.stat().st_size // most))
    manifest = {"name": source.name, "sha256": digests.of_file(source), "parts": count}
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with source.open("rb") as stream:
        for number in range(1, count + 1):
            part = partial / f"part-{number}"
            part.mkdir(parents=True)
            with (part / PIECE).open("wb") as piece:
                piece.writelines(_blocks(stream.read, most))
            (part / MANIFEST).write_text(json.dumps(manifest) + "\n", encoding="utf-8")
            sums.write(part)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return _parts(folder, count)


def join(folder: Path, into: Path) -> Path:
    """The file that the parts below `folder` make, written into `into`; made once, and verified every time.

    Raises:
        PartError: a part is missing or spoilt (named), or all of them together are not the file that was split.
    """
    manifest = _manifest(folder)
    target = into / str(manifest["name"])
    if target.is_file() and digests.of_file(target) == manifest["sha256"]:
        return target
    parts = _parts(folder, int(str(manifest["parts"])))
    if absent := [part for part in parts if not part.is_dir()]:
        raise PartError(f"{absent[0]} is not there: the model comes in {len(parts)} parts; copy it, too")
    for part in parts:
        sums.verified(part)
        if _read(part) != manifest:
            raise PartError(f"{part / MANIFEST} is of another model than {parts[0] / MANIFEST}; make gpu, copy again")
    into.mkdir(parents=True, exist_ok=True)
    partial, whole = target.with_name(f"{target.name}.partial"), hashlib.sha256()
    with partial.open("wb") as stream:
        for part in parts:
            with (part / PIECE).open("rb") as piece:
                for block in _blocks(piece.read, (part / PIECE).stat().st_size):
                    stream.write(block)
                    whole.update(block)
    if whole.hexdigest() != manifest["sha256"]:
        raise PartError(f"{folder}: the parts make a file of sha256 {whole.hexdigest()}, not {manifest['sha256']}")
    return partial.rename(target)


def sha256(folder: Path) -> str | None:
    """Digest of the model that lies in parts below `folder`, each of them verified; None where they do not."""
    try:
        manifest = _manifest(folder)
        for part in _parts(folder, int(str(manifest["parts"]))):
            sums.verified(part)
    except PartError:
        return None
    return str(manifest["sha256"])


def _manifest(folder: Path) -> dict[str, object]:
    """The manifest of the whole file, from whichever part is there: each holds it."""
    for part in sorted(folder.glob("part-*")):
        if (part / MANIFEST).is_file():
            return _read(part)
    raise PartError(f"{folder} holds no part of a model; `make gpu` makes them")


def _read(part: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((part / MANIFEST).read_text(encoding="utf-8"))
        str(found["name"]), str(found["sha256"]), int(str(found["parts"]))
    except (ValueError, KeyError, TypeError) as error:
        raise PartError(f"{part / MANIFEST} cannot be read ({error!r}); copy {part} again") from error
    return found


def _parts(folder: Path, count: int) -> list[Path]:
    return [folder / f"part-{number}" for number in range(1, count + 1)]


def _blocks(read: Callable[[int], bytes], most: int) -> Iterator[bytes]:
    """Blocks of at most `most` bytes in all."""
    left = most
    while left and (block := read(min(_BLOCK, left))):
        left -= len(block)
        yield block
