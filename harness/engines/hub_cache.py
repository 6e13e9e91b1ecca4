"""What of a hub's repository is a base, and which commits of it lie whole on this machine. No network is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.engines.checkpoint import KEPT

MORE_TEMPLATES = "additional_chat_templates/"
"""Folder of a checkpoint's named chat templates, the only one below its root that is read."""
CONFIG = "config.json"
WEIGHTS = ".safetensors"
INDEX = "*.safetensors.index.json"


def wanted(name: str) -> bool:
    """Whether a file of a repository, by its path in it, is part of the base: weights as safetensors, configuration,
    tokenizer, chat templates. What lies in folders is for other programs, and ``consolidated`` is the weights again."""
    inside = name.removeprefix(MORE_TEMPLATES)
    return "/" not in inside and inside.endswith(KEPT) and not inside.startswith("consolidated")


def missing(folder: Path) -> Iterator[str]:
    """Names of what a checkpoint cannot be without and `folder` has not: a download that was cut leaves such a one."""
    if not (folder / CONFIG).is_file():
        yield CONFIG
    shards = {shard for index in folder.glob(INDEX) for shard in _shards(index)}
    if not shards and not any(wanted(path.name) for path in folder.glob(f"*{WEIGHTS}")):
        yield f"any file of weights as {WEIGHTS}"
    yield from sorted(shard for shard in shards if not (folder / shard).is_file())


def _shards(index: Path) -> set[str]:
    try:
        return {str(name) for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {index.name}  # is there and cannot be read


def snapshots(source: str) -> Mapping[str, Path]:
    """Commit -> folder of every whole copy of a ``hf:`` or ``modelscope:`` repository in its client's cache."""
    scheme, _, repository = source.partition(":")
    place = {"hf": of_hugging_face, "modelscope": of_modelscope}[scheme](repository) / "snapshots"
    folders = sorted(folder for folder in place.glob("*") if folder.is_dir())
    return {folder.name: folder for folder in folders if not any(missing(folder)) and _listed(repository, folder)}


def of_hugging_face(repository: str) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")


def of_modelscope(repository: str) -> Path:
    """Where modelscope's client keeps a model, as it says itself (`modelscope_hub`, 0.5): it need not be installed to
    read what it once fetched."""
    cache = os.environ.get("MODELSCOPE_CACHE") or Path.home() / ".cache" / "modelscope"
    return Path(cache).expanduser() / "models" / repository.replace("/", "--")


def _listed(repository: str, folder: Path) -> bool:
    """Whether every wanted file is there that the hub listed for this commit; true where its client kept no list, as
    older ones did not. (Of modelscope `harness.fetch` writes config.json last.)"""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        tree = get_cached_repo_tree(repository, revision=folder.name)
    except CachedRepoTreeNotFoundError:
        return True
    return all((folder / file.path).is_file() for file in tree if wanted(file.path))
