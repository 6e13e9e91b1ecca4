"""The store builds once, whoever asks, and never hands out bytes that are not those of the manifest."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import BuildFailedError, CorruptArtifactError, MissingArtifactError, NoMemoryError
from harness.store.artifact import Artifact, Build, Key, Request, scratch
from harness.store.store import Store

FORK = multiprocessing.get_context("fork")
KEY = Key("adapter", "short both", {"seed": 7, "data": "ab" * 32})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", failures=tmp_path / "run" / "failures")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where builders write their process id, a line a build."""
    path = tmp_path / "builds.log"
    path.touch()
    return path


def build_logged(folder: Path, log: Path, seconds: float = 0.05) -> None:
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    (folder / "deep").mkdir()
    (folder / "deep" / "weights.bin").write_bytes(b"weights")
    (folder / "config.json").write_text("{}", encoding="utf-8")


def builds(log: Path) -> list[int]:
    return [int(line) for line in log.read_text(encoding="utf-8").splitlines()]


def run_all(*work: Callable[[], object]) -> list[int | None]:
    """Run each in a forked process; returns their exit codes."""
    processes = [FORK.Process(target=one) for one in work]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    return [process.exitcode for process in processes]


def test_artifact_is_built_once_however_many_threads_ask(store: Store, log: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(store.fetch, KEY, functools.partial(build_logged, log=log)) for _ in range(8)]
        artifacts = [future.result(30) for future in futures]
    assert len(builds(log)) == 1
    assert len({artifact.digest for artifact in artifacts}) == 1
    assert [artifact.reused for artifact in artifacts].count(False) == 1


def test_artifact_is_built_once_however_many_processes_ask(store: Store, log: Path) -> None:
    work = functools.partial(store.fetch, KEY, functools.partial(build_logged, log=log))
    assert run_all(*[work] * 4) == [0, 0, 0, 0]
    assert len(builds(log)) == 1


def test_artifact_of_another_run_is_reused_and_says_so(store: Store, log: Path, tmp_path: Path) -> None:
    built = store.fetch(KEY, functools.partial(build_logged, log=log))
    found = Store(tmp_path / "store").fetch(KEY, functools.partial(build_logged, log=log))
    assert (built.reused, found.reused) == (False, True)
    assert (found.digest, found.path, found.built_at) == (built.digest, built.path, built.built_at)


def test_label_is_not_part_of_the_key_and_every_input_is(store: Store) -> None:
    assert KEY.digest == Key(KEY.kind, "another label", {"data": "ab" * 32, "seed": 7}).digest
    assert KEY.digest != Key(KEY.kind, KEY.label, {**KEY.inputs, "seed": 8}).digest
    assert KEY.digest != Key("sheet", KEY.label, KEY.inputs).digest


def _change(content: Path) -> str:
    path = content / "deep" / "weights.bin"
    path.write_bytes(b"weightz")
    return "deep/weights.bin"


def _remove(content: Path) -> str:
    (content / "config.json").unlink()
    return "config.json"


def _add(content: Path) -> str:
    (content / "deep" / "extra.bin").write_bytes(b"")
    return "deep/extra.bin"


def _link(content: Path) -> str:
    (content / "link").symlink_to(content / "config.json")
    return "link"


def _remove_all(content: Path) -> str:
    content.rename(content.with_name("elsewhere"))
    return "config.json"


@pytest.mark.parametrize("spoil", [_change, _remove, _add, _link, _remove_all], ids=lambda spoil: spoil.__name__[1:])
def test_artifact_whose_bytes_are_not_those_of_its_manifest_is_refused_by_file(
    store: Store, log: Path, spoil: Callable[[Path], str]
) -> None:
    built = store.fetch(KEY, functools.partial(build_logged, log=log))
    name = spoil(built.path)
    with pytest.raises(CorruptArtifactError) as caught:
        store.fetch(KEY, functools.partial(build_logged, log=log))
    assert name in str(caught.value)
    assert f"remove {built.path.parent}" in str(caught.value)
    assert len(builds(log)) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {"a": 1}}', '{"files": {}}'])
