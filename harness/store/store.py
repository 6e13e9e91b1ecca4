"""A content-addressed store: each artifact is built once, whoever asks, and verified on every load.

``<root>/<kind>/<key digest>/`` holds ``content/`` and ``manifest.json`` (the key, every file's
SHA-256 and size). A folder appears by one rename after its manifest is complete, so a killed
builder leaves nothing that could be taken for an artifact.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from harness import out_of_memory
from harness.errors import (
    BuildFailedError,
    GreenrunError,
    MissingArtifactError,
    NoMemoryError,
    StoreError,
)
from harness.store import digests, emptied
from harness.store.artifact import (
    Artifact,
    Build,
    Key,
    Request,
    load,
    scratch,
    write_manifest,
)
from harness.store.deadline import within

PIN = "pinned"
"""A file of this name beside an artifact's manifest keeps it in the store (`harness.run.retention`)."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error codes for a disk, a quota or a file's size limit that is full."""


@dataclass(frozen=True)
class Store:
    root: Path
    failures: Path | None = None
    """Folder where a failed build is remembered for the rest of a run, so that no worker repeats it."""
    read_only: bool = False
    """True where building is forbidden (``--rescore``)."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Kind of artifact -> seconds that building one may take; kinds that are not named have no limit."""
    stops: tuple[type[Exception], ...] = ()
    """Exceptions that end a run from outside. A build that is ended by one of them does not count as failed."""
    last_word: Callable[[str], None] = print
    """Called with the reason before a process that hangs in a build is ended."""
    on_build: Callable[[Key, Artifact], None] = lambda key, artifact: None
    """Called with each artifact that this process builds."""
    steps: dict[str, Request] = field(default_factory=dict)
    """Digest of each emptied artifact that this process was given -> how its files are made again."""

    def find(self, key: Key) -> Artifact | None:
        """The artifact, verified, or None where it was never built.

        Raises:
            CorruptArtifactError: it is there and its bytes are not those of its manifest.
        """
        if not self.has(key):
            return None
        folder = self._folder(key)
        found = load(folder, key)
        with suppress(OSError):  # a store that cannot be written to serves its artifacts all the same
            os.utime(folder)  # when it was last used
        return found

    def has(self, key: Key) -> bool:
        """Whether it was built, whatever its bytes are now: `find` verifies them."""
        return (self._folder(key) / "manifest.json").is_file()

    def digest_of(self, kind: str, key: str) -> str | None:
        """Digest of what the disk holds for a key's digest, whatever the manifest says; None where there is nothing.

        Raises:
            ValueError: a link or a special file is there.
        """
        content = self.root / kind / key[:24] / "content"
        return digests.of_value(digests.of_folder(content)) if content.is_dir() else None

    def fetch(self, key: Key, build: Build) -> Artifact:
        """The artifact, built now where it is absent. Waits while another process builds it.

        Raises:
            MissingArtifactError: it is absent and the store is read-only.
            BuildFailedError: its builder failed earlier in this run.
            NoMemoryError: memory ran out in its builder, now or earlier in this run.
        """
        found = self._known(Request(key, build))
        if found is not None:
            return found
        self._may_build(key)
        with FileLock(self._lock(key)):
            return self.find(key) or self._build(key, build)

    def _known(self, request: Request) -> Artifact | None:
        """As `find`; of an emptied one it is remembered how its files are made."""
        found = self.find(request.key)
        if found is not None and found.emptied:
            self.steps[found.digest] = request
        return found

    def fetch_all(self, requests: Iterable[Request]) -> list[Artifact]:
        """The artifacts of all requests, in order. Workers that ask for the same list share the work: each builds what
        nobody builds yet.

        Waiting starts only when every missing artifact is being built by somebody.
        """
        wanted = list(requests)
        known = [self._known(request) or self._build_if_free(request) for request in wanted]
        return [
            artifact or self.fetch(request.key, request.build) for request, artifact in zip(wanted, known, strict=True)
        ]

    def share(self, requests: Iterable[Request]) -> None:
        """Build those artifacts that are missing and that nobody builds yet, and wait for nothing. Workers with the
        same list split its work.

        A build that fails is remembered, and raised where its artifact is fetched.
        """
        for request in requests:
            try:
                if self._known(request) is None:
                    self._build_if_free(request)
            except (GreenrunError, OSError):
                continue

    def _build_if_free(self, request: Request) -> Artifact | None:
        """The artifact; None while another process builds it."""
        self._may_build(request.key)
        try:
            with FileLock(self._lock(request.key), timeout=0):
                return self.find(request.key) or self._build(request.key, request.build)
        except Timeout:
            return None

    def _may_build(self, key: Key) -> None:
        if self.read_only:
            raise MissingArtifactError(
                f"{key.kind} {key.label!r} is not in the store at {self.root} (key {key.digest[:12]}), and building is "
                "forbidden: run once without --rescore"
            )

    def _fill(self, key: Key) -> None:
        """Make again the files of the emptied artifacts that a key names: its builder will read them.

        A key holds all that its bytes depend on, so it holds the digest of each artifact that its builder reads.

        Raises:
            StoreError: what is made is not what it was.
        """
        told = digests.canonical(dict(key.inputs))
        for digest in [one for one in self.steps if one in told]:
            step = self.steps.pop(digest)
            with FileLock(self._lock(step.key)):
                if not emptied.is_so(self._folder(step.key)):
                    continue  # somebody else was first
                made = self._build(step.key, step.build)
            if made.digest != digest:
                raise StoreError(
                    f"{step.key.kind} {step.key.label!r}: made again it has other bytes ({made.digest[:12]}, it had "
                    f"{digest[:12]}), so what was made of it before does not fit any more: remove "
                    f"{self._folder(step.key)} and run again"
                )

    def _build(self, key: Key, build: Build) -> Artifact:
        self._raise_if_failed(key)
        self._fill(key)
        folder = self._folder(key)
        partial = folder.with_name(f"{folder.name}.partial")
        content = partial / "content"
        shutil.rmtree(content, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        started = time.monotonic()
        try:
            content.mkdir(parents=True)
            doing = f"building {key.kind} {key.label}".strip()
            with within(doing, self.limits.get(key.kind), self.last_word), out_of_memory.said(doing):
                build(content)
            shutil.rmtree(scratch(content), ignore_errors=True)
            write_manifest(partial, key, time.monotonic() - started)
            partial.rename(folder)
        except BaseException as error:
            # Neither Ctrl-C nor SIGTERM is a failure; only the former is never an Exception.
            failed = isinstance(error, Exception) and not isinstance(error, self.stops)
            going_on = scratch(content).is_dir() and not failed
            shutil.rmtree(content if going_on else partial, ignore_errors=True)
            if failed:
                with suppress(OSError):  # where nothing can be written any more, the builder is only asked again
                    self._remember_failure(key, error)
            if isinstance(error, OSError) and error.errno in FULL:
                raise self._no_room(key, error) from error
            raise
        built = replace(load(folder, key), reused=False)
        self.on_build(key, built)
        return built

    def _folder(self, key: Key) -> Path:
        return self.root / key.kind / key.digest[:24]

    def _lock(self, key: Key) -> Path:
        """Path of the lock file of a key, which exists from now on.

        Raises:
            StoreError: there is no room for it.
        """
        path = self._folder(key).with_name(f"{self._folder(key).name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            if error.errno in FULL:
                raise self._no_room(key, error) from error
            raise
        return path

    def _no_room(self, key: Key, error: OSError) -> StoreError:
        return StoreError(
            f"no room to write {key.kind} {key.label!r} below {self.root} ({error.strerror}): "
            "free some space or name another place with --out; nothing half-written was left"
        )

    def _remember_failure(self, key: Key, error: BaseException) -> None:
        if self.failures is not None:
            self.failures.mkdir(parents=True, exist_ok=True)
            message = f"{type(error).__name__}: {error}"
            (self.failures / key.digest[:24]).write_text(message, encoding="utf-8")

    def _raise_if_failed(self, key: Key) -> None:
        if self.failures is not None and (note := self.failures / key.digest[:24]).is_file():
            message = note.read_text(encoding="utf-8")
            short = message.startswith(f"{NoMemoryError.__name__}: ")
            failed = NoMemoryError if short else BuildFailedError
            raise failed(f"building {key.kind} {key.label!r} failed earlier in this run: {message}")
