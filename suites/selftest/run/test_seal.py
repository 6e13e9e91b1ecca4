"""Everyone's accidents with a signed bundle: each is found, and named, by the check that speaks of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness import keys
from harness.errors import SignatureError, SpecError
from harness.plugin import options
from harness.releases import bom, bundle, card, signature, statement, wants
from harness.releases.verify_alone import SIGNATURE
from harness.report import outside
from suites.selftest.releases import small_bundle
from suites.selftest.releases.small_bundle import flip, reseal
from suites.verify import test_bundle, test_trust

GATE = small_bundle.GATES[1].id
ARCHIVE = "adapter_writing.tar.gz"
Bundle = Callable[..., Path]
Spoil = Callable[[Path], object]


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sender's private and public key."""
    place = tmp_path_factory.mktemp("keys")
    signature.make_keys(place / "sender.pem", place / "sender.pub")
    return place / "sender.pem", place / "sender.pub"


@pytest.fixture(scope="session")
def sealed(pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed bundle, to be copied."""
    return small_bundle.release(tmp_path_factory.mktemp("sealed") / "sent", pair[0])


@pytest.fixture
def sent(sealed: Path, tmp_path: Path) -> Path:
    """A copy of it, free to be spoiled."""
    return shutil.copytree(sealed, tmp_path / sealed.name)


def found(folder: Path, key: Path | None, scratch: Path, wished: wants.Wants | None = None) -> dict[str, str]:
    """Check of the verify suite -> its message about a bundle."""
    checks: Mapping[str, Callable[[], None]] = {
        "sums": lambda: test_bundle.test_files_are_those_of_the_checksums(folder),
        "signature": lambda: test_trust.test_signature_is_the_senders(folder, key),
        "journal": lambda: test_trust.test_verdict_follows_from_the_journal(folder, scratch / "again"),
        "verdict": lambda: test_bundle.test_verdict_released_these_adapters(folder),
        "waivers": lambda: test_trust.test_waivers_are_in_force(folder),
        "items": lambda: test_bundle.test_judged_items_bear_the_verdict_out(folder),
        "cards": lambda: test_trust.test_cards_say_what_the_verdict_says(folder),
        "wants": lambda: test_trust.test_release_is_the_wanted_one(folder, wished),
        "archives": lambda: [
            test_bundle.test_archive_holds_a_sound_adapter(folder, name, scratch / name)
            for name in bundle.archives(folder)
        ] and None,
    }  # fmt: skip
    told = {}
    for name, check in checks.items():
        try:
            check()
        except pytest.fail.Exception as failure:
            told[name] = str(failure)
    return told


def alone(folder: Path) -> subprocess.CompletedProcess[str]:
    """The result of the bundle's own script, run by a Python without any package."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_bundle_as_it_was_sent_is_sound_in_every_check(sent: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert found(sent, pair[1], tmp_path) == {}
    done = alone(sent)
    assert (done.returncode, done.stdout.startswith("verified:")) == (0, True), done.stdout + done.stderr
    sums = subprocess.run(["sha256sum", "-c", "SHA256SUMS.txt"], cwd=sent, capture_output=True, check=False)
    assert sums.returncode == 0


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


ACCIDENTS: Mapping[str, tuple[Spoil, str]] = {
    "truncated": (lambda folder: shorten(folder / ARCHIVE), f"{ARCHIVE} has sha256"),
    "a bit flipped": (lambda folder: flip(folder / "verdict.json"), "verdict.json has sha256"),
    "a file missing": (lambda folder: (folder / "report.md").unlink(), "report.md is listed"),
    "a file extra": (lambda folder: (folder / "notes.txt").write_text("x"), "'notes.txt' is not listed"),
    "a hidden file extra": (lambda folder: (folder / ".gitignore").write_text("x"), "'.gitignore' is not listed"),
    "a folder extra": (lambda folder: (folder / "more").mkdir(), "'more' is not a regular file"),
    "renamed": (lambda folder: (folder / "junit.xml").rename(folder / "j.xml"), "'j.xml' is not listed"),
    "the list missing": (lambda folder: (folder / "SHA256SUMS.txt").unlink(), "SHA256SUMS.txt is missing"),
}


@pytest.mark.parametrize("name", ACCIDENTS)
def test_damage_is_named_by_sums_signature_and_script(
    name: str, sent: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    spoil, words = ACCIDENTS[name]
    spoil(sent)
    told = found(sent, pair[1], tmp_path)
    assert words in told["sums"]
    assert name == "a folder extra" or "signature" in told  # an empty folder holds no file to be signed
    done = alone(sent)
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stdout


def test_files_packed_anew_with_new_sums_do_not_fit_the_old_signature(
    sent: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    (sent / "report.md").write_text("# all is well", encoding="utf-8")
    reseal(sent)
    told = found(sent, pair[1], tmp_path)
    assert list(told) == ["signature"]
    assert "report.md" in told["signature"]


def test_an_extra_file_with_new_sums_is_refused_by_name(sent: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    (sent / "extra.txt").write_text("x", encoding="utf-8")
    reseal(sent)
    assert "extra.txt" in found(sent, pair[1], tmp_path)["signature"]


def test_another_key_is_refused(sent: Path, tmp_path: Path) -> None:
    signature.make_keys(tmp_path / "other.pem", tmp_path / "other.pub")
    assert "is not the signature of other.pub's owner" in found(sent, tmp_path / "other.pub", tmp_path)["signature"]


def test_an_unsigned_bundle_is_refused_where_a_key_is_brought(
    sent: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    (sent / SIGNATURE).unlink()
    assert "the bundle is not signed" in found(sent, pair[1], tmp_path)["signature"]


def test_another_bundles_signed_statement_is_refused(sent: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Signed anew by the very key: what it says must be said of these archives."""
    said = signature.payload_of(sent / statement.FILE)
    said["subject"][0]["digest"]["sha256"] = "0" * 64
    (sent / statement.FILE).write_text(signature.seal(said, statement.MEDIA_TYPE, pair[0]), encoding="utf-8")
    (sent / SIGNATURE).unlink()
    reseal(sent)
    signature.sign_folder(sent, pair[0])
    assert "'subject' is not that of this bundle" in found(sent, pair[1], tmp_path)["signature"]


def test_archives_of_two_runs_are_not_taken_for_one(sent: Path, tmp_path: Path) -> None:
    other = small_bundle.write_adapter(tmp_path / "other")
    config = json.loads((other / "adapter_config.json").read_text(encoding="utf-8"))
    (other / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 8}), encoding="utf-8")
    (sent / ARCHIVE).unlink()
    bundle.pack(other, sent / ARCHIVE)
    reseal(sent)
    assert "the verdict judged" in found(sent, None, tmp_path)["archives"]


def test_a_journal_of_another_run_does_not_bear_the_verdict_out(sent: Path, tmp_path: Path) -> None:
    small_bundle.journal(tmp_path / "elsewhere", "inconclusive")
    shutil.copyfile(tmp_path / "elsewhere" / "main.jsonl", sent / "evidence.main.jsonl")
    reseal(sent)
    assert "the verdict was reached from" in found(sent, None, tmp_path)["journal"]


def test_a_verdict_that_was_improved_with_its_journals_digests_is_found(sent: Path, tmp_path: Path) -> None:
    """The journal says inconclusive, the verdict released: somebody wrote all digests anew."""
    small_bundle.journal(tmp_path / "elsewhere", "inconclusive")
    shutil.copyfile(tmp_path / "elsewhere" / "main.jsonl", sent / "evidence.main.jsonl")
    paper = json.loads((sent / "verdict.json").read_text(encoding="utf-8"))
    paper["evidence"] = {"main.jsonl": bundle.digests.of_file(sent / "evidence.main.jsonl")}
    (sent / "verdict.json").write_text(json.dumps(paper), encoding="utf-8")
    reseal(sent)
    assert "its journal says 'refused'" in found(sent, None, tmp_path)["journal"]


def test_a_bundle_without_its_journal_has_only_said_its_verdict(sent: Path, tmp_path: Path) -> None:
    (sent / "evidence.main.jsonl").unlink()
    reseal(sent)
    assert "holds no journal" in found(sent, None, tmp_path)["journal"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.5000", "0.9500"), ("value: 0.5", "value: 0.95"), ("# v3 style", "# v3 style, the best"), ("n | asked", "n |")],
)
def test_a_card_that_says_more_than_the_verdict_is_found(sent: Path, tmp_path: Path, old: str, new: str) -> None:
    path = sent / card.name_of("style")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    reseal(sent)
    assert found(sent, None, tmp_path).keys() == {"cards"}


def test_a_card_that_goes_on_or_stops_early_is_found(sent: Path, tmp_path: Path) -> None:
    path = sent / card.name_of("style")
    text = path.read_text(encoding="utf-8")
    for spoilt in (f"{text}\nFit for every purpose.\n", text[: len(text) // 2], ""):
        path.write_text(spoilt, encoding="utf-8")
        assert "cards" in found(sent, None, tmp_path / str(len(spoilt)))


def test_a_card_of_no_packed_adapter_and_a_missing_one_are_found(sent: Path, tmp_path: Path) -> None:
    (sent / card.name_of("style")).rename(sent / card.name_of("other"))
    told = found(sent, None, tmp_path)["cards"]
    assert "card_other.md: no card" in told
    assert "card_style.md is missing" in told


WAIVER = {"kind": "waiver", "gate": GATE, "reason": "agreed", "by": "Ann"}


@pytest.mark.parametrize("days", [-1, 0, 30])
def test_an_expired_waiver_is_refused_by_whoever_receives_it_too_late(
    days: int, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    until = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    sent = small_bundle.release(tmp_path / "sent", pair[0], "inconclusive", {**WAIVER, "until": until})
    told = found(sent, pair[1], tmp_path)
    assert list(told) == (["waivers"] if days < 0 else []), told
    assert "WITH WAIVER" in (sent / card.name_of("style")).read_text(encoding="utf-8")
    said = signature.opened(sent / statement.FILE, pair[1])["predicate"]
    assert (said["result"], said["warnedTests"], said["failedTests"]) == ("WARNED", [GATE], [])
    wished = wants.Wants(release="v3", gates=(wants.WantedGate(id=GATE),))
    assert "was waived by Ann" in found(sent, pair[1], tmp_path / "w", wished)["wants"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('release = "v4"', "release 'v4' is wanted"),
        ('release = "v3"\ncandidate = "writing"', "candidate 'writing' is wanted"),
        ('release = "v3"\n[[gates]]\nid = "eval.style.style.forma"', "did you mean 'eval.style.style.format'"),
        (f'release = "v3"\n[[gates]]\nid = "{GATE}"\nabove = 0.3', "its lower bound is 0.3"),
        (f'release = "v3"\n[[gates]]\nid = "{GATE}"\nabove = 0.29', ""),
    ],
)
def test_a_release_is_held_to_what_its_recipient_wants(text: str, words: str, sent: Path, tmp_path: Path) -> None:
    (tmp_path / "wants.toml").write_text(text, encoding="utf-8")
    told = found(sent, None, tmp_path, wants.read(tmp_path / "wants.toml"))
    assert words in told.get("wants", "") if words else told == {}


@pytest.mark.parametrize("text", ["", 'release = ""', 'release = "v3"\nwaiver = true', "release = 3", "[[gates]]"])
def test_wishes_that_cannot_be_read_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "wants.toml").write_text(text, encoding="utf-8")
    with pytest.raises(wants.WantsError, match=r"wants\.toml"):
        wants.read(tmp_path / "wants.toml")


def test_the_same_run_gives_the_same_bundle_but_for_its_signatures(pair: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = (small_bundle.release(tmp_path / name, pair[0]) for name in ("a", "b"))
    signed = {SIGNATURE, statement.FILE, "SHA256SUMS.txt"}
    one, two = (bundle.digests.of_folder(folder) for folder in (first, second))
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} <= signed


def test_the_statement_speaks_of_the_archives(sent: Path, pair: tuple[Path, Path]) -> None:
    said = signature.opened(sent / statement.FILE, pair[1])
    assert (said["_type"], said["predicateType"]) == (statement.STATEMENT, statement.TEST_RESULT)
    assert {one["name"]: one["digest"]["sha256"] for one in said["subject"]} == {
        name: bundle.digests.of_file(sent / name) for name in bundle.archives(sent)
    }
    assert said["predicate"]["result"] == "PASSED"


def test_the_bill_of_materials_names_base_adapters_data_and_licences(sent: Path) -> None:
    paper = json.loads((sent / bom.FILE).read_text(encoding="utf-8"))
    assert {one["bom-ref"]: one["type"] for one in paper["components"]} == {
        "base": "machine-learning-model",
        "adapter-style": "machine-learning-model",
        "adapter-writing": "machine-learning-model",
        "data-train-style": "data",
    }
    stated = {one["bom-ref"]: one.get("licenses") for one in paper["components"]}
    assert stated["adapter-style"] == [{"expression": "MIT"}]
    assert stated["base"] is None
    assert paper["bomFormat"] == "CycloneDX"


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    private = tmp_path / "sender.pem"
    assert keys.main([str(private)]) == 0
    assert private.stat().st_mode & 0o077 == 0
    before = private.read_bytes()
    with pytest.raises(SystemExit):
        keys.main([str(private)])
    assert private.read_bytes() == before


def test_a_private_key_is_not_made_where_it_would_be_shared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("runs", "store"):
        (tmp_path / "out" / name).mkdir(parents=True)
    for place in (tmp_path / "out" / "keys" / "k.pem", keys.ROOT / "k.pem"):
        with pytest.raises(SystemExit):
            keys.main([str(place)])
        assert not place.exists()
    assert "lies in the repository" in capsys.readouterr().err


class _Config:
    """A stand-in for pytest's config, with the options that `options.signing_key` reads."""

    def __init__(self, here: Path, **given: str) -> None:
        self.invocation_params = type("Params", (), {"dir": here})
        self.given = given

    def getoption(self, name: str) -> str | None:
        return self.given.get(name.removeprefix("--").replace("-", "_"))


def test_a_run_does_not_begin_with_a_key_that_could_not_sign(pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    inside = Path(shutil.copy(pair[0], tmp_path / "out" / "k.pem"))
    with pytest.raises(SpecError, match="move the key away"):
        options.signing_key(_Config(tmp_path, sign_with=str(inside), out="out"))  # type: ignore[arg-type]
    for wrong in (pair[1], tmp_path / "none.pem"):
        with pytest.raises(SignatureError, match="is no private key"):
            options.signing_key(_Config(tmp_path, sign_with=str(wrong), out="out"))  # type: ignore[arg-type]
    assert options.signing_key(_Config(tmp_path, sign_with=str(pair[0]), out="out")) == pair[0]  # type: ignore[arg-type]


def test_the_journal_in_a_bundle_is_found_again_by_its_names(sent: Path) -> None:
    assert list(outside.journal_in(sent)) == ["main.jsonl"]