def test_manifest_that_cannot_be_read_is_refused(store: Store, log: Path, text: str) -> None:
    built = store.fetch(KEY, functools.partial(build_logged, log=log))
    (built.path.parent / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match=r"manifest\.json"):
        store.find(KEY)


def test_artifact_of_another_key_is_refused(store: Store, log: Path) -> None:
    built = store.fetch(KEY, functools.partial(build_logged, log=log))
    path = built.path.parent / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "key_digest": "0" * 64}), encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="was built for key 000000000000"):
        store.find(KEY)


def _build_half_and_die(folder: Path) -> None:
    (folder / "config.json").write_text("half", encoding="utf-8")
    os.kill(os.getpid(), signal.SIGKILL)


def test_killed_builder_leaves_nothing_to_be_taken_for_an_artifact_and_the_next_builds(store: Store, log: Path) -> None:
    assert run_all(functools.partial(store.fetch, KEY, _build_half_and_die)) == [-signal.SIGKILL]
    assert store.find(KEY) is None
    built = store.fetch(KEY, functools.partial(build_logged, log=log))
    assert (built.path / "config.json").read_text(encoding="utf-8") == "{}"


def _build_in_two_goes(folder: Path, end: Callable[[], None]) -> None:
    """The first builder ends as it is told; the second one takes what the first has left."""
    kept = scratch(folder) / "step"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("half the work", encoding="utf-8")
        (folder / "half.bin").touch()
        end()
    (folder / "made").write_text(kept.read_text(encoding="utf-8"), encoding="utf-8")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _fail() -> None:
    raise ValueError("a defect")


def test_a_killed_builders_scratch_is_the_next_ones_and_never_in_the_artifact(store: Store) -> None:
    assert run_all(functools.partial(store.fetch, KEY, functools.partial(_build_in_two_goes, end=_die))) == [
        -signal.SIGKILL
    ]
    built = store.fetch(KEY, functools.partial(_build_in_two_goes, end=_fail))
    assert sorted(path.name for path in built.path.parent.rglob("*")) == ["content", "made", "manifest.json"]


