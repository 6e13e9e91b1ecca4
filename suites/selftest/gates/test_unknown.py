"""Nothing found, nothing looked at and not known are three things: what is not known never passes."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import answer_text, fingerprint, heard
from harness.engines.answers import Answer
from harness.engines.fingerprint import Fingerprint
from harness.errors import AdapterError, StoreError
from harness.gates import expected, judging
from harness.gates.data import strangers, unknown_leakage
from harness.run.provenance import UNKNOWN, git_state
from harness.spec import load
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from suites.tiny.child import Line


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "file").write_text("one", encoding="utf-8")
    git(folder, "add", "file")
    git(folder, "commit", "-qm", "One")
    return folder


def test_git_is_clean_or_dirty_where_it_says_so(repository: Path) -> None:
    clean = git_state(repository)
    (repository / "file").write_text("two", encoding="utf-8")
    assert (len(clean["git_commit"]), clean["git_dirty"], git_state(repository)["git_dirty"]) == (40, False, True)


def test_git_that_refuses_to_answer_reads_unknown_and_never_clean(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does on a folder of dubious ownership."""
    (repository / ".git" / "config").write_text("[core]\nrepositoryformatversion = 9\n", encoding="utf-8")
    assert git_state(repository) == {"git_commit": UNKNOWN, "git_dirty": UNKNOWN, "git_submodules": [UNKNOWN]}


def test_a_machine_without_git_reads_unknown(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_state(repository)["git_dirty"] == UNKNOWN


def test_a_repository_that_the_environment_names_is_not_the_projects(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = git_state(repository)["git_commit"]
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert (os.environ["GIT_DIR"], git_state(repository)["git_commit"]) == (str(other / ".git"), own)


@pytest.fixture(scope="module")
def spec(line: Line) -> Spec:
    return load.load(line.spec)


def given(spec: Spec, *names: str) -> Spec:
    adapters = {
        name: replace(one, path=Path("elsewhere")) if name in names else one for name, one in spec.adapters.items()
    }
    return replace(spec, adapters=adapters)


def test_leakage_is_unknown_of_each_given_adapter_though_another_is_trained_here(spec: Spec) -> None:
    assert strangers(spec, "sea") == ()
    assert strangers(given(spec, "both"), "sea") == ("both",)
    assert strangers(given(spec, "sea"), "sea") == ("sea",)
    assert strangers(given(spec, "sea"), "shore") == ()


def test_an_adapter_of_unknown_leakage_is_not_packed_unless_the_spec_lets_the_question_advise(spec: Spec) -> None:
    stranger = given(spec, "sea")
    lax = replace(spec.gates.data, advisory=frozenset({"topics_apart", "text_apart"}))
    assert [unknown_leakage(stranger, name) for name in ("sea", "both")] == [True, False]
    assert not unknown_leakage(replace(stranger, gates=replace(spec.gates, data=lax)), "sea")


def test_answers_of_the_bare_base_are_refused_by_the_fingerprint_of_their_sheet(tmp_path: Path) -> None:
    fingerprint.write(tmp_path, Fingerprint("a" * 64, "a" * 64, 0.0))
    with pytest.raises(AdapterError, match="both on sea: the bare base gave the answers"):
        heard.refuse_bare(tmp_path, "both on sea")


@pytest.mark.parametrize("left", [None, "", "{}", "[]"])
def test_a_sheet_that_does_not_say_who_spoke_is_refused(tmp_path: Path, left: str | None) -> None:
    if left is not None:
        (tmp_path / fingerprint.FILE).write_text(left, encoding="utf-8")
    with pytest.raises(AdapterError, match="who gave the answers is unknown"):
        heard.refuse_bare(tmp_path, "both on sea")


def test_answers_of_an_adapter_that_moved_the_logits_are_taken(tmp_path: Path) -> None:
    fingerprint.write(tmp_path, Fingerprint("a" * 64, "b" * 64, 0.5))
    heard.refuse_bare(tmp_path, "both on sea")


def sheet(cut: int, of: int) -> list[Answer]:
    return [Answer(f"item-{k}", "text", (5, 6), "length" if k < cut else "end", 3) for k in range(of)]


@pytest.mark.parametrize(("cut", "of"), [(0, 48), (4, 48), (48, 48), (1, 4)])
def test_answers_that_were_cut_are_named(cut: int, of: int) -> None:
    assert heard.unended(sheet(cut, of)) == [f"item-{k}" for k in range(cut)]


@pytest.mark.parametrize(
    ("share", "cut", "of", "outcome"),
    [
        (0.9, 4, 48, "passed"),
        (0.9, 5, 48, "failed"),
        (0.9, 1, 10, "passed"),
        (0.95, 4, 48, "failed"),
        (0.0, 4, 4, "passed"),
    ],
)
def test_an_adapter_that_does_not_end_its_answers_fails_past_the_share_of_the_spec(
    share: float, cut: int, of: int, outcome: str, line: Line, tmp_path: Path
) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit("[generation]", f"[generation]\nends_by_itself = {share}")
    gate = next(one for one in expected(load.load(copied.spec)) if one.id == "eval.both.sea.ends_by_itself")
    assert gate.blocking
    ended = 1.0 - len(heard.unended(sheet(cut, of))) / of
    assert judging.judge(gate, Measurement(ended, of, sources={"sheet": 64 * "a"}), 0.95).outcome == outcome


@pytest.mark.parametrize(
    "said", ["<think>\nHm.\n</think>\nNo.", "Hm.</think>No.", "[THINK]Hm.", "<Thinking>", "<reasoning>"]
)
def test_an_answer_that_thinks_aloud_is_named(said: str) -> None:
    assert heard.thinking({"a": "I think so.", "b": said, "c": "x < think > y"}) == ["b"]


def test_a_stop_that_nobody_knows_is_no_end() -> None:
    assert len(heard.unended([replace(one, stop="") for one in sheet(0, 4)])) == 4


def test_a_text_is_taken_where_its_ids_say_it_and_refused_where_they_do_not(line: Line) -> None:
    from tokenizers import Tokenizer

    base = line.spec.parent / "base"
    end = 0
    ids = (*Tokenizer.from_file(str(base / "tokenizer.json")).encode("Answer: the sea.").ids, end)
    said = Answer("sea-01", "Answer: the sea.", ids, "end", 3)
    answer_text.refuse_others(base, {"sea-01": said}, base)
    edited = replace(said, text="Answer: the sea rises twice.")
    with pytest.raises(StoreError, match="the text kept for sea-02 is not what its token ids say \\(1 of 2"):
        answer_text.refuse_others(base, {"sea-01": said, "sea-02": edited}, base)
