"""Every crime against spec, data, ledger, journal and bundle is refused by name; what nobody spoiled is not."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import gates
from harness.errors import DataError, GreenrunError, SpecError
from harness.gates import evaluation
from harness.releases import ledger, tried_items
from harness.report import rejudge
from harness.spec import load
from suites.sabotage import spec as spec_of
from suites.sabotage.campaign import linked, own
from suites.selftest.sabotage import trust, trust_data, trust_papers, trust_spec
from suites.selftest.sabotage.trust_crime import Crime
from suites.tiny.child import COMMAND, ROOT, Finished, Line, release

FEWEST = 60


def _named(crimes: tuple[Any, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("crime", [pytest.param(one, id=one.name.replace(" ", "-")) for one in crimes])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trust")


def test_there_are_enough_and_each_once() -> None:
    names = [one.name for one in trust.ALL]
    assert len(names) == len(set(names)) >= FEWEST


def test_the_page_is_written_from_them() -> None:
    assert trust.PAGE.read_text(encoding="utf-8") == trust.page(), "python -m suites.selftest.sabotage.trust"


def _edited(line: Line, folder: Path, *crimes: Any) -> Line:
    copied = line.copy(folder)
    table = tomllib.loads(copied.spec.read_text(encoding="utf-8"))
    for crime in crimes:
        crime.spoil(table)
    spec_of.write(copied.spec, table)
    return copied


def _opened(path: Path) -> None:
    """Open a run as far as before it has a folder."""
    loaded = load.load(path)
    expected = gates.expected(loaded)
    evaluation.check_provable(loaded, expected, evaluation.sizes(loaded, expected))


@_named(trust_spec.SPEC)
def test_a_spec_is_refused_before_a_run_begins(line: Line, tmp_path: Path, crime: Any) -> None:
    (line.spec.parent / "verdict.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        _opened(_edited(line, tmp_path / "line", crime).spec)
    assert crime.said in str(caught.value)


def test_so_the_command_itself_says_it(line: Line, tmp_path: Path) -> None:
    finished = release(_edited(line, tmp_path / "line", trust_spec.SPEC[0]), "never")
    assert finished.status == 4
    assert trust_spec.SPEC[0].said in finished.output
    assert not finished.run.exists()


@pytest.fixture(scope="module")
def weaker(line: Line, green: Finished, scene: Path) -> str:
    """The gate's message about a release after the green one that demands less in every way at once."""
    spoilt = own(line, scene / "weaker")
    table = tomllib.loads(spoilt.spec.read_text(encoding="utf-8"))
    for crime in trust_spec.WEAKER:
        crime.spoil(table)
    spec_of.write(spoilt.spec, table)
    for text in trust_spec.TEXTS:
        text.spoil(spoilt)
    finished = release(spoilt, "weaker", "-k", "spec_not_weakened")
    assert finished.status == 1, finished.output
    return str(finished.gate(trust_spec.NOT_WEAKENED)["message"])


@_named((*trust_spec.WEAKER, *trust_spec.TEXTS))
def test_what_a_spec_asks_less_of_is_told(weaker: str, crime: Crime) -> None:
    assert crime.said in weaker


@pytest.fixture(scope="module")
def leaky(line: Line, green: Finished, scene: Path) -> Finished:
    """A run of the data gates over files in which every leak was planted."""
    spoilt = own(line, scene / "leaky")
    train, benchmark = trust_data.read(spoilt, "sea", "train"), trust_data.read(spoilt, "sea", "benchmark")
    assert len(trust_data.LEAKS) <= len(train)
    for number, leak in enumerate(trust_data.LEAKS):
        train[number]["question"], benchmark[number]["question"] = leak.trained, leak.asked
    trust_data.write(spoilt, "sea", "train", train)
    trust_data.write(spoilt, "sea", "benchmark", benchmark)
    for planted in trust_data.PLANTED:
        planted.spoil(spoilt)
    finished = release(spoilt, "leaky", "suites/release/test_data.py")
    assert finished.status == 1, finished.output
    return finished


