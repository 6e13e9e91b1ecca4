"""The release bundle: archives, papers and checksums in one flat folder that appears whole or not at all.

``SHA256SUMS.txt`` is in the format of ``sha256sum``, so a bundle can be checked without greenrun. It protects against
damage, not against somebody who rewrites a file and its line: the signature does.

``SHA256SUMS.txt`` is in the format of ``sha256sum``, so a bundle can be checked where greenrun is not
installed. It protects against damage, not against somebody who rewrites a file and its line.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness.errors import BundleError
from harness.releases import verify_alone
from harness.releases.archive import SUFFIX, pack, unpack
from harness.spec.papers import SUMS
from harness.store import digests

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LINE = re.compile(rf"(?P<digest>[0-9a-f]{{64}}) [ *](?P<name>{_PLAIN.pattern})")


def archive_name(adapter: str) -> str:
    """The file that holds an adapter in a bundle."""
    return f"adapter_{adapter}{SUFFIX}"


def archives(folder: Path) -> tuple[str, ...]:
    """Names of the adapter archives in a bundle, sorted."""
    names = (path.name for path in folder.iterdir() if _PLAIN.fullmatch(path.name))
    return tuple(sorted(name for name in names if name.startswith("adapter_") and name.endswith(SUFFIX)))


def stage(
    adapters: Mapping[str, Path],
    folder: Path,
    records: Mapping[str, str] | None = None,
    files: Mapping[str, Path] | None = None,
) -> None:
    """Pack each adapter (name -> folder) as ``adapter_<name>.tar.gz``, with checksums, into an empty folder.

    `records` (file name -> text) and `files` (file name -> file, copied as it is) go with them. Without adapters
    the checksums list nothing, and `verify` says so.

    Raises:
        BundleError: `folder` is not empty, an adapter cannot be packed, or two files would have one name.
    """
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or any(folder.iterdir())):
        raise BundleError(f"{folder} is not an empty folder; stage each run into its own")
    with _appearing(folder) as partial:
        for name, adapter in sorted(adapters.items()):
            pack(adapter, partial / archive_name(name))
        for name, text in (records or {}).items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        for name, source in (files or {}).items():
            if Path(name).name != name or name == SUMS or os.path.lexists(partial / name):
                raise BundleError(f"{name!r} is no plain name, or another file's of the bundle; rename it")
            shutil.copyfile(source, partial / name)
        _write_sums(partial, digests.of_folder(partial))


def copy_staged(source: Path, folder: Path) -> None:
    """A copy of a staged folder as `folder`, made once however many workers ask for it.

    Raises:
        BundleError: `folder` is there and is no copy of `source`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not os.path.lexists(folder):
            with _appearing(folder) as partial:
                for name in sorted(digests.of_folder(source)):
                    shutil.copyfile(source / name, partial / name)
        if digests.of_folder(folder) != digests.of_folder(source):
            raise BundleError(f"{folder} is not a copy of {source}; start a new run")


def publish(
    staged: Path,
    release: Path,
    papers: Sequence[Path],
    candidate: str,
    sign: Callable[[Path], None] | None = None,
) -> None:
    """Put the staged archives and the papers together as `release`, by one rename after reading all of it back.

    The checksums are those of the sources, taken before copying, so a copy that went wrong is found.

    Args:
        sign: adds the signature to a folder that is complete but for it.

    Raises:
        BundleError: `release` exists, a paper or the candidate's archive is missing, the staged files are not those
            of their checksums, or the copies differ from their sources. Nothing is left behind.
    """
    if os.path.lexists(release):
        raise BundleError(f"{release} exists already; a release is never overwritten")
    problems = verify(staged)
    if problems:
        raise BundleError(f"{staged} is no longer what was judged: {'; '.join(problems)}")
    listed, _ = _read_sums(staged / SUMS)
    if archive_name(candidate) not in listed:
        raise BundleError(f"the candidate {candidate} is not packed: a release without it releases nothing")
    sources = {name: staged / name for name in listed}
    for paper in papers:
        if paper.is_symlink() or not paper.is_file():
            raise BundleError(f"{paper} is missing or not a regular file; a release has all its papers")
        if paper.name in (SUMS, verify_alone.SIGNATURE, *sources):
            raise BundleError(f"{paper}: the bundle has another file of that name")
        sources[paper.name] = paper
        listed[paper.name] = digests.of_file(paper)
    with _appearing(release) as partial:
        for name, source in sources.items():
            shutil.copyfile(source, partial / name)
        _write_sums(partial, listed)
        if sign is not None:
            sign(partial)
        problems = verify(partial)
        if problems:
            raise BundleError(f"{release} was not written as it should be: {'; '.join(problems)}")


def verify(folder: Path) -> tuple[str, ...]:
    """What is wrong with a bundle, in words, by file; empty where it is sound.

    Sound means: regular files only, exactly those that ``SHA256SUMS.txt`` lists, each with its digest, and beside them
    the signature, which is over the list as well.
    """
    if not folder.is_dir():
        return (f"{folder}: no such folder",)
    return tuple(verify_alone.problems(str(folder)))


def receipt(folder: Path, problems: Sequence[str]) -> dict[str, Any]:
    """What a verification on the receiving side found, when and where, as a JSON object.

    ``sums_digest`` (SHA-256 of ``SHA256SUMS.txt``, None without one) tells which bundle it was; ``files``
    counts the regular files beside it, the signature aside.
    """
    regular = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "host": platform.node(),
        "place": str(folder),
        "sums_digest": digests.of_file(folder / SUMS) if SUMS in regular else None,
        "files": len(regular - {SUMS, verify_alone.SIGNATURE}),
        "result": "refused" if problems else "verified",
        "problems": list(problems),
    }


@contextmanager
def _appearing(final: Path) -> Iterator[Path]:
    """A fresh folder beside `final` that becomes it by one rename, or is gone where the block fails."""
    partial = final.with_name(f"{final.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in (*partial.iterdir(), partial):
            _sync(path)
        partial.rename(final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    with suppress(OSError):  # `final` is complete by now: an error here would disown a good folder
        _sync(final.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _write_sums(folder: Path, listed: Mapping[str, str]) -> None:
    text = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed))
    (folder / SUMS).write_text(text, encoding="ascii", newline="\n")


def _read_sums(path: Path) -> tuple[dict[str, str], list[str]]:
    """Name -> SHA-256 of a checksums file, and what is wrong with its lines."""
    listed: dict[str, str] = {}
    problems = []
    for number, line in enumerate(path.read_bytes().decode("ascii", "backslashreplace").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(f"{SUMS}:{number}: not '<sha256>  <plain name>', as sha256sum writes it")
        elif match["name"] in (SUMS, *listed):
            problems.append(f"{SUMS}:{number}: {match['name']} is listed twice, or is the list itself")
        else:
            listed[match["name"]] = match["digest"]
    if not listed:
        problems.append(f"{SUMS} lists no file")
    return listed, problems


__all__ = [
    "SUMS",
    "BundleError",
    "archive_name",
    "archives",
    "copy_staged",
    "pack",
    "publish",
    "receipt",
    "stage",
    "unpack",
    "verify",
]
