"""Adapter folders as contents of files, and archives written member by member as no honest packer would."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

Members = list[tuple[tarfile.TarInfo, bytes]]
README = "adapter_style/README.md"
"""A member that unpacking takes."""


def folder_of(files: dict[str, bytes], place: Path) -> Path:
    place.mkdir(parents=True)
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def member(name: str, data: bytes = b"x", kind: bytes = tarfile.REGTYPE, link: str = "") -> Members:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    return [(info, data)]


def tar_of(members: Members, dialect: int = tarfile.USTAR_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=dialect) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return target.getvalue()


def hostile(plain: bytes, folder: Path) -> Path:
    target = folder / "adapter_style.tar.gz"
    target.write_bytes(gzip.compress(plain))
    return target