def _findings(finished: Finished, gate: str) -> list[dict[str, Any]]:
    path = finished.run / "findings" / f"{gate}.jsonl"
    return [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()[:-1]]


@_named(trust_data.LEAKS)
def test_a_question_that_was_trained_on_is_known_in_every_dress(leaky: Finished, crime: Any) -> None:
    line = trust_data.LEAKS.index(crime) + 1
    told = [
        str(one["problem"])
        for one in _findings(leaky, crime.by)
        if one["line"] == line and "benchmark" in str(one["path"])
    ]
    assert any(crime.said in text and f"train/sea.jsonl:{line}" in text for text in told), told


def test_the_other_questions_are_not_accused(leaky: Finished) -> None:
    lines = {one["line"] for one in _findings(leaky, trust_data.APART) if "benchmark" in str(one["path"])}
    assert lines == set(range(1, len(trust_data.LEAKS) + 1))


@_named(trust_data.PLANTED)
def test_what_counts_twice_is_named(leaky: Finished, crime: Crime) -> None:
    assert leaky.gate(crime.by)["outcome"] == "failed"
    told = "\n".join(str(one["problem"]) for one in _findings(leaky, crime.by))
    assert crime.said in told.replace("\u00ad", "\\xad"), told


@_named(trust_papers.LEFT)
def test_a_run_that_was_tampered_with_is_not_judged_again(
    line: Line, green: Finished, tmp_path: Path, crime: Any
) -> None:
    linked(line.out / "store", tmp_path / "store")
    run = Path(shutil.copytree(green.run, tmp_path / "runs" / "green"))
    crime.spoil(run)
    (folder,) = (tmp_path / "runs").iterdir()
    with pytest.raises(GreenrunError) as caught:
        rejudge.judge(folder)
    assert crime.said in str(caught.value)


def test_a_run_that_nobody_touched_is_judged_again(line: Line, green: Finished, tmp_path: Path) -> None:
    linked(line.out / "store", tmp_path / "store")
    run = shutil.copytree(green.run, tmp_path / "runs" / "green")
    assert rejudge.judge(Path(run))["verdict"] == "released"


def _verified(green: Finished, folder: Path, crimes: tuple[Any, ...], then: Callable[[Path], None]) -> str:
    bundle = Path(shutil.copytree(green.release, folder / "bundle"))
    for crime in crimes:
        crime.spoil(bundle)
    then(bundle)
    done = subprocess.run(
        [*COMMAND, "-p", "no:cacheprovider", "suites/verify", f"--bundle={bundle}"],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    receipt = json.loads(bundle.with_name("bundle.receipt.json").read_text(encoding="utf-8"))
    assert receipt["result"] == "refused"
    return "\n".join(receipt["problems"])


@pytest.fixture(scope="module")
def unsealed(green: Finished, scene: Path) -> str:
    return _verified(green, scene / "unsealed", trust_papers.UNSEALED, lambda bundle: None)


@pytest.fixture(scope="module")
def resealed(green: Finished, scene: Path) -> str:
    return _verified(green, scene / "resealed", trust_papers.RESEALED, trust_papers.reseal)


@_named(trust_papers.UNSEALED)
def test_a_bundle_that_its_checksums_do_not_fit_is_refused(unsealed: str, crime: Crime) -> None:
    assert crime.said in unsealed


@_named(trust_papers.RESEALED)
def test_a_bundle_that_its_verdict_does_not_bear_out_is_refused(resealed: str, crime: Crime) -> None:
    assert crime.said in resealed


@_named(trust_papers.COUNTED)
def test_a_ledger_that_was_edited_is_refused_by_its_line(line: Line, tmp_path: Path, crime: Any) -> None:
    spec = load.load(line.spec)
    asked = tried_items.of_adapter(spec, spec.candidate)
    path = tmp_path / "ledger.jsonl"
    path.touch()
    for adapter in "ab":
        ledger.record(path, asked, adapter, "tiny", "before")
    crime.spoil(path)
    with pytest.raises(DataError) as caught:
        ledger.record(path, asked, "c", "tiny", "now")
    assert crime.said in str(caught.value)
