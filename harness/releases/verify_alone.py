#!/usr/bin/env python3
"""Is this folder the bundle that SHA256SUMS.txt describes? Exit status 0: yes; 1: no, and why; 2: nobody could look.

    python3 verify.py [FOLDER]

One file that needs nothing but Python 3.9 or later. It compares the exact set of files and their SHA-256 sums: what is
missing, extra, renamed, cut short or changed is named. Sums that somebody wrote anew fit whatever they list: where the
bundle came from is shown by its signature, and what its verdict rests on by `pytest suites/verify`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator

SUMS = "SHA256SUMS.txt"
SIGNATURE = "model.sig"
LINE = re.compile(r"([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._-]*)")


def problems(folder: str) -> Iterator[str]:
    """What is wrong with a bundle, a text each, without end of line; none where it is what its sums say."""
    present = set()
    for entry in sorted(os.listdir(folder)):
        mode = os.lstat(os.path.join(folder, entry)).st_mode
        if stat.S_ISREG(mode):
            present.add(entry)
        else:
            yield f"{entry!r} is not a regular file; a bundle is a flat folder of them"
    if SUMS not in present:
        yield f"{SUMS} is missing, so nothing can be checked"
        return
    listed: dict[str, str] = {}
    with open(os.path.join(folder, SUMS), "rb") as stream:
        lines = stream.read().decode("ascii", "backslashreplace").splitlines()
    for number, line in enumerate(lines, 1):
        match = LINE.fullmatch(line)
        if match is None:
            yield f"{SUMS}:{number}: not '<sha256>  <plain name>', as sha256sum writes it"
        elif match.group(2) in listed or match.group(2) in (SUMS, SIGNATURE):
            yield f"{SUMS}:{number}: {match.group(2)} is listed twice, or has no place in the list"
        else:
            listed[match.group(2)] = match.group(1)
    if not listed:
        yield f"{SUMS} lists no file"
    for name in sorted(set(listed) - present):
        yield f"{name} is listed in {SUMS} and not there"
    for name in sorted(present - set(listed) - {SUMS, SIGNATURE}):
        yield f"{name!r} is not listed in {SUMS}"
    for name in sorted(set(listed) & present):
        found = digest(os.path.join(folder, name))
        if found != listed[name]:
            yield f"{name} has sha256 {found[:12]}, {SUMS} says {listed[name][:12]}; transfer it again"


def digest(path: str) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    found = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            found.update(piece)
    return found.hexdigest()


def main(arguments: list[str]) -> int:
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print("usage: python3 verify.py [FOLDER]; without FOLDER, the one that verify.py lies in")
        return 2
    folder = arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__))
    try:
        found = list(problems(folder))
    except OSError as error:
        print(f"cannot be looked at: {error}")
        return 2
    for text in found:
        print(text)
    told = "" if SIGNATURE not in os.listdir(folder) else f"; {SIGNATURE} was not looked at"
    print(f"refused: {folder}" if found else f"verified: the files are those of {SUMS}{told}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
