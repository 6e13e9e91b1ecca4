"""Fetch and split what a bare CUDA machine needs: ``python -m suites.gpu.prepare``, which is ``make gpu``.

Below `.gpu` it leaves ``wheels/part-1``, ... and ``model/part-1``, ..., each small enough for one transfer. What is
there and whole is not fetched again. Nothing is installed here.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.engines import base_model
from harness.errors import GreenrunError
from harness.project import ROOT
from harness.spec import load
from suites.gpu import model_parts, wheels
from suites.gpu.sums import PartError
from suites.gpu.wanted import PYTHON, wanted
from suites.gpu.wheels import WheelError

MIB = 2**20
MOST = 60 * MIB
"""Bytes of a part: with the working tree it stays below 64 MiB."""

GLIBC = (39, 38, 37, 36, 35, 34, 31, 28, 27, 24, 17, 12, 5)
"""Minor versions that wheels for Linux are built against; pip takes no older one for a newer one by itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make gpu", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / ".gpu", help="the folder to fill; default .gpu")
    parser.add_argument(
        "--release", type=Path, default=ROOT / "data" / "v3" / "release.toml", help="whose base to split"
    )
    given = parser.parse_args(arguments)
    try:
        print(fetch(wanted(), given.to / "wheels"))
        print(split_model(given.release, given.to / "model"))
    except GreenrunError as error:
        print(f"make gpu: {error}", file=sys.stderr)
        return 1
    print("ready; docs/gpu.md says how to run it")
    return 0


def fetch(packages: Mapping[str, str], folder: Path) -> str:
    """Have the wheels of `packages` (name -> version) in parts below `folder`; returns what was done, in words.

    Raises:
        WheelError: pip could not fetch them.
    """
    if _whole(folder) == dict(packages):
        return f"{folder}: {len(packages)} wheels are there already{_sizes(folder)}"
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _download([f"{name}=={version}" for name, version in packages.items()], partial)
        wheels.pack(partial, folder, MOST)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return f"{folder}: fetched {len(packages)} wheels{_sizes(folder)}"


def split_model(release: Path, folder: Path) -> str:
    """Have the base of a release in parts below `folder`; returns what was done, in words.

    Raises:
        SpecError: the base is not there, or not the pinned one.
        WheelError: it is no single file.
    """
    spec = load.load(release)
    source = base_model.locate(spec)
    if not source.is_file():
        raise WheelError(f"{release}: base.source is the folder {source}; only a base that is one file can be split")
    if model_parts.sha256(folder) == spec.base.pin.removeprefix("sha256:"):
        return f"{folder}: {source.name} is there already{_sizes(folder)}"
    model_parts.split(source, folder, MOST)
    return f"{folder}: split {source.name}{_sizes(folder)}"


def _whole(folder: Path) -> dict[str, str] | None:
    try:
        return wheels.packed(folder)
    except PartError:
        return None


def _download(requirements: Sequence[str], folder: Path) -> None:
    """Bring a wheel of each; one that its index has as source alone is built here, where it is Python alone."""
    left = list(requirements)
    while (done := _pip("download", *_FOR_THERE, "--dest", str(folder), *left)).returncode != 0:
        absent = _NO_WHEEL.search(done.stderr)
        source = next((one for one in left if absent and one.partition("==")[0] == absent[1].partition("==")[0]), None)
        if source is None or not _built(source, folder):
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
            cause = "no package index was reached" if "Retrying (" in done.stderr else "pip found no such wheel"
            raise WheelError(
                f"{cause} ({' '.join(said or done.stderr.splitlines()[-1:])[:500]}); `make gpu` needs pip's index "
                f"once, and there a wheel of each package for Python {PYTHON} on Linux x86-64, or Python source alone"
            )
        left.remove(source)


def _built(requirement: str, folder: Path) -> bool:
    """Whether a wheel for any machine could be built of the package's source."""
    before = set(folder.glob("*.whl"))
    if _pip("wheel", "--wheel-dir", str(folder), requirement).returncode != 0:
        return False
    made = set(folder.glob("*.whl")) - before
    for wheel in made:
        if not wheel.name.endswith("-none-any.whl"):
            wheel.unlink()  # for this machine alone
    return any(wheel.exists() for wheel in made)


def _pip(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps")
    return subprocess.run(
        [sys.executable, "-m", "pip", command, *quiet, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


_PLATFORMS = (*(f"manylinux_2_{minor}_x86_64" for minor in GLIBC), "manylinux2014_x86_64", "manylinux1_x86_64")
_FOR_THERE = (
    *("--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"),
    *("--abi", f"cp{PYTHON.replace('.', '')}", "--abi", "abi3", "--abi", "none"),
    *(part for platform in _PLATFORMS for part in ("--platform", platform)),
)
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


def _sizes(folder: Path) -> str:
    return "".join(
        f"\n  {part.name}: {sum(path.stat().st_size for path in part.iterdir()) / MIB:.1f} MiB"
        for part in sorted(folder.glob("part-*"))
    )


if __name__ == "__main__":
    sys.exit(main())
