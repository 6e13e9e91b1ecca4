"""Adapter archives: equal folders give equal bytes, and reading trusts nothing that an archive says.

An archive ``adapter_style.tar.gz`` holds ``adapter_style/<name>`` for the few names that an adapter
may have, in the oldest common tar dialect (ustar). Reading takes the headers one by one and goes by
an allow-list: the dialects' extensions (long names, pax records, sparse files) are refused unread,
because a parser that understands them can be told to reserve gigabytes or to write elsewhere.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
import zlib
from pathlib import Path

from harness.engines.adapter_files import ALLOWED
from harness.errors import BundleError

SUFFIX = ".tar.gz"
MAX_FILE = 2 * 1024**3
"""Most bytes of one file of an adapter: a LoRA of rank 512 on an 8B model stays below it."""
MAX_TOTAL = 4 * 1024**3
"""Most bytes of all files of an adapter together."""

_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CHUNK = 1024 * 1024
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.DIRTYPE: "a folder",
}


def pack(adapter: Path, archive: Path) -> None:
    """Write a flat adapter folder as a tar.gz whose bytes depend on the files' names and bytes alone.

    Times, owners and modes are constant. The compressed bytes are those of one zlib: another
    version of it may compress the same tar differently.

    Raises:
        BundleError: the folder holds what `unpack` would refuse, or nothing.
    """
    top = _stem(archive)
    sources = _sources(adapter)
    partial = archive.with_name(f"{archive.name}.partial")
    try:
        with (
            partial.open("wb") as raw,
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for source in sources:
                with source.open("rb") as stream:
                    entry = tarfile.TarInfo(f"{top}/{source.name}")  # as it is born: mtime, uid, gid 0; mode 0644
                    entry.size = os.fstat(stream.fileno()).st_size
                    tar.addfile(entry, stream)
        partial.replace(archive)
    finally:
        partial.unlink(missing_ok=True)


def unpack(archive: Path, into: Path) -> Path:
    """The folder ``into/<stem>`` with the archive's files, which appears only when all of them are sound.

    Raises:
        BundleError: a member is not a regular file, has no place in an adapter, stands twice or is too
            large; or the archive is damaged, holds nothing, or was unpacked there before.
    """
    top = _stem(archive)
    final = into / top
    if archive.is_symlink() or not archive.is_file():
        raise BundleError(f"{archive} is not a regular file")
    if os.path.lexists(final):
        raise BundleError(f"{final} exists already; unpack into an empty folder")
    partial = into / f"{top}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with gzip.open(archive, "rb") as stream:
            _extract(stream, archive, partial)
        partial.rename(final)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BundleError(f"{archive} is damaged ({error}); transfer it again") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return final


def _stem(archive: Path) -> str:
    stem = archive.name.removesuffix(SUFFIX)
    if stem == archive.name or not _STEM.fullmatch(stem):
        raise BundleError(f"{archive}: not an archive's name; adapter_<name>{SUFFIX} is expected")
    return stem


def _sources(adapter: Path) -> list[Path]:
    if not adapter.is_dir():
        raise BundleError(f"{adapter}: no such adapter folder")
    sources = sorted(adapter.iterdir())
    total = 0
    for source in sources:
        if source.is_symlink() or not source.is_file():
            raise BundleError(f"{adapter}: {source.name!r} is not a regular file; an adapter is a flat folder of them")
        if source.name not in ALLOWED:
            raise BundleError(f"{adapter}: {source.name!r} has no place in an adapter; {_allowed()}")
        size = source.stat().st_size
        total += size
        if size > MAX_FILE or total > MAX_TOTAL:
            raise BundleError(f"{adapter}: {source.name!r} is too large; {_caps()}")
    if not sources:
        raise BundleError(f"{adapter}: an empty folder is no adapter")
    return sources


def _extract(stream: gzip.GzipFile, archive: Path, folder: Path) -> None:
    """Write the members into `folder`. No more is read than the limits allow, whatever the headers claim."""
    top = _stem(archive)
    written: dict[str, int] = {}
    while (block := _exactly(stream, tarfile.BLOCKSIZE)) != bytes(tarfile.BLOCKSIZE):
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            where = f"after {list(written)[-1]!r}" if written else "at its start"
            raise BundleError(f"{archive}: no member's header stands {where} ({error})") from error
        problem = _problem(member, top, written)
        if problem:
            raise BundleError(f"{archive}: member {member.name!r} {problem}")
        name = member.name.removeprefix(f"{top}/")
        with (folder / name).open("xb") as target:
            for start in range(0, member.size, _CHUNK):
                target.write(_exactly(stream, min(_CHUNK, member.size - start)))
        _exactly(stream, -member.size % tarfile.BLOCKSIZE)
        written[name] = member.size
    rest = stream.read(tarfile.RECORDSIZE + 1)  # reading to the end also has gzip compare its checksum
    if len(rest) > tarfile.RECORDSIZE or rest.strip(b"\0"):
        raise BundleError(f"{archive}: bytes follow after the last member")
    if not written:
        raise BundleError(f"{archive}: holds no file")


def _problem(member: tarfile.TarInfo, top: str, written: dict[str, int]) -> str:
    """Why a member is refused; "" where it is not."""
    if member.type != tarfile.REGTYPE:
        kind = _KINDS.get(member.type, f"of tar type {member.type!r}")
        return f"is {kind}; only regular files are taken"
    name = member.name.removeprefix(f"{top}/")
    if name == member.name or name not in ALLOWED:
        return f"has no place here; expected under {top}/: {_allowed()}"
    if name in written:
        return "stands twice"
    if not 0 <= member.size <= MAX_FILE or sum(written.values()) + member.size > MAX_TOTAL:
        return f"claims {member.size} bytes; {_caps()}"
    return ""


def _exactly(stream: gzip.GzipFile, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise EOFError("it ends in the middle of a member")
    return found


def _allowed() -> str:
    return f"allowed: {', '.join(sorted(ALLOWED))}"


def _caps() -> str:
    return f"at most {MAX_FILE} a file and {MAX_TOTAL} in all are taken"
