"""What of a node results depend on, as JSON: ``python -m harness.jobs.cluster.facts THREADS``."""

from __future__ import annotations

import json
import sys
from typing import Any

from harness.engines import form, processor
from harness.jobs.cluster import order


def here(threads: int) -> dict[str, Any]:
    """``machine``, ``bfloat16``, the ``versions`` that must be those of the run, and a digest of each of the project's
    ``files``."""
    return {
        "machine": form.machine(threads),
        "bfloat16": processor.multiplies_bfloat16(),
        "versions": order.versions(),
        "files": order.files(),
    }


if __name__ == "__main__":
    print(json.dumps(here(int(sys.argv[1]))))
