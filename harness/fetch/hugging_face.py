"""Fetch from a Hugging Face hub by its own client, `huggingface_hub`, and go on with a file that was cut.

That client (2.4) deletes what it has of a file when a transfer fails, which at 5 GB a file is an evening's work. So
large files are brought into its cache first, under the name that it looks for, their SHA-256, and it finds them.
"""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.engines import hub_cache
from harness.errors import FetchError
from harness.fetch import copy
from harness.fetch.copy import Copy, RemoteFile, Say
from harness.store import digests
from harness.text import amount

TOKEN = "HF_TOKEN"
PLACE = "name another place with HF_HOME"
UNFINISHED = ".part"
"""Ending of a blob that has not arrived whole."""


def fetch(repository: str, revision: str | None, say: Say) -> Copy:
    """A whole copy in the client's cache, of the commit that `revision` is at now.

    Raises:
        FetchError: one sentence, whatever is in the way.
    """
    from huggingface_hub import HfApi, constants, snapshot_download

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it warns of every retry
    source = f"hf:{repository}"
    with _told(repository, revision):
        info = HfApi().model_info(repository, revision=revision, files_metadata=True)
        commit = str(info.sha)
        files = copy.base_files(source, map(_file, info.siblings or ()))
        place = hub_cache.of_hugging_face(repository)
        blobs = place / "blobs"
        absent = [file for file in files if not _there(file, blobs, place / "snapshots" / commit)]
        copy.require_room(source, sum(file.size - _begun(file, blobs) for file in absent), place, PLACE)
        if absent:
            say(f"{source} at {commit}: {amount.of_bytes(sum(file.size for file in absent))} in {len(absent)} files")
        for file in absent:
            if file.sha256 and file.size <= constants.MAX_HTTP_DOWNLOAD_SIZE:  # larger ones the client alone can bring
                _bring(repository, commit, file, blobs)
        names = [glob.escape(file.path) for file in files]
        return Copy(commit, Path(snapshot_download(repository, revision=commit, allow_patterns=names)))


def _file(sibling: Any) -> RemoteFile:
    return RemoteFile(sibling.rfilename, sibling.size or 0, sibling.lfs.sha256 if sibling.lfs else "")


def _there(file: RemoteFile, blobs: Path, snapshot: Path) -> bool:
    return (snapshot / file.path).exists() or bool(file.sha256 and (blobs / file.sha256).exists())


def _begun(file: RemoteFile, blobs: Path) -> int:
    """Bytes of it that an earlier transfer left."""
    part = blobs / f"{file.sha256}{UNFINISHED}"
    return part.stat().st_size if file.sha256 and part.exists() else 0


def _bring(repository: str, commit: str, file: RemoteFile, blobs: Path) -> None:
    """Bring one file into the cache's blobs, going on where an earlier call stopped, and prove it by its SHA-256.

    Raises:
        FetchError: all of it arrived, and it is not what the hub lists.
    """
    from filelock import FileLock
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, and not in its __all__

    part, whole = blobs / f"{file.sha256}{UNFINISHED}", blobs / file.sha256
    locks = blobs.parent.parent / ".locks" / blobs.parent.name  # where the client has its own
    for folder in (blobs, locks):
        folder.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{part.name}.lock"):
        if whole.exists():  # brought by another process meanwhile
            return
        with part.open("ab") as stream:
            http_get(
                hf_hub_url(repository, file.path, revision=commit),
                stream,
                resume_size=stream.tell(),
                headers=build_hf_headers(),
                expected_size=file.size,
                displayed_filename=file.path,
            )
        if digests.of_file(part) != file.sha256:
            part.unlink()
            raise FetchError(f"hf:{repository}: {file.path} arrived with other bytes than the hub lists: fetch again")
        part.rename(whole)


@contextmanager
def _told(repository: str, revision: str | None) -> Iterator[None]:
    """The client's many errors as one sentence each.

    Raises:
        FetchError
    """
    from httpx2 import HTTPError
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    source, page = f"hf:{repository}", f"{constants.ENDPOINT}/{repository}"
    try:
        yield
    except HFValidationError as error:
        raise FetchError(f"{source}: {str(error).splitlines()[0]}") from error
    except OfflineModeIsEnabled as error:
        raise FetchError(f"{source} cannot be asked for while HF_HUB_OFFLINE is set: fetch without it") from error
    except GatedRepoError as error:
        raise copy.gated(source, page, TOKEN) from error
    except RepositoryNotFoundError as error:
        raise copy.no_repository(source, page, TOKEN) from error
    except RevisionNotFoundError as error:
        raise copy.no_revision(source, revision or "main") from error
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise copy.gated(source, page, TOKEN) from error
        raise copy.stopped(source, error, PLACE) from error
    except (HTTPError, OSError) as error:
        raise copy.stopped(source, error, PLACE) from error
