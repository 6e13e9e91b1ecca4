"""Bundles are made the same way twice, appear whole or not at all, and are read as if they were hostile."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from harness import archive, bundle, judged_items
from harness.adapter_files import ALLOWED, CONFIG, WEIGHTS

ROOT = Path(__file__).resolve().parents[2]
Members = list[tuple[tarfile.TarInfo, bytes]]

contents = st.dictionaries(st.sampled_from(sorted(ALLOWED)), st.binary(max_size=2000), min_size=1)


def folder_of(files: dict[str, bytes], place: Path) -> Path:
    place.mkdir(parents=True)
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Packing


@given(files=contents)
@settings(max_examples=40, deadline=None)
def test_equal_folders_give_equal_bytes(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        packed = []
        for side, order in (("one", list(files)), ("two", list(reversed(files)))):
            folder = folder_of({name: files[name] for name in order}, Path(scratch, side, "adapter"))
            target = Path(scratch, side, "adapter_style.tar.gz")
            bundle.pack(folder, target)
            packed.append(target.read_bytes())
    assert packed[0] == packed[1]


@given(files=contents)
@settings(max_examples=40, deadline=None)
def test_unpacking_gives_back_what_was_packed(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "adapter_style.tar.gz")
        bundle.pack(folder_of(files, Path(scratch, "adapter")), target)
        unpacked = bundle.unpack(target, Path(scratch, "out"))
        assert (unpacked.name, contents_of(unpacked)) == ("adapter_style", files)


def test_members_are_sorted_whatever_order_the_file_system_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(dict.fromkeys(ALLOWED, b"x"), tmp_path / "adapter")
    backwards = sorted(folder.iterdir(), reverse=True)
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(backwards))
    bundle.pack(folder, tmp_path / "adapter_style.tar.gz")
    with tarfile.open(tmp_path / "adapter_style.tar.gz") as tar:
        assert tar.getnames() == [f"adapter_style/{name}" for name in sorted(ALLOWED)]


def test_an_archive_keeps_no_time_owner_or_file_mode_of_this_machine(tmp_path: Path) -> None:
    folder = folder_of({"README.md": b"x"}, tmp_path / "adapter")
    (folder / "README.md").chmod(0o600)
    target = tmp_path / "adapter_style.tar.gz"
    bundle.pack(folder, target)
    with tarfile.open(target) as tar:
        (member,) = tar.getmembers()
    assert (member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode) == (0, 0, 0, "", "", 0o644)
    assert target.read_bytes()[3:8] == bytes(5)  # RFC 1952: no flags, so no file name; modification time 0


def test_packing_refuses_a_file_that_unpacking_would_refuse(tmp_path: Path) -> None:
    folder = folder_of({CONFIG: b"{}", "handler.py": b"import os"}, tmp_path / "adapter")
    with pytest.raises(bundle.BundleError, match=r"handler\.py"):
        bundle.pack(folder, tmp_path / "adapter_style.tar.gz")


def test_packing_refuses_a_link(tmp_path: Path) -> None:
    folder = folder_of({CONFIG: b"{}"}, tmp_path / "adapter")
    (folder / WEIGHTS).symlink_to("/etc/hostname")
    with pytest.raises(bundle.BundleError, match="not a regular file"):
        bundle.pack(folder, tmp_path / "adapter_style.tar.gz")


# Unpacking what somebody else packed


def member(name: str, data: bytes = b"x", kind: bytes = tarfile.REGTYPE, link: str = "") -> Members:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    return [(info, data)]


def tar_of(members: Members, dialect: int = tarfile.USTAR_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=dialect) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return target.getvalue()


def hostile(plain: bytes, folder: Path) -> Path:
    target = folder / "adapter_style.tar.gz"
    target.write_bytes(gzip.compress(plain))
    return target


README = "adapter_style/README.md"
HOSTILE: dict[str, tuple[Members, str]] = {
    "parent": (member("adapter_style/../README.md"), "has no place"),
    "parent-first": (member("../adapter_style/README.md"), "has no place"),
    "absolute": (member("/adapter_style/README.md"), "has no place"),
    "dot": (member("./adapter_style/README.md"), "has no place"),
    "no-folder": (member("README.md"), "has no place"),
    "other-folder": (member("adapter_writing/README.md"), "has no place"),
    "deeper": (member("adapter_style/adapter_style/README.md"), "has no place"),
    "extra-name": (member("adapter_style/handler.py"), "has no place"),
    "pickle": (member("adapter_style/adapter_model.bin"), "has no place"),
    "symlink": (member(README, b"", tarfile.SYMTYPE, "/etc/passwd"), "symbolic link"),
    "hard-link": (member(README, b"", tarfile.LNKTYPE, "/etc/passwd"), "hard link"),
    "device": (member(README, b"", tarfile.CHRTYPE), "device"),
    "block-device": (member(README, b"", tarfile.BLKTYPE), "device"),
    "pipe": (member(README, b"", tarfile.FIFOTYPE), "named pipe"),
    "folder": (member("adapter_style", b"", tarfile.DIRTYPE), "is a folder"),
    "sparse": (member(README, b"", tarfile.GNUTYPE_SPARSE), "of tar type"),
    "duplicate": (member(README) + member(README), "stands twice"),
    "link-after-file": (member(README) + member(README, b"", tarfile.SYMTYPE, "x"), "symbolic link"),
    "nothing": ([], "holds no file"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_member_is_refused_and_nothing_is_left(case: str, tmp_path: Path) -> None:
    members, reason = HOSTILE[case]
    target = hostile(tar_of(members), tmp_path)
    with pytest.raises(bundle.BundleError, match=reason):
        bundle.unpack(target, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter_style.tar.gz", "into"]


def test_the_refusal_names_the_member(tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match=r"adapter_style\.tar\.gz: member 'adapter_style/handler\.py'"):
        bundle.unpack(hostile(tar_of(member("adapter_style/handler.py")), tmp_path), tmp_path / "into")


@pytest.mark.parametrize("dialect", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
def test_extended_headers_are_refused_before_they_are_parsed(dialect: int, tmp_path: Path) -> None:
    """They hold names and sizes of any length, which a full parser would believe."""
    target = hostile(tar_of(member("adapter_style/" + "x" * 300), dialect), tmp_path)
    with pytest.raises(bundle.BundleError, match="of tar type"):
        bundle.unpack(target, tmp_path / "into")


@pytest.fixture
def small_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    monkeypatch.setattr(archive, "MAX_TOTAL", 1500)


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize(
    "members",
    [
        pytest.param(member(README, bytes(1001)), id="one-file"),
        pytest.param(member(README, bytes(900)) + member(f"adapter_style/{CONFIG}", bytes(601)), id="in-all"),
    ],
)
def test_more_than_the_caps_is_refused(members: Members, tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="at most 1000 a file and 1500 in all"):
        bundle.unpack(hostile(tar_of(members), tmp_path), tmp_path / "into")


@pytest.mark.usefixtures("small_caps")
def test_packing_refuses_more_than_the_caps(tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="too large"):
        bundle.pack(folder_of({WEIGHTS: bytes(1001)}, tmp_path / "adapter"), tmp_path / "adapter_style.tar.gz")


def lying(claimed: int, data: bytes) -> bytes:
    info = tarfile.TarInfo(README)
    info.size = claimed
    padded = data + bytes(-len(data) % tarfile.BLOCKSIZE)
    return info.tobuf(tarfile.GNU_FORMAT) + padded + bytes(2 * tarfile.BLOCKSIZE)


@pytest.mark.parametrize(
    ("claimed", "reason"),
    [
        pytest.param(10, "no member's header stands after", id="less-than-there-is"),
        pytest.param(100_000, "damaged", id="more-than-there-is"),
        pytest.param(1 << 60, "claims", id="an-exbibyte"),
        pytest.param(-1, "claims -1", id="negative"),
    ],
)
def test_a_size_that_lies_is_refused(claimed: int, reason: str, tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match=reason):
        bundle.unpack(hostile(lying(claimed, b"y" * 5000), tmp_path), tmp_path / "into")


def test_a_bomb_behind_the_last_member_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inflated = 0
    read = gzip.GzipFile.read

    def counted(stream: gzip.GzipFile, size: int | None = -1) -> bytes:
        nonlocal inflated
        found = read(stream, size)
        inflated += len(found)
        return found

    target = hostile(tar_of(member(README)) + bytes(50_000_000), tmp_path)
    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    with pytest.raises(bundle.BundleError, match="bytes follow"):
        bundle.unpack(target, tmp_path / "into")
    assert inflated < 100_000


@pytest.mark.parametrize("cut", [1, 9, 30, 60])
def test_a_truncated_archive_is_refused(cut: int, tmp_path: Path) -> None:
    target = hostile(tar_of(member(README, b"some text")), tmp_path)
    target.write_bytes(target.read_bytes()[:-cut])
    with pytest.raises(bundle.BundleError, match="damaged"):
        bundle.unpack(target, tmp_path / "into")


def test_data_that_gzip_itself_finds_damaged_is_refused(tmp_path: Path) -> None:
    target = hostile(tar_of(member(README, b"some text")), tmp_path)
    plain = target.read_bytes()
    target.write_bytes(plain[:-8] + bytes([plain[-8] ^ 1]) + plain[-7:])  # RFC 1952: CRC32, then size
    with pytest.raises(bundle.BundleError, match="damaged"):
        bundle.unpack(target, tmp_path / "into")


@given(data=st.binary(max_size=3000), at=st.integers(0, 2999), value=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_or_unpacked_into_the_folder_alone(data: bytes, at: int, value: int) -> None:
    plain = bytearray(tar_of(member(README, data)))
    plain[at % len(plain)] = value
    with tempfile.TemporaryDirectory() as scratch:
        target = hostile(bytes(plain), Path(scratch))
        with contextlib.suppress(bundle.BundleError):
            bundle.unpack(target, Path(scratch, "into"))
        assert {path.name for path in Path(scratch).iterdir()} == {"adapter_style.tar.gz", "into"}
        assert {path.name for path in Path(scratch, "into").iterdir()} <= {"adapter_style"}


def test_an_archive_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "adapter_style.tar.gz").symlink_to(hostile(tar_of(member(README)), tmp_path / "real"))
    with pytest.raises(bundle.BundleError, match="not a regular file"):
        bundle.unpack(tmp_path / "adapter_style.tar.gz", tmp_path / "into")


def test_nothing_is_unpacked_over_an_existing_folder(tmp_path: Path) -> None:
    target = hostile(tar_of(member(README)), tmp_path)
    (tmp_path / "into" / "adapter_style").mkdir(parents=True)
    with pytest.raises(bundle.BundleError, match="exists already"):
        bundle.unpack(target, tmp_path / "into")


# Staging, verifying, publishing


KEPT = judged_items.render(
    judged_items.JudgedItem("style", f"one-{number}", f"topic {number}", "0" * 64, "an answer", {"format": score})
    for number, score in enumerate((1.0, 0.0))
)
VERDICT = {
    "verdict": "released",
    "packed": ["style", "writing"],
    "candidate_adapter": "style",
    "gates": [{"id": "eval.style.style.format", "value": 0.5}],
}


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest LoRA that `adapter_files.inspect` takes: one pair of matrices, rank 2."""
    folder = tmp_path_factory.mktemp("trained") / "adapter"
    folder.mkdir()
    stem = "base_model.model.model.layers.0.self_attn.q_proj"
    pair = {f"{stem}.lora_A.weight": torch.ones(2, 4), f"{stem}.lora_B.weight": torch.ones(4, 2)}
    save_file(pair, folder / WEIGHTS)
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture
def staged(adapter: Path, tmp_path: Path) -> Path:
    bundle.stage({"style": adapter, "writing": adapter}, tmp_path / "staged", {judged_items.FILE: KEPT})
    return tmp_path / "staged"


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "run"
    folder.mkdir()
    texts = {"verdict.json": json.dumps(VERDICT), "junit.xml": "<testsuites/>", "report.md": "#", "release.toml": ""}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


