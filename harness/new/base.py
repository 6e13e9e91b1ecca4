"""The base model that a spec is written for: where it is, which bytes it has, and how long its texts are in tokens."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.engines import base_model
from harness.errors import SpecError
from harness.project import ROOT
from harness.spec.objects import Base

DEMONSTRATION = ROOT / "data" / "v3" / "release.toml"
"""Whose base is taken where none is named."""
OPTION = "--base"
SMALL = 2**30
"""Bytes of weights up to which a base is small: it learns at a higher rate."""
_SCHEMES = ("package", "path", "hf", "modelscope")


@dataclass(frozen=True, slots=True)
class Model:
    source: str
    pin: str
    tokens: Callable[[str], int]
    """Tokens of a text: counted by its tokenizer where that lies beside it, else estimated, rather too high."""
    exact: bool
    """Whether they were counted."""
    context: int | None
    """Tokens that it can read; None where nobody says."""
    small: bool
    place: Path | None
    """Its folder or GGUF file; None where it is on a hub."""


def model(given: str | None) -> Model:
    """The base that an option names: a folder or GGUF file, ``package:DIST/FILE``, ``hf:OWNER/NAME@COMMIT`` or
    ``modelscope:OWNER/NAME@COMMIT``; without one, that of the demonstration.

    Raises:
        SpecError: it is not there, or is not named whole.
    """
    if given is None:
        table = tomllib.loads(DEMONSTRATION.read_text(encoding="utf-8"))["base"]
        base = Base(table["source"], table["pin"])
        return _of_place(base, base_model.place_of(base, DEMONSTRATION))
    scheme, colon, place = given.partition(":")
    if not colon or scheme not in _SCHEMES:
        scheme, place = "path", given
    if scheme in ("hf", "modelscope"):
        name, _, commit = place.partition("@")
        if len(commit) != 40 or set(commit) - set("0123456789abcdef"):
            problem = f"{given!r} names no commit; write {scheme}:{name}@ and its 40 hex digits: branches and tags move"
            raise SpecError(OPTION, "", problem)
        return Model(f"{scheme}:{name}", f"revision:{commit}", _estimate, False, None, False, None)
    source = f"path:{Path(place).resolve()}" if scheme == "path" else given
    found = base_model.place_of(Base(source, ""), OPTION)
    return _of_place(Base(source, f"sha256:{base_model.content(found)}"), found)


def _of_place(base: Base, place: Path) -> Model:
    weights = [place] if place.is_file() else [*place.glob("*.safetensors"), *place.glob("*.bin")]
    small = sum(path.stat().st_size for path in weights) <= SMALL
    tokenizer = place / "tokenizer.json"
    if not place.is_dir() or not tokenizer.is_file():
        return Model(base.source, base.pin, _estimate, False, None, small, place)
    from tokenizers import Tokenizer

    counted = Tokenizer.from_file(str(tokenizer))
    return Model(base.source, base.pin, lambda text: len(counted.encode(text).ids), True, _context(place), small, place)


def _context(folder: Path) -> int | None:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = (config.get("text_config") or config).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, int) and found > 0 else None


def _estimate(text: str) -> int:
    """A token for three letters of English, and one for each byte of other scripts: no tokenizer in use has more."""
    plain = sum(character.isascii() for character in text)
    return plain // 3 + len(text.encode("utf-8", "replace")) - plain + 1
