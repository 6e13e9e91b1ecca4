"""Memory that was freed stays with the process that is to answer."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HELD = """
from pathlib import Path
from harness.engines.form import keep_freed

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

{call}
block = bytearray(b"x") * (96 << 20)
full = resident()
del block
print(full - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to")
@pytest.mark.parametrize(
    ("call", "given_back"), [("", True), ("keep_freed()", False)], ids=["as it is", "told to keep"]
)
def test_a_large_block_that_is_freed_is_kept_when_told(call: str, given_back: bool) -> None:
    done = subprocess.run([sys.executable, "-c", HELD.format(call=call)], capture_output=True, text=True, check=True)
    assert (int(done.stdout) > 90 << 20) == given_back
