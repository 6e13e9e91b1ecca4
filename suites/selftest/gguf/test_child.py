"""A tool's process that misbehaves: it is ended with all its children, and its end is named with what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.engines import native
from harness.errors import NoMemoryError
from harness.project import ROOT


def sh(script: str, seconds: float = 20.0) -> native.Ended:
    return native.run(["sh", "-c", script], seconds)


def test_a_good_end_keeps_output_status_time_and_memory() -> None:
    ended = sh("echo out; echo err >&2; sleep 0.3")

    assert ended.ok
    assert (ended.out, ended.err, ended.status) == ("out\n", "err\n", 0)
    assert 0 < ended.seconds < 20
    assert ended.peak > 100_000


def test_a_large_parent_is_not_counted_to_its_child() -> None:
    held = b"x" * (300 * 2**20)

    ended = sh("sleep 0.3")

    assert len(held) > 30 * ended.peak > 0


def test_standard_input_is_empty() -> None:
    assert sh("cat; echo end").out == "end\n"


def test_a_failure_shows_status_and_the_last_lines_of_its_errors() -> None:
    ended = sh("for i in 1 2 3 4 5 6 7 8 9; do echo line $i >&2; done; exit 3")

    assert "sh ended with status 3" in ended.explain()
    assert "line 9" in ended.explain()
    assert "line 1\n" not in ended.explain()


def test_a_tool_that_says_it_had_no_memory_fails_for_that() -> None:
    short = native.failed("quantizing", sh("echo failed to allocate CPU buffer of size 12 >&2; exit 1"))
    other = native.failed("quantizing", sh("echo no such type >&2; exit 1"))
    assert (type(short), type(other)) == (NoMemoryError, native.ChildError)
    assert "failed to allocate CPU buffer of size 12" in str(short)


def test_a_child_that_prints_nothing_is_explained_without_lines() -> None:
    assert sh("exit 4").explain().count("\n") == 0


def test_a_child_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = sh(f"sleep 300 & echo $! > {tmp_path}/grandchild; sleep 300", seconds=1.0)

    assert ended.timed_out
    assert not ended.ok
    assert time.monotonic() - began < 10
    assert "still at work after its limit of 1 s and was killed with all its children" in ended.explain()
    assert_gone(int((tmp_path / "grandchild").read_text()))


def test_what_a_child_leaves_behind_is_killed_when_it_ends(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = sh(f"sleep 300 & echo $! > {tmp_path}/grandchild")

    assert ended.ok
    assert time.monotonic() - began < 10
    assert_gone(int((tmp_path / "grandchild").read_text()))


def test_a_child_that_floods_is_killed_and_little_of_it_is_kept() -> None:
    ended = native.run(["yes", "y" * 1000], 60.0)

    assert ended.flooded
    assert not ended.ok
    assert len(ended.out) < 3 * native.KEPT
    assert "prints without end" in ended.explain()


def test_of_long_output_beginning_and_end_are_kept() -> None:
    ended = sh(f"echo first; head -c {4 * native.KEPT} /dev/zero | tr '\\0' x; echo; echo last")

    assert ended.ok
    assert ended.out.startswith("first\n")
    assert ended.out.endswith("last\n")
    assert "bytes left out" in ended.out


@pytest.mark.parametrize(
    ("signal", "cause"),
    [
        ("ILL", "an instruction that this CPU does not have"),
        ("SEGV", "memory that is not its own"),
        ("KILL", "most often the system had no memory left"),
        ("BUS", "the file was cut short"),
        ("ABRT", "its last lines say why"),
    ],
)
def test_a_death_by_signal_is_named_with_its_usual_cause(signal: str, cause: str) -> None:
    ended = sh(f"kill -{signal} $$")

    assert ended.signal == f"SIG{signal}"
    assert f"sh died of SIG{signal}: " in ended.explain()
    assert cause in ended.explain()


def test_a_program_that_runs_a_foreign_instruction_dies_of_sigill_and_is_explained(tmp_path: Path) -> None:
    """What a build with GGML_NATIVE=ON does on a machine that advertises more than it runs."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on PATH (cc) to make a program that runs an invalid instruction")
    (tmp_path / "ud2.c").write_text("int main(void) { __builtin_trap(); }\n", encoding="utf-8")
    subprocess.run([compiler, "-O0", "-o", tmp_path / "ud2", tmp_path / "ud2.c"], check=True)

    ended = native.run([tmp_path / "ud2"], 20.0)

    assert ended.signal == "SIGILL"
    assert "ud2 died of SIGILL: it ran an instruction that this CPU does not have" in ended.explain()
    assert "--instructions=avx2" in ended.explain()


def test_a_child_killed_for_its_memory_is_explained() -> None:
    """The kernel's killer sends SIGKILL, as the child does here to itself once it is large."""
    grow = (
        "import os, signal, time; held = bytearray(200 * 2**20); time.sleep(0.3); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = native.run([sys.executable, "-c", grow], 60.0)

    assert ended.signal == "SIGKILL"
    assert ended.peak > 200 * 2**20
    assert "run with fewer workers" in ended.explain()


def test_a_tool_dies_with_the_release_that_started_it(tmp_path: Path) -> None:
    shell = f"['sh', '-c', 'echo $$ > {tmp_path}/tool; exec sleep 300']"
    script = f"from harness.engines import native; native.run({shell}, 300.0)"
    release = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    note = tmp_path / "tool"
    until(lambda: note.is_file() and note.read_text().strip() != "")
    release.kill()
    release.wait()

    assert_gone(int(note.read_text()))


def test_a_program_that_is_not_there_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        native.run([tmp_path / "llama-quantize"], 5.0)


def assert_gone(pid: int) -> None:
    until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.is_file() or state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def until(holds: object, seconds: float = 20.0) -> None:
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
