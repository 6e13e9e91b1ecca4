"""The suite that runs on the receiving side: green on a bundle as published, red on any other."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.releases import bundle, signature
from suites.selftest.releases import small_bundle
from suites.selftest.releases.archives import contents_of, hostile, member, tar_of
from suites.selftest.releases.small_bundle import flip, reseal, write_adapter
from suites.tiny.child import COMMAND, ROOT, environment


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A published bundle of two adapters, unsigned."""
    return small_bundle.release(tmp_path / "sender")


def verification(*arguments: str, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "-p", "no:cacheprovider", "suites/verify", *arguments],
        cwd=ROOT, env=environment({"PYTHONPATH": str(path)}), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def receipt_of(release: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(release.with_name(f"{release.name}.receipt.json").read_text(encoding="utf-8"))
    return found


def test_the_verify_suite_is_green_on_a_release_and_leaves_it_as_it_was(release: Path) -> None:
    before = contents_of(release)
    done = verification(f"--bundle={release}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 passed" in done.stdout
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


def edit(release: Path, **changed: Any) -> None:
    """Keys of its verdict, as somebody who tampers would change them."""
    path = release / "verdict.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changed), encoding="utf-8")


def test_the_verify_suite_is_red_on_contents_that_fitting_checksums_do_not_excuse(release: Path) -> None:
    """One archive holds a script, and the verdict refuses."""
    hostile(tar_of(member("adapter_style/handler.py")), release)
    edit(release, verdict="refused")
    reseal(release)
    done = verification(f"--bundle={release}")
    assert (done.returncode, "4 failed, 6 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    problems = "\n".join(receipt_of(release)["problems"])
    assert "handler.py" in problems
    assert "only a released bundle" in problems


def test_the_verify_suite_is_red_on_a_value_that_the_judged_items_do_not_bear_out(release: Path) -> None:
    gates = json.loads((release / "verdict.json").read_text(encoding="utf-8"))["gates"]
    gates[-1]["value"] = 0.9
    edit(release, gates=gates)
    reseal(release)
    done = verification(f"--bundle={release}")
    assert (done.returncode, "3 failed, 7 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "is 0.9 in the verdict, and 0.500000 by the items kept" in "\n".join(receipt_of(release)["problems"])


def test_the_verify_suite_is_red_on_another_runs_archive_with_fresh_checksums(release: Path, tmp_path: Path) -> None:
    other = write_adapter(tmp_path / "other")
    config = json.loads((other / "adapter_config.json").read_text(encoding="utf-8"))
    (other / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 8}), encoding="utf-8")
    (release / "adapter_style.tar.gz").unlink()
    bundle.pack(other, release / "adapter_style.tar.gz")
    reseal(release)
    done = verification(f"--bundle={release}")
    assert (done.returncode, "1 failed, 9 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "the verdict judged" in "\n".join(receipt_of(release)["problems"])


def test_the_verify_suite_is_red_on_a_bundle_without_its_candidate(release: Path) -> None:
    edit(release, candidate_adapter="multitask")
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
        pytest.param(["--bundle=.", "--key=/nowhere.pem"], "there is no file /nowhere.pem", id="no-key"),
        pytest.param(["--bundle=.", "--key=README.md"], "is no public key in PEM", id="not-a-key"),
        pytest.param(["--bundle=.", "--wants=Makefile"], "cannot be read as TOML", id="no-wishes"),
    ],
)
def test_the_verify_suite_says_in_one_line_what_it_needs(arguments: list[str], words: str) -> None:
    done = verification(*arguments)
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert (done.returncode, len(errors)) == (4, 1), errors
    assert words in errors[0]


def test_a_bundle_is_verified_without_torch_and_the_receipt_is_signed(tmp_path: Path) -> None:
    """With a key, wishes and a key of the recipient's own: all that there is, on a machine that only judges."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "bare.py").write_text(
        "import sys\n\nsys.modules.update(torch=None, transformers=None, peft=None)\n"
    )
    for who in ("sender", "us"):
        signature.make_keys(tmp_path / f"{who}.pem", tmp_path / f"{who}.pub")
    bundled = small_bundle.release(tmp_path / "sent", tmp_path / "sender.pem")
    wants = tmp_path / "wants.toml"
    wants.write_text('release = "v3"\n[[gates]]\nid = "eval.style.style.format"\nabove = 0.25\n', encoding="utf-8")
    options = (f"--key={tmp_path}/sender.pub", f"--wants={wants}", f"--sign-with={tmp_path}/us.pem", "-p", "bare")
    done = verification(f"--bundle={bundled}", *options, path=tmp_path / "bare")
    assert done.returncode == 0, done.stdout + done.stderr
    receipt = receipt_of(bundled)
    assert (receipt["result"], receipt["wants"], receipt["verdict"]) == ("verified", "release v3", "released")
    assert receipt["key"] == f"sha256 {signature.fingerprint(tmp_path / 'sender.pub')}"
    assert signature.opened(bundled.with_name(f"{bundled.name}.receipt.dsse.json"), tmp_path / "us.pub") == receipt
