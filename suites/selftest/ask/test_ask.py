"""Asking one item: what the page shows and hides, and what is said where the item or the run is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.ask.__main__ import REFUSED, find_item, main
from harness.dataset.item import Item, Point
from harness.engines.answers import Answer
from harness.errors import GreenrunError
from harness.gates.records import ArtifactUsed
from harness.metrics.metric import Forms
from harness.report import side_by_side
from harness.run import last
from harness.spec import load
from suites.tiny import line as tiny
from suites.tiny.child import Finished, Line

FORMS = Forms(r"Answer: [^\n]+\.", r"Declined: [^\n]+\.")
ITEM = Item(
    "sea-1",
    "sea",
    "plain",
    "tides",
    ({"role": "user", "content": "Tell me of tides."},),
    tiny.ANSWER,
    (Point(("rises twice", "twice a day")), Point(("the moon",))),
    1,
)


def answer(text: str, stop: str = "end") -> Answer:
    return Answer("sea-1", text, (1, 2), stop, 5)


def shown(*columns: tuple[str, str], width: int = 100, item: Item = ITEM) -> list[str]:
    return list(
        side_by_side.render(item, "benchmark", FORMS, [(title, answer(text)) for title, text in columns], width)
    )


def test_points_said_and_missed_stand_beside_each_other() -> None:
    lines = shown(("base", "No idea."), ("deployed", tiny.ANSWER))
    assert ["point:", "rises", "twice", "/", "twice", "a", "day", "MISSED", "said"] in [line.split() for line in lines]
    assert ["point:", "the", "moon", "MISSED", "MISSED"] in [line.split() for line in lines]


def test_the_format_of_each_answer_is_marked() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in shown(("base", "No."), ("deployed", tiny.ANSWER)) if line}
    assert rows["format"] == ["0.00", "1.00"]


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = "word " * 60 + "x" * 300 + " 潮汐每天涨落两次" * 30
    lines = shown(("base, float32", long), ("adapter", long), ("a title longer than its room", long), width=width)
    assert max(map(side_by_side.columns_of, lines)) <= width


def test_text_of_double_width_is_broken_by_the_columns_that_it_takes() -> None:
    assert side_by_side.wrap("潮汐每天涨落两次", 6) == ["潮汐每", "天涨落", "两次"]


def test_a_terminal_sequence_in_an_answer_does_not_reach_the_terminal() -> None:
    lines = shown(("base", "\x1b[2J\x1b]0;owned\x07plain\u202e text\r\nnext"))
    assert not any(set(line) & set("\x1b\x07\r\u202e") for line in lines)
    assert "plain text" in lines


def test_an_empty_answer_and_one_cut_short_are_marked() -> None:
    lines = list(side_by_side.render(ITEM, "dev", FORMS, [("base", answer("", "length"))], 80))
    assert "(empty)" in lines
    assert any(line.split() == ["tokens", "2,", "cut"] for line in lines)


def test_an_unknown_id_is_answered_with_the_nearest(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sea-benchmrk-03", f"--release={line.spec}", f"--out={line.out}"]) == REFUSED
    assert "the nearest: sea-benchmark-03" in capsys.readouterr().err


def test_an_id_that_several_tasks_have_is_answered_with_its_places(line: Line, tmp_path: Path) -> None:
    spoilt = line.copy(tmp_path / "line")
    for task in ("sea", "shore"):
        path = spoilt.spec.parent / "dev" / f"{task}.jsonl"
        path.write_text(path.read_text(encoding="utf-8").replace(f"{task}-dev-03", "03"), encoding="utf-8")
    spec = load.load(spoilt.spec)
    with pytest.raises(GreenrunError, match="say which one: sea/dev/03, shore/dev/03"):
        find_item(spec, "03")
    assert find_item(spec, "shore/dev/03")[0].task == "shore"


def test_without_a_run_the_mend_is_named(line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sea-benchmark-03", f"--release={line.spec}", f"--out={tmp_path}"]) == REFUSED
    assert "run pytest suites/release first" in capsys.readouterr().err


@pytest.fixture
def left_behind(tmp_path: Path) -> last.LastRun:
    """The last run, with its adapter changed in the store since."""
    content = tmp_path / "store" / "adapter" / ("a" * 24) / "content"
    content.mkdir(parents=True)
    (content / "adapter_config.json").write_text("{}", encoding="utf-8")
    record = ArtifactUsed("adapter short both", "adapter", "b" * 64, "a" * 64, 1.0, False, "")
    return last.LastRun("run_1", tmp_path, "short", {"adapter short both": record})


def test_an_artifact_that_is_not_what_the_run_measured_is_refused(left_behind: last.LastRun) -> None:
    with pytest.raises(last.NothingStoredError, match="is not what that run measured"):
        left_behind.adapter("both")


def test_an_adapter_that_the_run_never_had_is_refused_with_those_it_had(left_behind: last.LastRun) -> None:
    with pytest.raises(last.NothingStoredError, match="it left: adapter short both"):
        left_behind.adapter("sea")


def test_a_real_run_is_asked_again_and_its_stored_answer_stands_beside(
    line: Line, green: Finished, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["sea-benchmark-00", f"--release={line.spec}", f"--out={line.out}"]) == 0
    told = capsys.readouterr().out
    assert "base, float32" in told
    assert "deployed: nf4" in told
    assert "stored: same tokens" in " ".join(told.split())
    assert "Answer: the sea" in told
