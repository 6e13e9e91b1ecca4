"""Sabotages of the bundle: what is packed is not what was judged."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from suites.selftest.sabotage import spec, stored
from suites.selftest.sabotage.case import Sabotage
from suites.selftest.sabotage.determinism import token_changed

ARCHIVE = "archives/adapter_both.tar.gz"


def _other_adapter(content: Path) -> None:
    """The archive of the candidate holds the sea's tensors, under the candidate's name and true checksums."""
    from harness import bundle

    archives = content / "archives"
    folders = {
        "both": bundle.unpack(archives / "adapter_sea.tar.gz", content / "x"),
        "sea": bundle.unpack(archives / "adapter_sea.tar.gz", content / "y"),
    }
    shutil.rmtree(archives)
    bundle.stage(folders, archives)
    for name in ("x", "y"):
        shutil.rmtree(content / name)


def _packed_again(content: Path) -> None:
    """The same files in other bytes."""
    path = content / ARCHIVE
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))


def _stowaway(content: Path) -> None:
    (content / "archives" / "install.sh").write_text("exit 1\n", encoding="utf-8")


SABOTAGES = (
    Sabotage(
        "stored-archive-damaged",
        stored.damaged("bundle", "", ARCHIVE),
        "bundle.archives_complete",
        f"content/{ARCHIVE}: the manifest says",
    ),
    Sabotage(
        "archive-of-another-adapter",
        stored.forged("bundle", "", _other_adapter),
        "bundle.archives_complete",
        "adapter_both.tar.gz unpacks to other files than the adapter's",
    ),
    Sabotage(
        "archive-packed-again",
        stored.forged("bundle", "", _packed_again),
        "bundle.checksums_ok",
        "adapter_both.tar.gz has sha256",
    ),
    Sabotage(
        "stowaway-in-the-bundle",
        stored.forged("bundle", "", _stowaway),
        "bundle.checksums_ok",
        "'install.sh' is not listed",
    ),
    Sabotage(
        "judged-answers-are-another-adapter's",
        token_changed(drawn=False),
        "bundle.answers_equal",
        "other answers to sea-benchmark-0",
    ),
    Sabotage(
        "archive-changed-after-its-gates",
        spec.called_with("-p", "suites.selftest.sabotage.late"),
        "",
        "is no longer what was judged",
        verdict="incomplete",
    ),
)
