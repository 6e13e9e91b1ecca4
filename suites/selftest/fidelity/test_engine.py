"""The child that has llama.cpp in it may do anything: this process survives, ends it, and says what happened."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.engines import llama_cpp
from harness.engines.llama_compute import ALL, Compute
from harness.errors import EngineError

READY = 'print(json.dumps({"ready": True, "bytes": 0}), flush=True)\n'
HEAD = "import ctypes, json, mmap, os, sys, time\n"
UD2 = """\
page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\\x0f\\x0b")  # ud2
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""


def program(folder: Path, body: str, patience: float = 5.0) -> llama_cpp.Runtime:
    path = folder / "child.py"
    path.write_text(HEAD + body, encoding="utf-8")
    return llama_cpp.Runtime((sys.executable, str(path)), patience=patience)


def refusal(folder: Path, body: str, patience: float = 5.0) -> str:
    """The error message about a program that misbehaves when it loads or is asked."""
    with (
        pytest.raises(EngineError) as caught,
        llama_cpp.opened(folder / "model.gguf", Compute(1), program(folder, body, patience)) as loaded,
    ):
        loaded.facts()
    return str(caught.value)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="ud2 is an instruction of x86-64")
def test_an_instruction_that_the_cpu_does_not_have_is_named_with_its_mend(tmp_path: Path) -> None:
    said = refusal(tmp_path, READY + "sys.stdin.readline()\n" + UD2)
    assert "llama.cpp died of SIGILL at 'facts' on model.gguf" in said
    assert "another instruction set" in said
    assert "make llama-cpp" in said


def test_a_crash_while_loading_is_named_as_such(tmp_path: Path) -> None:
    said = refusal(tmp_path, "os.kill(os.getpid(), 11)")
    assert "died of SIGSEGV at 'load' on model.gguf" in said


def test_a_program_that_ends_says_its_last_words(tmp_path: Path) -> None:
    said = refusal(tmp_path, "print('no such tensor', file=sys.stderr); sys.exit(3)")
    assert "ended with status 3 at 'load'" in said
    assert "it said: no such tensor" in said


def test_a_program_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    started = time.monotonic()
    said = refusal(tmp_path, READY + "time.sleep(600)", patience=0.5)
    assert "gave no reply at 'facts' on model.gguf within 0.5 s and was ended" in said
    assert time.monotonic() - started < 30


def test_a_large_file_and_many_tokens_are_given_longer(tmp_path: Path) -> None:
    """The same child, slower than any reply may be: ended on a small file, waited for on one of 10 GB."""
    body = (
        "time.sleep(1); " + READY + "for line in sys.stdin:\n"
        "    time.sleep(1); raw = b'\\0' * 4\n"
        "    sys.stdout.buffer.write(json.dumps({'bytes': 4, 'peak': 1}).encode() + b'\\n' + raw)\n"
        "    sys.stdout.buffer.flush()\n"
    )
    assert "gave no reply at 'load'" in refusal(tmp_path, body, patience=0.4)
    with (tmp_path / "model.gguf").open("wb") as file:
        file.truncate(10**10)  # a hole: no byte of it is on the disk

    with llama_cpp.opened(tmp_path / "model.gguf", Compute(1), program(tmp_path, body, patience=0.4)) as loaded:
        assert loaded.logits([1, 2, 3], [4]).shape == (1, 1)
        with pytest.raises(EngineError, match=r"gave no reply at 'facts' on model\.gguf within 0\.4 s"):
            loaded.facts()


def test_layers_that_the_child_does_not_have_on_a_gpu_end_it(tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match=r"model\.gguf: llama\.cpp was asked for all layers .* put none there"),
        llama_cpp.opened(tmp_path / "model.gguf", Compute(1, ALL), program(tmp_path, READY + "time.sleep(60)")),
    ):
        pass


def test_a_program_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    said = refusal(tmp_path, "while True: sys.stdout.write('x' * 65536)", patience=60)
    assert "flooded its output at 'load'" in said


