"""Bundles are staged and published whole or not at all, and verifying finds what happened to them since."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.releases import bundle, judged_items
from harness.spec import papers as spec_papers
from suites.selftest.releases.archives import contents_of, folder_of
from suites.selftest.releases.small_bundle import KEPT, flip, write_adapter, write_papers


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tmp_path_factory.mktemp("trained") / "adapter")


@pytest.fixture
def staged(adapter: Path, tmp_path: Path) -> Path:
    bundle.stage({"style": adapter, "writing": adapter}, tmp_path / "staged", {judged_items.FILE: KEPT})
    return tmp_path / "staged"


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    return write_papers(tmp_path / "run")


@pytest.fixture
def release(staged: Path, papers: list[Path], tmp_path: Path) -> Path:
    """A published bundle of two adapters."""
    bundle.publish(staged, tmp_path / "releases" / "v3-run_1", papers, "style")
    return tmp_path / "releases" / "v3-run_1"


def test_staging_writes_sorted_checksums_as_sha256sum_does(staged: Path) -> None:
    names = ["adapter_style.tar.gz", "adapter_writing.tar.gz", judged_items.FILE]
    lines = [f"{hashlib.sha256((staged / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    assert (staged / spec_papers.SUMS).read_text(encoding="ascii") == "".join(lines)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not here; it comes with GNU coreutils")
def test_sha256sum_itself_accepts_a_release(release: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", spec_papers.SUMS], cwd=release, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["adapter_style.tar.gz", judged_items.FILE, spec_papers.SUMS, "../model.gguf", ""])
def test_a_file_that_would_take_the_place_of_another_is_refused(adapter: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(bundle.BundleError, match="no plain name, or another file's of the bundle"):
        bundle.stage({"style": adapter}, tmp_path / "staged", {judged_items.FILE: KEPT}, {name: tmp_path / "file"})
    assert not (tmp_path / "staged").exists()


def test_staging_refuses_a_folder_that_is_not_empty(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "note").touch()
    with pytest.raises(bundle.BundleError, match="not an empty folder"):
        bundle.stage({"style": adapter}, tmp_path)


def test_staging_leaves_nothing_when_an_adapter_cannot_be_packed(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="no such adapter folder"):
        bundle.stage({"style": adapter, "writing": tmp_path / "nowhere"}, tmp_path / "staged")
    assert list(tmp_path.iterdir()) == []


def test_a_stage_without_adapters_is_unsound(tmp_path: Path) -> None:
    bundle.stage({}, tmp_path / "staged")
    assert bundle.verify(tmp_path / "staged") == ("SHA256SUMS.txt lists no file",)


def test_staged_files_are_copied_once_and_asked_for_again(staged: Path, tmp_path: Path) -> None:
    for _ in range(2):
        bundle.copy_staged(staged, tmp_path / "run" / "staged")
    assert contents_of(tmp_path / "run" / "staged") == contents_of(staged)


def test_a_copy_that_changed_is_not_taken_for_the_staged_files(staged: Path, tmp_path: Path) -> None:
    bundle.copy_staged(staged, tmp_path / "copy")
    (tmp_path / "copy" / "adapter_style.tar.gz").write_bytes(b"")
    with pytest.raises(bundle.BundleError, match="is not a copy"):
        bundle.copy_staged(staged, tmp_path / "copy")


def swap_for_link(path: Path) -> None:
    path.rename(path.parent.parent / path.name)
    path.symlink_to(path.parent.parent / path.name)


def append_line(path: Path, line: str) -> None:
    path.write_text(path.read_text(encoding="ascii") + line, encoding="ascii")


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "changed-byte": (lambda folder: flip(folder / "adapter_style.tar.gz"), "adapter_style.tar.gz has sha256"),
    "missing": (lambda folder: (folder / "report.md").unlink(), "report.md is listed in SHA256SUMS.txt and not there"),
    "extra": (lambda folder: (folder / "extra.txt").touch(), "'extra.txt' is not listed"),
    "hidden": (lambda folder: (folder / ".hidden").touch(), "'.hidden' is not listed"),
    "link": (lambda folder: swap_for_link(folder / "report.md"), "'report.md' is not a regular file"),
    "folder": (lambda folder: (folder / "more").mkdir(), "'more' is not a regular file"),
    "no-sums": (lambda folder: (folder / spec_papers.SUMS).unlink(), "SHA256SUMS.txt is missing"),
    "sums-link": (lambda folder: swap_for_link(folder / spec_papers.SUMS), "'SHA256SUMS.txt' is not a regular file"),
    "no-line": (lambda folder: append_line(folder / spec_papers.SUMS, "what\n"), "SHA256SUMS.txt:8: not '<sha256>"),
    "outside": (lambda folder: append_line(folder / spec_papers.SUMS, f"{'0' * 64}  ../x\n"), "SHA256SUMS.txt:8: not"),
    "twice": (
        lambda folder: append_line(folder / spec_papers.SUMS, f"{'0' * 64}  report.md\n"),
        "SHA256SUMS.txt:8: report.md is listed twice",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_verify_finds_what_happened_to_a_release(case: str, release: Path) -> None:
    damage, words = DAMAGE[case]
    damage(release)
    assert any(words in problem for problem in bundle.verify(release)), bundle.verify(release)


def test_verify_finds_nothing_in_a_release_as_published(release: Path) -> None:
    assert bundle.verify(release) == ()


def test_verify_says_that_a_folder_is_not_there(tmp_path: Path) -> None:
    assert bundle.verify(tmp_path / "nowhere") == (f"{tmp_path / 'nowhere'}: no such folder",)


def test_a_release_holds_archives_papers_and_checksums(release: Path) -> None:
    archives = ["SHA256SUMS.txt", "adapter_style.tar.gz", "adapter_writing.tar.gz"]
    papers = ["judged_items.jsonl", "junit.xml", "release.toml", "report.md", "verdict.json"]
    assert sorted(path.name for path in release.iterdir()) == [*archives, *papers]


def test_a_releases_checksums_are_sorted_by_name(release: Path) -> None:
    names = [line.split()[1] for line in (release / spec_papers.SUMS).read_text(encoding="ascii").splitlines()]
    assert names == sorted(names)


def test_a_release_is_never_overwritten(staged: Path, papers: list[Path], release: Path) -> None:
    before = contents_of(release)
    with pytest.raises(bundle.BundleError, match="exists already"):
        bundle.publish(staged, release, papers, "style")
    assert contents_of(release) == before


def refused_publication(staged: Path, papers: Sequence[Path], kind: type[Exception], words: str) -> None:
    """Assert that publishing fails with this error, and leaves neither a release nor a part of one."""
    releases = staged.parent / "releases"
    with pytest.raises(kind, match=words):
        bundle.publish(staged, releases / "v3-run_1", papers, "style")
    assert not releases.exists() or list(releases.iterdir()) == []


def test_nothing_is_published_without_all_papers(staged: Path, papers: list[Path]) -> None:
    papers[2].unlink()
    refused_publication(staged, papers, bundle.BundleError, r"report\.md is missing")


def test_nothing_is_published_when_the_staged_archives_changed_after_the_gates(
    staged: Path, papers: list[Path]
) -> None:
    flip(staged / "adapter_style.tar.gz")
    refused_publication(staged, papers, bundle.BundleError, "no longer what was judged")


def test_nothing_is_published_without_the_candidate(staged: Path, papers: list[Path], tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="the candidate multitask is not packed"):
        bundle.publish(staged, tmp_path / "releases" / "v3-run_1", papers, "multitask")
    assert not (tmp_path / "releases").exists()


def test_a_paper_cannot_take_an_archives_place(staged: Path, papers: list[Path], tmp_path: Path) -> None:
    (tmp_path / "adapter_style.tar.gz").touch()
    papers.append(tmp_path / "adapter_style.tar.gz")
    refused_publication(staged, papers, bundle.BundleError, "another file of that name")


def test_nothing_is_published_when_writing_fails_half_way(
    staged: Path, papers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        if source.name == "junit.xml":
            raise OSError(28, "No space left on device")
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr(shutil, "copyfile", full)
    refused_publication(staged, papers, OSError, "No space left")


def test_nothing_is_published_when_a_copy_reads_back_differently(
    staged: Path, papers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "copyfile", lambda source, target: target.write_bytes(source.read_bytes()[:-1]))
    refused_publication(staged, papers, bundle.BundleError, "not written as it should be")


def test_what_a_killed_publication_left_does_not_get_into_the_next(
    staged: Path, papers: list[Path], tmp_path: Path
) -> None:
    folder_of({"half.tar.gz": b"half"}, tmp_path / "releases" / "v3-run_1.partial")
    bundle.publish(staged, tmp_path / "releases" / "v3-run_1", papers, "style")
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["v3-run_1"]
    assert not (tmp_path / "releases" / "v3-run_1" / "half.tar.gz").exists()


def test_a_receipt_tells_which_bundle_was_verified(release: Path) -> None:
    receipt = bundle.receipt(release, [])
    assert receipt["result"] == "verified"
    assert receipt["sums_digest"] == hashlib.sha256((release / spec_papers.SUMS).read_bytes()).hexdigest()
    assert receipt["files"] == 7
