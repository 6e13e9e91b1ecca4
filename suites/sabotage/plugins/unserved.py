"""A pytest plugin for one sabotage: vLLM is not told of the adapter, and nothing looks whether it was.

As a program it is that vLLM: `harness/engines/vllm_child.py` with the adapter left out of every request.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).resolve().parents[3] / "harness" / "engines" / "vllm_child.py"


def _serve_the_base() -> None:
    sys.path.insert(0, str(PROGRAM.parent))
    import vllm_child  # type: ignore[import-not-found]

    def _nobody(session: Any) -> None:
        return None

    vllm_child.Session.request = _nobody
    vllm_child.Session.prove_lora = _nobody
    vllm_child.main()


if __name__ == "__main__":
    _serve_the_base()
else:
    from harness.engines import vllm_engine

    vllm_engine.PROGRAM = Path(__file__)