def test_an_interrupted_builder_leaves_its_scratch_and_nothing_half_written(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.fetch(KEY, functools.partial(_build_in_two_goes, end=_interrupt))
    assert [path.name for path in store.root.rglob("*") if path.is_file() and path.suffix != ".lock"] == ["step"]
    assert store.fetch(KEY, functools.partial(_build_in_two_goes, end=_fail)).reused is False


def test_a_builder_that_failed_leaves_no_scratch(store: Store) -> None:
    with pytest.raises(ValueError, match="a defect"):
        store.fetch(KEY, functools.partial(_build_in_two_goes, end=_fail))
    assert not list(store.root.rglob("step"))


def test_process_that_waits_for_a_killed_builder_builds_itself(store: Store, log: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"

    def die_slowly(folder: Path) -> None:
        started.touch()
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)

    killed = FORK.Process(target=store.fetch, args=(KEY, die_slowly))
    killed.start()
    _wait_for(started)
    assert store.fetch(KEY, functools.partial(build_logged, log=log)).reused is False
    killed.join(30)
    assert builds(log) == [os.getpid()]


def test_read_only_store_names_what_is_missing_and_gives_what_is_there(store: Store, log: Path, tmp_path: Path) -> None:
    closed = Store(tmp_path / "store", read_only=True)
    build = functools.partial(build_logged, log=log)
    with pytest.raises(MissingArtifactError, match="adapter 'short both' is not in the store"):
        closed.fetch(KEY, build)
    with pytest.raises(MissingArtifactError, match="adapter 'short both' is not in the store"):
        closed.fetch_all([Request(KEY, build)])
    assert builds(log) == []
    store.fetch(KEY, build)
    assert closed.fetch(KEY, build).reused


def _failing(log: Path) -> Build:
    def build(folder: Path) -> None:
        build_logged(folder, log)
        raise OSError("no space left on device")

    return build


def test_failure_is_remembered_for_the_run_and_forgotten_by_the_next(store: Store, log: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space"):
        store.fetch(KEY, _failing(log))
    with pytest.raises(BuildFailedError, match=r"short both.*OSError: no space left on device"):
        store.fetch(KEY, _failing(log))
    with pytest.raises(BuildFailedError, match=r"short both.*OSError: no space left on device"):
        store.fetch_all([Request(KEY, _failing(log))])
    assert len(builds(log)) == 1
    next_run = Store(tmp_path / "store", failures=tmp_path / "next" / "failures")
    assert next_run.fetch(KEY, functools.partial(build_logged, log=log)).reused is False


def test_memory_that_ran_out_is_told_as_that_for_the_run_and_tried_again_by_the_next(
    store: Store, log: Path, tmp_path: Path
) -> None:
    def build(folder: Path) -> None:
        build_logged(folder, log)
        bytearray(2**46)

    with pytest.raises(NoMemoryError, match=r"^memory ran out while building adapter short both: .*-n 1"):
        store.fetch(KEY, build)
    with pytest.raises(NoMemoryError, match=r"'short both' failed earlier in this run: NoMemoryError: memory ran out"):
        store.fetch(KEY, build)
    assert len(builds(log)) == 1
    assert list(store.root.rglob("content")) == []
    next_run = Store(tmp_path / "store", failures=tmp_path / "next" / "failures")
    assert next_run.fetch(KEY, functools.partial(build_logged, log=log)).reused is False


@pytest.mark.parametrize("stop", [KeyboardInterrupt, pytest.exit.Exception], ids=["Ctrl-C", "SIGTERM"])
def test_interruption_is_no_failure_of_the_builder(store: Store, log: Path, stop: type[BaseException]) -> None:
    def interrupted(folder: Path) -> None:
        scratch(folder).mkdir()
        raise stop

    store = replace(store, stops=(pytest.exit.Exception,))
    with pytest.raises(stop):
        store.fetch(KEY, interrupted)
    assert list(store.root.rglob("scratch")), "the next builder goes on from it"
    assert store.fetch(KEY, functools.partial(build_logged, log=log)).reused is False


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.01)


def test_two_processes_that_want_the_same_list_build_different_parts_of_it_at_once(
    store: Store, log: Path, tmp_path: Path
) -> None:
    """Each builder holds on to its first artifact until the other process builds as well."""

    def build(folder: Path, number: int) -> None:
        (tmp_path / f"building-{number}").touch()
        _wait_for(tmp_path / f"building-{1 - number if number < 2 else 0}")
        build_logged(folder, log)

    keys = [Key("sheet", f"part {number}", {"number": number}) for number in range(4)]
    wanted = [Request(key, functools.partial(build, number=number)) for number, key in enumerate(keys)]
    assert run_all(*[functools.partial(store.fetch_all, wanted)] * 2) == [0, 0]
    assert len(builds(log)) == len(wanted)
    assert len(set(builds(log))) == 2


def test_list_comes_back_in_its_own_order(store: Store, log: Path) -> None:
    keys = [Key("sheet", f"part {number}", {"number": number}) for number in range(3)]
    found: list[Artifact] = store.fetch_all([Request(key, functools.partial(build_logged, log=log)) for key in keys])
    assert [artifact.label for artifact in found] == ["part 0", "part 1", "part 2"]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """``read_only()``: from here on nobody, not even root, can write below the temporary folder."""
    mounted: list[Path] = []

    if shutil.which("mount") is None:
        pytest.skip("a read-only file system needs the program mount; it comes with util-linux")

    def mount(*words: str) -> None:
        done = subprocess.run(["mount", *words, str(tmp_path)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a read-only file system needs the right to mount: {done.stderr.strip()}")

    def read_only() -> None:
        mount("--bind", str(tmp_path))
        mounted.append(tmp_path)
        mount("-o", "remount,ro,bind")

    yield read_only
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_store_on_a_read_only_file_system_serves_what_it_has(
    tmp_path: Path, log: Path, read_only: Callable[[], None]
) -> None:
    store, key = Store(tmp_path / "store"), Key("adapter", "style", {"seed": 1})
    built = store.fetch(key, lambda folder: build_logged(folder, log))
    read_only()

    found = store.fetch(key, lambda folder: build_logged(folder, log))

    assert (found.digest, found.reused) == (built.digest, True)
