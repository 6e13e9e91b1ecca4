"""``python -m harness.new DATA... --out=DIR``: look at a person's data, say what was seen, and write a release."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import GreenrunError
from harness.new import base, given_adapter, rows, written
from harness.new.drafting import draft
from harness.new.screen import screen
from harness.report.escape import clean

REFUSED = 2
"""Exit status where nothing was written."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m harness.new", description="Look at data and write a release spec for it, with its splits."
    )
    made.add_argument("data", nargs="+", type=Path, metavar="DATA", help="files, datasets folders, hf:OWNER/NAME")
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write; not there yet")
    made.add_argument(
        base.OPTION,
        metavar="MODEL",
        help="a checkpoint folder, package:DIST/FILE.gguf or hf:OWNER/NAME@COMMIT; default: the demonstration's",
    )
    made.add_argument("--adapter", metavar="[NAME=]DIR", help="an adapter trained elsewhere, to be judged")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    out = given.out.absolute()
    try:
        written.check_free(out)
        adapter = given_adapter.read(given.adapter)
        files = [rows.read(path) for path in dict.fromkeys(given.data)]
        made = draft(files, base.model(given.base), adapter, out.name)
        found = written.write(made, out)
    except (GreenrunError, OSError) as error:
        print(clean(str(error)), file=sys.stderr)
        return REFUSED
    for line in screen(made, found, given.out):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
