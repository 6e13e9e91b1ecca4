"""Fetch several specs one after the other in this process, as ``python -m harness.fetch`` would each.

Clients read their environment when they are imported, so it has to be set before: a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

from harness.engines import base_model
from harness.fetch.__main__ import main
from harness.spec import load

CHUNK = 2**16
"""Bytes that huggingface_hub writes at once here: its own 10 MB are more than the tiny weights, and what had not filled
a chunk when the connection went is lost."""


def run(words: list[str]) -> list[object]:
    """Status, output and errors of a fetch; or, after ``locate``, where the base of a spec lies, as it is said."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        if words[0] == "locate":
            try:
                print(base_model.locate(load.load(Path(words[1]))))
                status = 0
            except Exception as error:
                print(error, file=sys.stderr)
                status = 1
        else:
            status = main(words)
    return [status, out.getvalue(), errors.getvalue()]


if __name__ == "__main__":
    from huggingface_hub import constants

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    print(json.dumps([run(step.split()) for step in sys.argv[1:]]))