@pytest.fixture
def release(staged: Path, papers: list[Path], tmp_path: Path) -> Path:
    """A published bundle of two adapters."""
    bundle.publish(staged, tmp_path / "releases" / "v3-run_1", papers)
    return tmp_path / "releases" / "v3-run_1"


def test_staging_writes_sorted_checksums_as_sha256sum_does(staged: Path) -> None:
    names = ["adapter_style.tar.gz", "adapter_writing.tar.gz", judged_items.FILE]
    lines = [f"{hashlib.sha256((staged / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    assert (staged / bundle.SUMS).read_text(encoding="ascii") == "".join(lines)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not here; it comes with GNU coreutils")
def test_sha256sum_itself_accepts_a_release(release: Path) -> None:
    done = subprocess.run(["sha256sum", "--strict", "-c", bundle.SUMS], cwd=release, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


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
    "no-sums": (lambda folder: (folder / bundle.SUMS).unlink(), "SHA256SUMS.txt is missing"),
    "sums-link": (lambda folder: swap_for_link(folder / bundle.SUMS), "'SHA256SUMS.txt' is not a regular file"),
    "no-line": (lambda folder: append_line(folder / bundle.SUMS, "what\n"), "SHA256SUMS.txt:8: not '<sha256>"),
    "outside": (lambda folder: append_line(folder / bundle.SUMS, f"{'0' * 64}  ../x\n"), "SHA256SUMS.txt:8: not"),
    "twice": (
        lambda folder: append_line(folder / bundle.SUMS, f"{'0' * 64}  report.md\n"),
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
    names = [line.split()[1] for line in (release / bundle.SUMS).read_text(encoding="ascii").splitlines()]
    assert names == sorted(names)


def test_a_release_is_never_overwritten(staged: Path, papers: list[Path], release: Path) -> None:
    before = contents_of(release)
    with pytest.raises(bundle.BundleError, match="exists already"):
        bundle.publish(staged, release, papers)
    assert contents_of(release) == before


def refused_publication(staged: Path, papers: Sequence[Path], kind: type[Exception], words: str) -> None:
    """Publishing fails so, and leaves neither a release nor a part of one."""
    releases = staged.parent / "releases"
    with pytest.raises(kind, match=words):
        bundle.publish(staged, releases / "v3-run_1", papers)
    assert not releases.exists() or list(releases.iterdir()) == []


def test_nothing_is_published_without_all_papers(staged: Path, papers: list[Path]) -> None:
    papers[2].unlink()
    refused_publication(staged, papers, bundle.BundleError, r"report\.md is missing")


def test_nothing_is_published_when_the_staged_archives_changed_after_the_gates(
    staged: Path, papers: list[Path]
) -> None:
    flip(staged / "adapter_style.tar.gz")
    refused_publication(staged, papers, bundle.BundleError, "no longer what was judged")


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
    bundle.publish(staged, tmp_path / "releases" / "v3-run_1", papers)
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["v3-run_1"]
    assert not (tmp_path / "releases" / "v3-run_1" / "half.tar.gz").exists()


def test_a_receipt_tells_which_bundle_was_verified(release: Path) -> None:
    receipt = bundle.receipt(release, [])
    assert receipt["result"] == "verified"
    assert receipt["sums_digest"] == hashlib.sha256((release / bundle.SUMS).read_bytes()).hexdigest()
    assert receipt["files"] == 7


# The suite that runs on the receiving side


def verification(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "suites/verify", *arguments],
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
    names = sorted(path.name for path in release.iterdir() if path.name != bundle.SUMS)
    lines = [f"{hashlib.sha256((release / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (release / bundle.SUMS).write_text("".join(lines), encoding="ascii")


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
