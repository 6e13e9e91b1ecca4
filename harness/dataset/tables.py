"""Tables by the ``datasets`` library: CSV, Parquet, Arrow, folders that it saved, and ``hf:`` data sets of its cache.

The library is imported when the first table is read. Nothing is downloaded.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.dataset import file_format
from harness.dataset.file_format import FileFormat
from harness.dataset.source import GZIP_MAGIC
from harness.errors import DataError
from harness.spec.data_place import HUB, is_hub
from harness.store import digests

Record = dict[str, Any]

_HUB_NAME = re.compile(rf"{HUB}(?P<name>[\w.-]+(/[\w.-]+)?)(:(?P<config>[\w.-]+))?(#(?P<split>[\w.-]+))?")

_BUILDERS = {file_format.CSV: "csv", file_format.PARQUET: "parquet", file_format.ARROW: "arrow"}


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of what is read: of a file's bytes, of the files of a folder, of a data set's files in the cache.

    Raises:
        DataError: an ``hf:`` data set is not in the cache.
        OSError: a file cannot be read.
        ValueError: a folder holds a link or a special file.
    """
    if is_hub(path):
        files = sorted({str(one["filename"]) for one in _cached(path).cache_files})
        return digests.of_value([digests.of_file(Path(one)) for one in files])
    return digests.of_value(digests.of_folder(path)) if path.is_dir() else digests.of_file(path)


def records(path: Path, found: FileFormat) -> Iterator[Record]:
    """The rows of a table in order.

    Raises:
        DataError: it cannot be read.
    """
    import datasets

    if found.name == file_format.HUB:
        yield from _cached(path)
        return
    try:
        if found.name == file_format.FOLDER:
            yield from datasets.load_from_disk(str(path))
        else:
            how = _of_csv(path, found) if found.name == file_format.CSV else {}
            place = glob.escape(str(path.resolve()))
            yield from datasets.load_dataset(
                _BUILDERS[found.name], data_files=place, split="train", streaming=True, **how
            )
    except DataError:
        raise
    except Exception as error:
        # pandas, Arrow and the library raise a dozen classes of their own for one thing: bytes that are no such table
        out_of_memory.refuse(error, f"reading {path}")
        said = " ".join(str(error).split()) or type(error).__name__
        problem = f"cannot be read as {found.name}: {said[:200]}; write the table again, or one JSON object a line"
        raise DataError(path, 0, problem) from error


def _of_csv(path: Path, found: FileFormat) -> dict[str, Any]:
    """Keyword arguments for reading a CSV file: every column as the text that it is, since a label 007 is no number,
    and NA is a word."""
    import datasets

    with path.open("rb") as stored:
        packed = stored.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        stored.seek(0)
        with io.TextIOWrapper(gzip.open(stored) if packed else stored, "utf-8-sig", newline="") as text:
            header = next(csv.reader(text, delimiter=found.delimiter), [])
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(path, 1, f"two columns are named {twice[0]!r}; rename one")
    columns = datasets.Features({name: datasets.Value("string") for name in header})
    return {"sep": found.delimiter, "features": columns, "keep_default_na": False, "na_values": [""],
            "encoding": "utf-8-sig"}  # fmt: skip


def _cached(path: Path) -> Any:
    """An ``hf:`` data set of the local cache.

    Raises:
        DataError: it is not there, or its split is not named.
    """
    import datasets

    said = _HUB_NAME.fullmatch(str(path))
    if said is None:
        raise DataError(path, 0, f"is no name of a data set; write {HUB}OWNER/NAME, :CONFIG and #SPLIT where needed")
    name, config, split = said["name"], said["config"], said["split"]
    if Path(name).is_dir():  # the library would take it for the name
        raise DataError(path, 0, f"names a data set, and a folder {name} lies in the working folder; run elsewhere")
    try:
        with _offline():
            found = datasets.load_dataset(name, config)
    except Exception as error:  # the library has no class of its own for most of what it misses
        out_of_memory.refuse(error, f"reading {path}")
        reason = " ".join(str(error).split())[:200]
        load = f'python -c "import datasets; datasets.load_dataset({name!r}{f", {config!r}" if config else ""})"'
        raise DataError(path, 0, f"is not in the local cache ({reason}); load it once: {load}") from error
    if split is None and len(found) == 1:
        return next(iter(found.values()))
    if split not in found:
        splits = ", ".join(f"{HUB}{name}{f':{config}' if config else ''}#{one}" for one in found)
        raise DataError(path, 0, f"{'names no split' if split is None else f'has no split {split!r}'}; one of {splits}")
    return found[split]


@contextmanager
def _offline() -> Iterator[None]:
    """Set both libraries offline for the context. They read HF_HUB_OFFLINE only when they are imported, which may have
    been earlier."""
    import datasets
    import huggingface_hub.constants as hub

    before = datasets.config.HF_HUB_OFFLINE, hub.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = hub.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, hub.HF_HUB_OFFLINE = before
