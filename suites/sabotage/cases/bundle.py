"""Sabotages of the bundle: what is packed is not what was judged."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from suites.sabotage import spec, stored
from suites.sabotage.case import Sabotage
from suites.sabotage.cases.determinism import token_changed
from suites.sabotage.subject import NoTargetError

ARCHIVES = "archives"


def _archives(content: Path) -> list[Path]:
    return sorted((content / ARCHIVES).glob("adapter_*.tar.gz"))


def _other_adapter(content: Path) -> None:
    """Put the last archive's tensors into every archive, under its own name and with true checksums."""
    from harness.releases import bundle

    archives = _archives(content)
    if len(archives) < 2:
        raise NoTargetError("the bundle holds one adapter, and there is no other to take its place")
    tensors = bundle.unpack(archives[-1], content / "unpacked")
    names = [path.name.removeprefix("adapter_").removesuffix(".tar.gz") for path in archives]
    shutil.rmtree(content / ARCHIVES)
    bundle.stage(dict.fromkeys(names, tensors), content / ARCHIVES)
    shutil.rmtree(content / "unpacked")


def _packed_again(content: Path) -> None:
    """Pack the same files into an archive of other bytes."""
    path = _archives(content)[0]
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))


def _stowaway(content: Path) -> None:
    (content / "archives" / "install.sh").write_text("exit 1\n", encoding="utf-8")


SABOTAGES = (
    Sabotage(
        "stored-archive-damaged",
        stored.damaged("bundle", "", f"{ARCHIVES}/adapter_{{candidate}}.tar.gz"),
        "bundle.archives_complete",
        f"content/{ARCHIVES}/adapter_both.tar.gz: the manifest says",
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
        spec.called_with("-p", "suites.sabotage.plugins.late"),
        "",
        "is no longer what was judged",
        verdict="incomplete",
    ),
)
