"""The suite that runs on the receiving side: green on a bundle as published, red on any other."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.releases import bundle, judged_items
from harness.spec import papers as spec_papers
from suites.selftest.archives import contents_of, hostile, member, tar_of
from suites.selftest.child import COMMAND, ROOT
from suites.selftest.small_bundle import KEPT, VERDICT, flip, write_adapter, write_papers


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A published bundle of two adapters."""
    adapter = write_adapter(tmp_path / "adapter")
    bundle.stage({"style": adapter, "writing": adapter}, tmp_path / "staged", {judged_items.FILE: KEPT})
    bundle.publish(tmp_path / "staged", tmp_path / "releases" / "v3-run_1", write_papers(tmp_path / "run"), "style")
    return tmp_path / "releases" / "v3-run_1"


def verification(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "-p", "no:cacheprovider", "suites/verify", *arguments],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def receipt_of(release: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(release.with_name(f"{release.name}.receipt.json").read_text(encoding="utf-8"))
    return found


def test_the_verify_suite_is_green_on_a_release_and_leaves_it_as_it_was(release: Path) -> None:
    before = contents_of(release)
    done = verification(f"--bundle={release}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    receipt = receipt_of(release)
    assert (receipt["result"], receipt["problems"], receipt["place"]) == ("verified", [], str(release))
    assert contents_of(release) == before


def test_the_verify_suite_is_red_on_a_tampered_release(release: Path) -> None:
    flip(release / "adapter_writing.tar.gz")
    done = verification(f"--bundle={release}")
    assert done.returncode == 1, done.stdout + done.stderr
    receipt = receipt_of(release)
    assert receipt["result"] == "refused"
    assert any("adapter_writing.tar.gz has sha256" in problem for problem in receipt["problems"])


def reseal(release: Path) -> None:
    """Checksums that fit again, as somebody who tampers would write them."""
    names = sorted(path.name for path in release.iterdir() if path.name != spec_papers.SUMS)
    lines = [f"{hashlib.sha256((release / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (release / spec_papers.SUMS).write_text("".join(lines), encoding="ascii")


def test_the_verify_suite_is_red_on_contents_that_fitting_checksums_do_not_excuse(release: Path) -> None:
    """One archive holds a script, and the verdict refuses."""
    hostile(tar_of(member("adapter_style/handler.py")), release)
    (release / "verdict.json").write_text(json.dumps(VERDICT | {"verdict": "refused"}), encoding="utf-8")
    reseal(release)
    done = verification(f"--bundle={release}")
    assert (done.returncode, "2 failed, 3 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    problems = "\n".join(receipt_of(release)["problems"])
    assert "handler.py" in problems
    assert "only a released bundle" in problems


def test_the_verify_suite_is_red_on_a_value_that_the_judged_items_do_not_bear_out(release: Path) -> None:
    better = VERDICT | {"gates": [{"id": "eval.style.style.format", "value": 0.9}]}
    (release / "verdict.json").write_text(json.dumps(better), encoding="utf-8")
    reseal(release)
    done = verification(f"--bundle={release}")
    assert (done.returncode, "1 failed, 4 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "is 0.9 in the verdict, and 0.500000 by the items kept" in "\n".join(receipt_of(release)["problems"])


def test_the_verify_suite_is_red_on_another_runs_archive_with_fresh_checksums(release: Path, tmp_path: Path) -> None:
    other = write_adapter(tmp_path / "other")
    config = json.loads((other / "adapter_config.json").read_text(encoding="utf-8"))
    (other / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 8}), encoding="utf-8")
    (release / "adapter_style.tar.gz").unlink()
    bundle.pack(other, release / "adapter_style.tar.gz")
    reseal(release)
    done = verification(f"--bundle={release}")
    assert (done.returncode, "1 failed, 4 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "the verdict judged" in "\n".join(receipt_of(release)["problems"])


def test_the_verify_suite_is_red_on_a_bundle_without_its_candidate(release: Path) -> None:
    (release / "verdict.json").write_text(json.dumps(VERDICT | {"candidate_adapter": "multitask"}), encoding="utf-8")
    reseal(release)
    done = verification(f"--bundle={release}", "-k", "verdict_released")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the candidate multitask is not in the bundle" in "\n".join(receipt_of(release)["problems"])


def test_a_verification_that_leaves_checks_out_verifies_nothing(release: Path) -> None:
    done = verification(f"--bundle={release}", "-k", "checksums")
    assert done.returncode == 1, done.stdout + done.stderr
    assert receipt_of(release)["result"] == "refused"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "needs --bundle DIR", id="no-option"),
        pytest.param(["--bundle=/nowhere/at/all"], "there is no folder /nowhere/at/all", id="no-folder"),
    ],
)
def test_the_verify_suite_says_in_one_line_what_it_needs(arguments: list[str], words: str) -> None:
    done = verification(*arguments)
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert (done.returncode, len(errors)) == (4, 1), errors
    assert words in errors[0]
