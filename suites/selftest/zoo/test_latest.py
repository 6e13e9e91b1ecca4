"""What a newer peft changes is told kind by kind, against the page that users read."""

from __future__ import annotations

import pytest

from suites.selftest.zoo import latest
from suites.selftest.zoo.kinds import KINDS
from suites.selftest.zoo.table import DOCUMENT, _line

BEFORE = {"DoRA": ("answers", "equal", ""), "IA3": ("answers", "refused", "IA3 is no LoRA")}


def test_the_page_is_read_as_it_was_written() -> None:
    found = latest.read(DOCUMENT.read_text(encoding="utf-8").splitlines())
    assert list(found) == [kind.name for kind in KINDS]
    assert {len(cells) for cells in found.values()} == {3}


def test_a_bar_in_a_message_parts_no_cells() -> None:
    lines = [_line(("a", "b")), _line(("---", "---")), _line(("DoRA", "x | y"))]
    assert latest.read(lines) == {"DoRA": ("x \\| y",)}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (BEFORE, []),
        ({"DoRA": BEFORE["DoRA"]}, ["IA3: gone"]),
        ({**BEFORE, "VeRA": ("answers", "refused", "no LoRA")}, ["VeRA: new: answers, refused, no LoRA"]),
        (
            {**BEFORE, "DoRA": ("raises KeyError", "differs", "")},
            ["DoRA: peft: was 'answers', now 'raises KeyError'", "DoRA: greenrun: was 'equal', now 'differs'"],
        ),
        ({**BEFORE, "IA3": ("answers", "refused", "")}, ["IA3: message: was 'IA3 is no LoRA', now 'empty'"]),
    ],
)
def test_each_change_is_told(now: latest.Table, told: list[str]) -> None:
    assert list(latest.changes(BEFORE, now)) == told


def test_an_environment_that_cannot_be_made_is_no_news(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(latest, "_made", lambda place: "no environment of the newest: -m pip install failed")
    assert latest.main() == latest.UNKNOWN
    assert "no environment of the newest" in capsys.readouterr().err
