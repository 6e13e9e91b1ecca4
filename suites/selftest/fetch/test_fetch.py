"""A base comes from each hub by the hub's own client, or one sentence says why not; afterwards no network is needed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.project import ROOT
from harness.store import digests
from suites.selftest.fetch import hubs
from suites.selftest.fetch.driver import CHUNK
from suites.selftest.fetch.hubs import COMMIT, Hub
from suites.tiny.child import Line

ZEROS = f"sha256:{'0' * 64}"
SCHEMES = [
    "hf",
    pytest.param(
        "modelscope",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("modelscope_hub") is None,
            reason="modelscope's client is not installed: pip install -c constraints.txt modelscope-hub",
        ),
    ),
]
PINS = {
    "whole": f"revision:{COMMIT}",
    "moving": "revision:v1",
    "unpinned": ZEROS,
    "digest": "sha256:{digest}",
    "other": f"sha256:{'1' * 64}",
    "no-revision": "revision:v2",
    "absent": ZEROS,
    "gated": f"revision:{COMMIT}",
    "huge": f"revision:{COMMIT}",
    "cut": f"revision:{COMMIT}",
    "wrong": f"revision:{COMMIT}",
}
"""Name of a repository -> what its spec pins."""


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    error: str


@dataclass
class Tried:
    """What fetching said, by the repository's name; twice in a row."""

    hub: Hub
    first: dict[str, Answer] = field(default_factory=dict)
    again: dict[str, Answer] = field(default_factory=dict)
    offline: dict[str, Answer] = field(default_factory=dict)


def _specs(line: Line, folder: Path, scheme: str) -> dict[str, Path]:
    text = line.spec.read_text(encoding="utf-8")
    base = line.spec.parent / "base"
    pin = digests.of_value(digests.of_folder(base))
    copied = line.copy(folder)
    for name, wanted in PINS.items():
        changed = text.replace('"path:base"', f'"{scheme}:a/{name}"').replace(
            f"sha256:{pin}", wanted.format(digest=pin)
        )
        (copied.spec.parent / f"{name}.toml").write_text(changed, encoding="utf-8")
    return {name: copied.spec.parent / f"{name}.toml" for name in PINS}


def _drive(folder: Path, hub: Hub, steps: list[str], offline: str) -> list[Answer]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PYTEST_", "MODELSCOPE_"))}
    own = {
        "HOME": str(folder),
        "HF_HOME": str(folder / "hf"),
        "HF_ENDPOINT": hub.url,
        "HF_HUB_OFFLINE": offline,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "MODELSCOPE_CACHE": str(folder / "modelscope"),
        "MODELSCOPE_ENDPOINT": hub.url,
        "MODELSCOPE_DOWNLOAD_MAX_RETRIES": "1",
        "MODELSCOPE_DOWNLOAD_INTRA_CLOUD": "false",
        "MODELSCOPE_API_MAX_RETRIES": "1",
    }
    command = [sys.executable, "-m", "suites.selftest.fetch.driver", *steps]
    done = subprocess.run(command, cwd=ROOT, env={**kept, **own}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [Answer(*one) for one in json.loads(done.stdout.splitlines()[-1])]


@pytest.fixture(scope="module", params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def tried(scheme: str, line: Line, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """Every spec fetched, each repository that can be had a second time, and then looked for with the hub gone."""
    folder = tmp_path_factory.mktemp(scheme)
    specs = _specs(line, folder / "line", scheme)
    fine = [name for name in PINS if name in ("whole", "cut", "digest")]
    with hubs.served(hubs.files_of(line.spec.parent / "base")) as hub:
        tried = Tried(hub)
        steps = [str(specs[name]) for name in [*PINS, *fine]]
        answers = _drive(folder, hub, steps, "0")
    tried.first = dict(zip(PINS, answers, strict=False))
    tried.again = dict(zip(fine, answers[len(PINS) :], strict=True))
    steps = [*(f"locate {specs[name]}" for name in [*fine, "gated"]), str(specs["whole"])]
    tried.offline = dict(zip([*fine, "gated", "fetch whole"], _drive(folder, hub, steps, "1"), strict=True))
    return tried


def test_a_pinned_base_comes_whole_and_without_what_no_base_needs(tried: Tried) -> None:
    answer = tried.first["whole"]
    assert (answer.status, answer.error) == (0, "")
    assert f"at {COMMIT} is whole" in answer.out
    assert "put it into" not in answer.out
    asked = {path for _, path, _ in tried.hub.asked if "a/whole" in path}
    assert not [path for path in asked if path.endswith((".md", ".bin", ".onnx"))]


def test_what_is_here_is_not_brought_again_and_needs_no_network(tried: Tried) -> None:
    assert tried.again["whole"].status == 0
    assert len(tried.hub.ranges("a/whole")) == 1
    assert f"at {COMMIT} is whole" in tried.offline["fetch whole"].out


@pytest.mark.parametrize("name", ["moving", "unpinned"])
def test_a_revision_that_moves_is_told_as_the_commit_that_pins_it(tried: Tried, name: str) -> None:
    answer = tried.first[name]
    assert answer.status == 0
    assert answer.out.splitlines()[-1].endswith(f'[base]: pin = "revision:{COMMIT}"')


def test_a_digest_that_fits_is_enough(tried: Tried) -> None:
    assert tried.first["digest"].status == 0, tried.first["digest"].error


REFUSED = {
    "other": ("base.pin: ", "the spec pins 1111", COMMIT),
    "no-revision": ("has no revision 'v2'",),
    "absent": ("a/absent is not there, or not for you to see",),
    "gated": ("is gated: accept its licence at http", "TOKEN to a token"),
    "huge": ("needs 1000000.0 TB more below ", "are free there: free some, or name another place with"),
    "cut": ("is not whole yet", "fetch again, and it goes on where it stopped"),
    "wrong": (": fetch again",),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_in_the_way_is_told_in_one_sentence(tried: Tried, name: str) -> None:
    answer = tried.first[name]
    assert answer.status == 1
    (told,) = answer.error.splitlines()
    assert f"{name}.toml: base." in told
    assert [part for part in REFUSED[name] if part not in told] == []


def test_nothing_is_downloaded_of_what_the_disk_cannot_take(tried: Tried) -> None:
    assert tried.hub.ranges("a/huge") == []


def test_a_transfer_that_was_cut_goes_on_where_it_stopped(tried: Tried) -> None:
    assert tried.again["cut"].status == 0, tried.again["cut"].error
    first, *_, last = tried.hub.ranges("a/cut")
    assert first == ""
    half = len(tried.hub.files[hubs.WEIGHTS]) // 2
    assert half - CHUNK < int(last.removeprefix("bytes=").removesuffix("-")) <= half


def test_afterwards_the_release_finds_its_base_with_the_hub_gone(tried: Tried) -> None:
    for name in ("whole", "cut", "digest"):
        assert tried.offline[name].status == 0, tried.offline[name].error
        assert tried.offline[name].out.strip().endswith(COMMIT)


def test_a_base_that_never_came_is_told_with_the_command_that_brings_it(tried: Tried) -> None:
    (told,) = tried.offline["gated"].error.splitlines()
    assert "make fetch RELEASE=" in told