@pytest.mark.parametrize("line", ["llama_model_load: done", "[]", "{}", '{"bytes": "many"}'])
def test_an_answer_that_is_no_reply_is_shown(tmp_path: Path, line: str) -> None:
    assert f"answered {line.encode()!r} at 'load'" in refusal(tmp_path, f"print({line!r}, flush=True)")


def test_a_request_that_llama_refuses_is_an_error_with_its_reason(tmp_path: Path) -> None:
    body = (
        READY + "sys.stdin.readline()\nprint(json.dumps({'error': 'no room', 'bytes': 0}), flush=True)\ntime.sleep(60)"
    )
    assert refusal(tmp_path, body) == "llama.cpp refused 'facts' on model.gguf: no room"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match="llama-nowhere cannot be started"),
        llama_cpp.opened(tmp_path / "model.gguf", Compute(1), llama_cpp.Runtime(("llama-nowhere",))),
    ):
        pass


def test_nothing_of_a_hanging_program_is_left(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    body = READY + (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    refusal(tmp_path, body, patience=8)
    until = time.monotonic() + 10.0
    for pid in note.read_text().split():
        while not _gone(int(pid)) and time.monotonic() < until:  # told to end, it takes its moment to do so
            time.sleep(0.05)
        assert _gone(int(pid)), f"process {pid} is still there"


def _gone(pid: int) -> bool:
    """Whether a process has ended: gone, or waiting to be collected by whoever adopted it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_raw_bytes_and_replies_do_not_run_into_each_other(tmp_path: Path) -> None:
    body = READY + (
        "import struct\n"
        "for line in sys.stdin:\n"
        "    raw = struct.pack('<6f', *range(6)) if json.loads(line)['op'] == 'logits' else b''\n"
        "    head = json.dumps({'ids': [10, 10], 'bytes': len(raw), 'peak': 7}).encode() + b'\\n'\n"
        "    sys.stdout.buffer.write(head + raw); sys.stdout.buffer.flush()\n"
    )
    with llama_cpp.opened(tmp_path / "model.gguf", Compute(1), program(tmp_path, body)) as loaded:
        assert loaded.logits([1], [2, 3]).tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
        assert loaded.tokenize("two") == [10, 10]
        assert loaded.logits([1, 2, 3], [4]).shape == (1, 6)
        assert loaded.peak == 7


def test_the_engine_ends_with_the_process_that_asked(tmp_path: Path) -> None:
    """The child's own guard, without llama.cpp: it must not outlive a release that was killed."""
    code = (
        "import importlib.util, sys, time, types\n"
        "sys.modules['llama_cpp'] = types.ModuleType('llama_cpp')\n"
        f"spec = importlib.util.spec_from_file_location('child', {str(llama_cpp.PROGRAM)!r})\n"
        "child = importlib.util.module_from_spec(spec); spec.loader.exec_module(child)\n"
        "child.die_with_parent()\n"
        "print('guarded', flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE);"
            "c.stdout.readline(); print(c.pid, flush=True); sys.stdin.read()",
            code,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while not _gone(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _gone(pid)


def test_memory_is_that_of_the_engine_and_not_of_the_process_that_started_it(tmp_path: Path) -> None:
    held = bytearray(300 << 20)
    held[::4096] = b"x" * len(held[::4096])
    body = (
        "import importlib.util, types\n"
        "sys.modules['llama_cpp'] = types.ModuleType('llama_cpp')\n"
        f"spec = importlib.util.spec_from_file_location('child', {str(llama_cpp.PROGRAM)!r})\n"
        "child = importlib.util.module_from_spec(spec); spec.loader.exec_module(child)\n"
        f"{READY}"
        "sys.stdin.readline(); print(json.dumps({'bytes': 0, 'peak': child.peak_memory()}), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with llama_cpp.opened(tmp_path / "model.gguf", Compute(1), program(tmp_path, body, patience=60)) as loaded:
        loaded.facts()
        assert 1 << 20 < loaded.peak < 200 << 20
    del held
