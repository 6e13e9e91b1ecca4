"""``python -m harness.keys``: a new key pair to sign bundles with.

The private key stays with whoever releases, outside of the repository and of every folder that is uploaded; the public
one goes to the recipients by another way than the bundles.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import SignatureError
from harness.project import ROOT
from harness.releases import signature

MARKS = ("runs", "releases", "store")
"""Folders by which one that runs write to is known."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m harness.keys", description="A P-256 key pair to sign bundles with."
    )
    parser.add_argument(
        "private", type=Path, metavar="PRIVATE.pem", help="the new private key; outside of repository and out/"
    )
    parser.add_argument(
        "public", type=Path, metavar="PUBLIC.pem", nargs="?", help="default: PRIVATE.pub.pem, beside it"
    )
    given = parser.parse_args(arguments)
    private = given.private.absolute()
    public = (given.public or private.with_suffix(".pub.pem")).absolute()
    if problem := _misplaced(private):
        parser.error(problem)
    try:
        signature.make_keys(private, public)
        print(f"private key {private} (keep it secret): pytest suites/release --sign-with={private}")
        print(f"public key  {public} (for recipients): sha256 {signature.fingerprint(public)}")
    except SignatureError as error:
        parser.error(str(error))
    return 0


def _misplaced(private: Path) -> str:
    """Why a private key must not lie there; "" where it may."""
    for folder in private.resolve().parents:
        if folder == ROOT:
            return f"{private} lies in the repository, and keys get committed; name a place outside of {ROOT}"
        if sum((folder / mark).is_dir() for mark in MARKS) > 1:
            return f"{private} lies below {folder}, which runs write to and others read; name another place"
    return ""


if __name__ == "__main__":
    sys.exit(main())
