"""Fetch a release's base: ``python -m harness.fetch SPEC``. Says which commit came, and the pin that the spec lacks."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.engines import base_model, hub_cache
from harness.errors import FetchError, GreenrunError, SpecError
from harness.fetch import hugging_face, modelscope
from harness.fetch.copy import Copy, Say
from harness.spec import load
from harness.spec.base import Base

HUBS = {"hf": hugging_face.fetch, "modelscope": modelscope.fetch}
_NAME = re.compile(r"[\w.-]+/[\w.-]+")
PIN = "base.pin"
UNPINNED = f"sha256:{64 * '0'}"
"""A pin that nothing has: whoever wrote it has not seen the bytes yet."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 where the base is whole on this machine and what the spec pins; else 1, and one sentence why."""
    parser = argparse.ArgumentParser(prog="python -m harness.fetch", description=__doc__)
    parser.add_argument("spec", type=Path, nargs="?", default=Path("data/v3/release.toml"), help="the release spec")
    spec: Path = parser.parse_args(arguments).spec
    if not sys.stderr.isatty():  # bars are for people; clients read this when they are imported
        os.environ.update(TQDM_DISABLE="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
    try:
        for line in fetched(spec, _say):
            _say(line)
    except GreenrunError as error:
        print(error if isinstance(error, SpecError) else f"{spec}: base.source: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: fetch again, and it goes on where it stopped", file=sys.stderr)
        return 130
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def fetched(spec: Path, say: Say) -> Iterator[str]:
    """Bring the base of a spec here; what to tell of it, line by line.

    Args:
        say: told what is going on meanwhile.

    Raises:
        SpecError, FetchError: with the mend.
    """
    base = base_of(spec)
    scheme, _, repository = base.source.partition(":")
    if scheme not in HUBS:
        yield f"{base.source}: nothing to fetch, a {scheme} is read where it is"
        return
    if not _NAME.fullmatch(repository):
        raise FetchError(f"{base.source} names no repository: it is {scheme}:OWNER/NAME, and the pin says which commit")
    kind, _, pinned = base.pin.partition(":")
    here = hub_cache.snapshots(base.source).get(pinned)
    if here is None:
        copied = HUBS[scheme](repository, pinned if kind == "revision" else None, say)
    else:  # no network is asked for what a commit pins and is whole already
        copied = Copy(pinned, here)
    if lacking := list(hub_cache.missing(copied.folder)):
        raise FetchError(f"{base.source} at {copied.commit} cannot be read as a base: it has not {', '.join(lacking)}")
    yield f"{base.source} at {copied.commit} is whole: {copied.folder}"
    yield from _pin(spec, base, copied)


def _pin(spec: Path, base: Base, copied: Copy) -> Iterator[str]:
    """The line that pins what came, where the spec has another.

    Raises:
        SpecError: the spec pins other bytes.
    """
    kind, _, pinned = base.pin.partition(":")
    if kind == "sha256" and base.pin != UNPINNED:
        found = base_model.content(copied.folder, hub_cache.wanted)
        if found != pinned:
            raise SpecError(
                spec,
                PIN,
                f"{base.source} at {copied.commit} has sha256 {found}, the spec pins {pinned}; where that commit is "
                f'meant, put pin = "revision:{copied.commit}" there',
            )
    elif pinned != copied.commit:
        yield f'put it into {spec}, [base]: pin = "revision:{copied.commit}"'


def base_of(spec: Path) -> Base:
    """``[base]`` of a spec, which may still lack its pin or name a branch or a tag there, and nothing else.

    Raises:
        SpecError: anything else is wrong in it.
    """
    try:
        return load.load(spec).base
    except SpecError as error:
        if any(key != PIN for key, _ in error.told):
            raise
        base = tomllib.loads(spec.read_text(encoding="utf-8"))["base"]
        pin = str(base.get("pin") or UNPINNED)
        if not pin.startswith(("revision:", UNPINNED)):
            raise
        return Base(str(base["source"]), pin)


if __name__ == "__main__":
    sys.exit(main())
