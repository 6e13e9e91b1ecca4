"""Fetch from ModelScope by its own client, `modelscope_hub`, which goes on with a file that was cut."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.engines import hub_cache
from harness.errors import FetchError
from harness.fetch import copy
from harness.fetch.copy import Copy, RemoteFile, Say
from harness.text import amount

TOKEN = "MODELSCOPE_API_TOKEN"
PLACE = "name another place with MODELSCOPE_CACHE"
DEFAULT_BRANCH = "master"
HEX = frozenset("0123456789abcdef")


def fetch(repository: str, revision: str | None, say: Say) -> Copy:
    """A whole copy in the client's cache, of the commit that `revision` is at now.

    Raises:
        FetchError: one sentence, whatever is in the way.
    """
    source, asked = f"modelscope:{repository}", revision or DEFAULT_BRANCH
    hub = _client()
    with _told(repository, asked, hub):
        api = hub.HubApi()
        listed = api.legacy.list_repo_files(repository, "model", revision=asked)
        commit = _commit(source, asked, listed)
        if commit != asked:
            at_commit = api.legacy.list_repo_files(repository, "model", revision=commit)
            if _bytes(source, at_commit) != _bytes(source, listed):
                raise FetchError(f"{source}: the commit that {asked!r} is at cannot be told: {_NAME_ONE}")
            listed = at_commit
        files = _bytes(source, listed)
        folder = hub_cache.of_modelscope(repository) / "snapshots" / commit
        absent = [file for file in files if not (folder / file.path).exists()]
        needed = sum(file.size - _begun(folder / file.path) for file in absent)
        copy.require_room(source, needed, folder, PLACE)
        if absent:
            say(f"{source} at {commit}: {amount.of_bytes(sum(file.size for file in absent))} in {len(absent)} files")
        names = {file.path for file in files}
        entries = [entry for entry in listed if entry.get("Path") in names]
        # The configuration comes last: a folder that has one is whole (`harness.engines.hub_cache`).
        for last in (False, True):
            part = [entry for entry in entries if (entry["Path"] == hub_cache.CONFIG) is last]
            api.download_repo(repository, "model", revision=commit, local_dir=folder, file_list=part)
        return Copy(commit, folder)


_NAME_ONE = "put the commit that the hub's page shows into the spec, revision: and its 40 digits"


def _commit(source: str, revision: str, listed: Sequence[Mapping[str, Any]]) -> str:
    """The newest commit that a listing names, or the revision itself where it is a commit.

    The client has no call that resolves a revision. Each file's entry names the commit that last changed it, so the
    newest of these has the same files, but for some that were deleted since.

    Raises:
        FetchError: none is named.
    """
    if _is_commit(revision):
        return revision
    named = [entry for entry in listed if _is_commit(str(entry.get("Revision", "")))]
    if not named:
        raise FetchError(f"{source}: the hub does not say which commit {revision!r} is at: {_NAME_ONE}")
    return str(max(named, key=lambda entry: int(entry.get("CommittedDate") or 0))["Revision"])


def _is_commit(text: str) -> bool:
    return len(text) == 40 and set(text) <= HEX


def _bytes(source: str, listed: Sequence[Mapping[str, Any]]) -> list[RemoteFile]:
    blobs = (entry for entry in listed if entry.get("Type") != "tree")
    files = (RemoteFile(str(one["Path"]), int(one.get("Size") or 0), str(one.get("Sha256") or "")) for one in blobs)
    return copy.base_files(source, files)


def _begun(path: Path) -> int:
    """Bytes of a file that an earlier transfer left: the client's name for them."""
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}.incomplete"))


def _client() -> Any:
    try:
        hub = importlib.import_module("modelscope_hub")
    except ModuleNotFoundError as error:
        raise FetchError("modelscope: needs its client: pip install -c constraints.txt modelscope-hub") from error
    logging.getLogger("modelscope_hub").setLevel(logging.CRITICAL)  # it logs an error for each file
    return hub


@contextmanager
def _told(repository: str, revision: str, hub: Any) -> Iterator[None]:
    """The client's errors as one sentence each.

    Raises:
        FetchError
    """
    errors = importlib.import_module("modelscope_hub.errors")
    source, page = f"modelscope:{repository}", f"{hub.HubConfig().endpoint}/models/{repository}"
    try:
        yield
    except errors.FileDownloadError as error:
        first = next(iter(error.failed_files.values()))
        if isinstance(first, (errors.PermissionDeniedError, errors.AuthenticationError)):
            raise copy.gated(source, page, TOKEN) from error
        raise copy.stopped(source, first, PLACE) from error
    except (errors.PermissionDeniedError, errors.AuthenticationError) as error:
        raise copy.gated(source, page, TOKEN) from error
    except errors.NotExistError as error:
        raise _absent(source, page, revision, hub, repository) from error
    except (errors.HubError, OSError) as error:
        raise copy.stopped(source, error, PLACE) from error


def _absent(source: str, page: str, revision: str, hub: Any, repository: str) -> FetchError:
    """Whether it is the repository that is not there, or the revision."""
    try:
        hub.HubApi().legacy.get_repo_info(repository, "model")
    except Exception:
        return copy.no_repository(source, page, TOKEN)
    return copy.no_revision(source, revision)
