"""Options and receipt of a verification: ``pytest suites/verify --bundle=DIR --key=PUBLIC.pem --wants=wants.toml``.

The recipient brings the trust: the sender's public key and what a release must be to be wanted. The receipt is written
beside the bundle, as ``DIR.receipt.json``: inside, it would be a file too many; ``--sign-with`` has it signed as well,
as ``DIR.receipt.dsse.json``. It says "verified" only where every check was made and passed; checks left out with ``-k``
refuse it. What nobody asked for (no key, no wishes) it says in words: not looked at is not found sound.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.errors import SignatureError
from harness.releases import bundle, signature, wants
from harness.releases.wants import Wants

FOLDER = pytest.StashKey[Path]()
KEY = pytest.StashKey[Path | None]()
"""The sender's public key; None where the recipient gave none."""
WANTS = pytest.StashKey[Wants | None]()
SIGN_WITH = pytest.StashKey[Path | None]()
"""The recipient's private key, for the receipt."""
PROBLEMS = pytest.StashKey[list[str]]()
PASSED = pytest.StashKey[set[str]]()
RECEIPT = pytest.StashKey[str]()
"""The receipt as one line for the terminal."""


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--bundle")
    if given is None:
        raise pytest.UsageError("suites/verify needs --bundle DIR: the folder of a transferred release")
    # Not resolved: where DIR is a link, the receipt belongs beside it as the caller named it.
    folder = Path(os.path.abspath(config.invocation_params.dir / given))
    if not folder.is_dir():
        raise pytest.UsageError(f"--bundle: there is no folder {given}")
    try:
        key, private, wished = (_given(config, name) for name in ("--key", "--sign-with", "--wants"))
        if key is not None:
            signature.fingerprint(key)
        if private is not None:
            signature.check_private(private)
        config.stash[WANTS] = None if wished is None else wants.read(wished)
    except (SignatureError, wants.WantsError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[KEY], config.stash[SIGN_WITH] = key, private
    config.stash[FOLDER] = folder
    config.stash[PROBLEMS] = []
    config.stash[PASSED] = set()
    config.pluginmanager.register(Notary(config), "greenrun-notary")


def _given(config: pytest.Config, option: str) -> Path | None:
    """The file that an option names.

    Raises:
        UsageError: there is none.
    """
    given = config.getoption(option)
    if given is None:
        return None
    path = (config.invocation_params.dir / given).resolve()
    if not path.is_file():
        raise pytest.UsageError(f"{option}: there is no file {given}")
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``archive`` to a test that asks for it: each adapter archive of the bundle by its name."""
    if "archive" in metafunc.fixturenames:
        metafunc.parametrize("archive", bundle.archives(metafunc.config.stash[FOLDER]))


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest) -> Path:
    """The bundle that ``--bundle`` names."""
    return request.config.stash[FOLDER]


@pytest.fixture(scope="session")
def key(request: pytest.FixtureRequest) -> Path | None:
    """The sender's public key that ``--key`` names."""
    return request.config.stash[KEY]


@pytest.fixture(scope="session")
def wished(request: pytest.FixtureRequest) -> Wants | None:
    """What ``--wants`` asks of the release."""
    return request.config.stash[WANTS]


WHOLE = (
    "files_are_those_of_the_checksums",
    "signature_is_the_senders",
    "verdict_follows_from_the_journal",
    "verdict_released_these_adapters",
    "waivers_are_in_force",
    "judged_items_bear_the_verdict_out",
    "cards_say_what_the_verdict_says",
    "release_is_the_wanted_one",
)
"""Checks of a bundle as a whole."""


def checks(folder: Path) -> list[str]:
    """Names of the tests that a bundle must pass."""
    each = [f"test_archive_holds_a_sound_adapter[{name}]" for name in bundle.archives(folder)]
    return [*(f"test_{name}" for name in WHOLE), *each]


class Notary:
    """Watches the checks and writes the receipt; in the main process only, where xdist reports to."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("::")[2]
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message.removeprefix("Failed: ") if crash is not None else report.longreprtext
            self.config.stash[PROBLEMS].extend(f"{name}: {line}" for line in text.splitlines() if line.strip())
            self.config.stash[PASSED].discard(name)
        elif report.when == "call" and report.passed:
            self.config.stash[PASSED].add(name)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        config = self.config
        if hasattr(config, "workerinput") or config.option.collectonly:
            return
        folder, problems = config.stash[FOLDER], config.stash[PROBLEMS]
        failed = {problem.partition(": ")[0] for problem in problems}
        missed = [name for name in checks(folder) if name not in config.stash[PASSED] | failed]
        problems.extend(f"{name}: was not run to its end" for name in missed)
        receipt = {**bundle.receipt(folder, problems), **_trust(config)}
        place = folder.with_name(f"{folder.name}.receipt.json")
        try:
            _write(json.dumps(receipt, indent=1) + "\n", place)
            if (private := config.stash[SIGN_WITH]) is not None:
                sealed = signature.seal(receipt, "application/vnd.greenrun.receipt+json", private)
                _write(sealed, folder.with_name(f"{folder.name}.receipt.dsse.json"))
            config.stash[RECEIPT] = f"{receipt['result']}: {place}"
        except (OSError, SignatureError) as error:
            problems.append(f"the receipt cannot be written: {error}")
            config.stash[RECEIPT] = problems[-1]
        if problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if RECEIPT in self.config.stash:
            terminalreporter.section("receipt")
            terminalreporter.line(self.config.stash[RECEIPT])


def _trust(config: pytest.Config) -> dict[str, str]:
    """What the recipient brought, and what so was not looked at."""
    key, wished = config.stash[KEY], config.stash[WANTS]
    return {
        "key": "not looked at: no --key" if key is None else f"sha256 {signature.fingerprint(key)}",
        "wants": "not looked at: no --wants" if wished is None else f"release {wished.release}",
        "verdict": _headline(config.stash[FOLDER]),
    }


def _headline(folder: Path) -> str:
    """What the bundle says of itself, with its stamps."""
    try:
        paper = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        used = [one["gate"] for one in paper.get("waivers", []) if one["used"]]
        stamps = [
            *(["UNPROVEN"] if paper.get("unproven") else []),
            *([f"WITH WAIVER of {', '.join(used)}"] if used else []),
        ]
        return " ".join([str(paper["verdict"]), *stamps])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "unreadable"


def _write(text: str, place: Path) -> None:
    fresh = place.with_name(f"{place.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(place)
