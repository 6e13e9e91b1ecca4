"""The packages to bring to a bare machine: the project's own requirements and their dependencies, in the pinned
versions.

The list is read from pyproject.toml and from what is installed here, so that it cannot fall behind either.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.errors import GreenrunError
from harness.project import ROOT

THERE = ("torch", "numpy")
"""Packages of the machine that stay, with all that only they need: a CUDA build of torch is too large to bring, and
compiled packages there fit its numpy. transformers is brought though most machines have one: from the same GGUF file
5.17 reads another end token than 5.23, and no padding token, so it would load another model than the released one."""

EXTRAS = ("trl", "gpu")
"""Extras that travel as well: the trainer for cards, and the driver's own account of a card's memory."""

PYTHON = "3.12"
_MACHINE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
}


class UnpinnedError(GreenrunError):
    """Raised when a package that must travel has no version in constraints.txt."""


def wanted(root: Path = ROOT) -> dict[str, str]:
    """Package -> version of all that must travel, sorted by name.

    Raises:
        UnpinnedError: one of them is not pinned.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    names = _closure([*project["dependencies"], *(name for one in EXTRAS for name in extras.get(one, ()))])
    pins = _pins((root / "constraints.txt").read_text(encoding="utf-8"))
    if unpinned := sorted(names - pins.keys()):
        raise UnpinnedError(f"constraints.txt names no version of {', '.join(unpinned)}: add one a line, NAME==VERSION")
    return {name: pins[name] for name in sorted(names)}


def _closure(names: Iterable[str]) -> set[str]:
    """Canonical names of packages and of all that they need on the machine, however deep, but for what is there."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        requirement = waiting.pop()
        extras = tuple(sorted(requirement.extras))
        key = (canonicalize_name(requirement.name), extras)
        if key[0] not in THERE and key not in seen:
            seen.add(key)
            waiting.extend(_needs(requirement.name, extras))
    return {name for name, _ in seen}


def _needs(name: str, extras: tuple[str, ...]) -> Iterable[Requirement]:
    try:
        found = [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:
        return []  # of another platform; what is needed and not here stops the pins above
    return [one for one in found if one.marker is None or any(one.marker.evaluate(_with(e)) for e in ("", *extras))]


def _with(extra: str) -> dict[str, str]:
    return {**_MACHINE, "extra": extra}


def _pins(constraints: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)$", constraints, re.M)}
