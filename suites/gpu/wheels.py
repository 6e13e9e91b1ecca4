"""Wheels in folders that each fit a small transfer, and their installation on a machine without a package index."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

from harness.errors import GreenrunError
from suites.gpu import sums

STAYS = frozenset({"pandas", "pyarrow", "scipy"})
"""Packages that most machines have, and that are kept there in any version: other libraries were compiled against
them, and they are large."""

_LIMIT = 90
"""Time limit of the installation, in seconds."""


class WheelError(GreenrunError):
    """Raised when wheels cannot be packed or installed; names the wheel or says what pip said."""


def canonical(name: str) -> str:
    """A package's name in its canonical spelling, for comparing names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(wheel: Path) -> tuple[str, str]:
    """Package and version that a wheel's file name says."""
    name, version = wheel.name.split("-")[:2]
    return canonical(name), version


def pack(source: Path, folder: Path, most: int) -> list[Path]:
    """Move the wheels of `source` into ``part-1``, ``part-2``, ... below `folder`, at most `most` bytes in each.

    What most machines have comes last, in parts of its own that may stay behind.

    Raises:
        WheelError: a wheel alone is larger.
    """
    found = sorted(source.glob("*.whl"), key=lambda path: (-path.stat().st_size, path.name))
    needed = [wheel for wheel in found if named(wheel)[0] not in STAYS]
    parts = _filled(needed, most) + _filled([wheel for wheel in found if wheel not in needed], most)
    shutil.rmtree(folder, ignore_errors=True)
    made = []
    for number, part in enumerate(parts, 1):
        made.append(folder / f"part-{number}")
        made[-1].mkdir(parents=True)
        for wheel in part:
            shutil.move(wheel, made[-1] / wheel.name)
        sums.write(made[-1])
    return made


def _filled(found: Sequence[Path], most: int) -> list[list[Path]]:
    """Wheels in parts: the largest first, each into the first part that has room."""
    parts: list[list[Path]] = []
    for wheel in found:
        if wheel.stat().st_size > most:
            raise WheelError(f"{wheel.name} has {wheel.stat().st_size} bytes, a part holds at most {most}")
        for part in parts:
            if sum(one.stat().st_size for one in [*part, wheel]) <= most:
                part.append(wheel)
                break
        else:
            parts.append([wheel])
    return parts


def packed(folder: Path) -> dict[str, str]:
    """Package -> version of the wheels in parts below `folder`, every part verified.

    Raises:
        PartError: a wheel is missing or spoilt.
    """
    return dict(named(wheel) for part in _parts(folder) for wheel in sums.verified(part))


def install_lacking(folder: Path, site: Path) -> list[str]:
    """Install the wheels below `folder` that this Python lacks, or has in another version, into `site`.

    What is there already stays where it is; `site` goes before it on the path.

    Returns:
        the names of what was installed.

    Raises:
        PartError: a wheel is missing or spoilt; nothing was installed.
        WheelError: pip refused.
    """
    there = {canonical(one.name): one.version for one in distributions() if one.name}
    brought = {canonical(one.name): one.version for one in distributions(path=[str(site)]) if one.name}
    found = [wheel for part in _parts(folder) for wheel in sums.verified(part)]
    lacking = [wheel for wheel in found if _is_lacking(*named(wheel), {**there, **brought})]
    if lacking:
        _pip_install(lacking, site)
    return sorted(named(wheel)[0] for wheel in lacking)


def _is_lacking(name: str, version: str, there: Mapping[str, str]) -> bool:
    return name not in there if name in STAYS else there.get(name) != version


def _pip_install(wheels: list[Path], site: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    command += ["--upgrade", "--no-cache-dir", "--disable-pip-version-check", "--target", str(site), *map(str, wheels)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT)
    except subprocess.TimeoutExpired as hung:
        raise WheelError(f"pip was still at work on {len(wheels)} wheels after {_LIMIT} s") from hung
    if done.returncode != 0:
        raise WheelError(f"pip did not install {len(wheels)} wheels into {site}: {done.stderr.strip()[-500:]}")


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*"))
