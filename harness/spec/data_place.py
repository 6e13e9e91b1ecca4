"""Where the data of a split lies: a file, a folder that the ``datasets`` library saved, or an ``hf:`` data set.

``hf:OWNER/NAME[:CONFIG][#SPLIT]`` is read from the local cache alone; nothing is downloaded by a release.
"""

from __future__ import annotations

from pathlib import Path

HUB = "hf:"
SAVED = ("state.json", "dataset_info.json")
"""Files of a folder that ``Dataset.save_to_disk`` wrote."""
SPLITS = "dataset_dict.json"
"""File of a folder that ``DatasetDict.save_to_disk`` wrote: its splits are folders below it."""

_NAMED = 5


def is_hub(path: Path) -> bool:
    return str(path).startswith(HUB)


def problem(path: Path) -> str:
    """Why no data can be read at a place, with the mend; "" where it can."""
    if is_hub(path) or path.is_file():
        return ""
    if path.is_dir():
        found = folder_problem(path)
        return f"{path} {found}" if found else ""
    return f"{path} does not exist"


def folder_problem(folder: Path) -> str:
    """Why a folder holds no data set, with the mend; "" where it does."""
    if all((folder / name).is_file() for name in SAVED):
        return ""
    if (folder / SPLITS).is_file():
        splits = sorted(path.name for path in folder.iterdir() if (path / SAVED[0]).is_file())
        return f"is a folder of splits; name one of them: {', '.join(f'{folder.name}/{name}' for name in splits)}"
    files = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not files:
        return "is a folder without files; name a data file, or a folder that save_to_disk of datasets wrote"
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return f"is a folder; name one file: it holds {', '.join(files[:_NAMED])}{more}"
