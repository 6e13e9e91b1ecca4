"""An artifact of the store: a folder with a manifest that records what it was made of and every file's SHA-256."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import CorruptArtifactError
from harness.store import digests, emptied, rehash

Build = Callable[[Path], None]
"""Writes an artifact's files into the empty folder that it is given."""


@dataclass(frozen=True, slots=True)
class Key:
    """All that an artifact depends on: equal keys mean equal artifacts."""

    kind: str
    label: str
    """Name for people, e.g. ``v3a multitask``; not part of the digest."""
    inputs: Mapping[str, object]
    """What the artifact depends on, as JSON values: digests, settings, versions."""

    @property
    def digest(self) -> str:
        return digests.of_value({"kind": self.kind, "inputs": dict(self.inputs)})


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified folder in the store."""

    kind: str
    label: str
    digest: str
    """SHA-256 over the relative names and SHA-256s of its files: depends on its content, not on how it was made."""
    path: Path
    built_at: str
    seconds: float
    """Seconds that its build took, in whichever run that was."""
    reused: bool
    sizes: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Name of each file -> its bytes, by the manifest."""
    emptied: bool = False
    """Whether the files are gone, and come back once something is built of them (`harness.store.emptied`)."""

    @classmethod
    def at(cls, folder: Path, label: str) -> Artifact:
        """An artifact for a folder outside of any store, such as one that was unpacked; its digest is that of its
        content."""
        digest = digests.of_value(digests.of_folder(folder))
        return cls("folder", label, digest, folder, built_at="", seconds=0.0, reused=False)


@dataclass(frozen=True, slots=True)
class Request:
    """An artifact that is wanted, with its key and its builder."""

    key: Key
    build: Build


def scratch(content: Path) -> Path:
    """Folder for the checkpoints of an interrupted build; it is no part of the artifact.

    The next build of the same key goes on from it. A build that ends, well or not, deletes it.
    """
    return content.with_name("scratch")


def write_manifest(folder: Path, key: Key, seconds: float) -> None:
    """Write the manifest of what lies in ``content/``; it is on the disk when this returns."""
    content = folder / "content"
    files = {
        name: {"sha256": digest, "size": (content / name).stat().st_size}
        for name, digest in digests.of_folder(content).items()
    }
    manifest = {
        "kind": key.kind,
        "label": key.label,
        "key": dict(key.inputs),
        "key_digest": key.digest,
        "files": files,
        "built_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 3),
    }
    with (folder / "manifest.json").open("w", encoding="utf-8") as stream:
        json.dump(manifest, stream, indent=1, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())


def load(folder: Path, key: Key) -> Artifact:
    """The artifact in a folder, after every byte was checked against its manifest; of an emptied one there is none.

    Raises:
        CorruptArtifactError: it is another key's, a byte differs, or a file is missing or too many.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        listed = {name: entry["sha256"] for name, entry in manifest["files"].items()}
        sizes = {name: int(entry["size"]) for name, entry in manifest["files"].items()}
        made_for, built_at, seconds = manifest["key_digest"], manifest["built_at"], float(manifest["seconds"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptArtifactError(f"{folder}/manifest.json cannot be read ({error}); {_mend(folder)}") from error
    if made_for != key.digest:
        raise CorruptArtifactError(
            f"{folder} was built for key {made_for[:12]}, asked for {key.digest[:12]}; {_mend(folder)}"
        )
    if not (empty := emptied.is_so(folder)):
        _check(folder, listed)
    return Artifact(
        kind=key.kind,
        label=key.label,
        digest=digests.of_value(listed),
        path=folder / "content",
        built_at=built_at,
        seconds=seconds,
        reused=True,
        sizes=sizes,
        emptied=empty,
    )


def _check(folder: Path, listed: Mapping[str, str]) -> None:
    try:
        found = digests.of_folder(folder / "content", rehash.of_file)
    except ValueError as error:
        raise CorruptArtifactError(f"{error}; {_mend(folder)}") from error
    for name in sorted(listed.keys() | found.keys()):
        if listed.get(name) != found.get(name):
            raise CorruptArtifactError(
                f"{folder}/content/{name}: the manifest says {_short(listed.get(name))}, "
                f"the disk {_short(found.get(name))}; {_mend(folder)}"
            )


def _short(digest: str | None) -> str:
    return "no such file" if digest is None else f"sha256 {digest[:12]}"


def _mend(folder: Path) -> str:
    return f"remove {folder} to have it built again"
