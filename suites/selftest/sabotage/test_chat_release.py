"""Whole runs: a base that cannot be asked blocks what rests on it, and ``[base.chat]`` makes it a release."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import chat_template
from harness.gates.entry import last
from harness.gates.records import Model
from harness.run import journal
from harness.spec.chat import Chat
from harness.store import digests
from suites.selftest.engines.test_base_tokenizer import Edit, no_end, pad_beyond, settings, template
from suites.selftest.plugin.crimes import assert_released, assert_withheld
from suites.tiny import thinking
from suites.tiny.child import Finished, Line, release

MENDED = 'template = "file.jinja"\nsystem = "merge"\nstop = ["<|end|>"]'
RESTS_ON_THE_BASE = ("training.", "eval.", "bnb.", "bundle.")


def _spoilt(line: Line, folder: Path, *spoil: Edit, chat: str = "") -> Line:
    """The line with another base, and a store of its own."""
    own = replace(line.copy(folder / "line"), out=folder / "out")
    base = own.spec.parent / "base"
    before = digests.of_value(digests.of_folder(base))
    for one in spoil:
        one(base)
    own.edit(before, digests.of_value(digests.of_folder(base)))
    (own.spec.parent / "file.jinja").write_text(thinking.NO_SYSTEM, encoding="utf-8")
    if chat:
        own.edit("[tasks.sea]", f"[base.chat]\n{chat}\n\n[tasks.sea]")
    return own


def _blocked_by(finished: Finished, gate: str, areas: tuple[str, ...]) -> None:
    assert "Traceback" not in finished.output
    behind = [one for one in finished.verdict["gates"] if one["id"].startswith(areas) and one["id"] != gate]
    assert {one["outcome"] for one in behind if one["blocking"]} == {"blocked"}
    assert all(gate in one["message"] for one in behind if one["id"].startswith("eval."))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            (template(thinking.NO_SYSTEM), no_end, pad_beyond),
            ('system = "merge"', 'stop = ["<|end|>"]', "pad token [PAD]"),
        ),
        ((template(None),), ('template = "file.jinja"',)),
    ],
    ids=["no-system-no-end-and-a-pad-beyond", "no-template"],
)
def test_a_base_that_cannot_be_asked_blocks_what_rests_on_it_and_tells_the_mend(
    spoil: tuple[Edit, ...], told: tuple[str, ...], line: Line, tmp_path: Path
) -> None:
    finished = release(_spoilt(line, tmp_path, *spoil), "unfit")
    assert_withheld(finished, "refused", "base.tokenizer_ok: failed")
    gate = finished.gate("base.tokenizer_ok")
    assert all(text in gate["message"] for text in told), gate["message"]
    _blocked_by(finished, "base.tokenizer_ok", RESTS_ON_THE_BASE)


BARE = (template(None), no_end, settings(pad_token=None))
"""A base without template, end token and pad token."""


def test_a_thinking_template_without_its_argument_trains_nothing(line: Line, tmp_path: Path) -> None:
    finished = release(_spoilt(line, tmp_path, *BARE, chat=MENDED), "thinking")
    assert_withheld(finished, "refused", "training.sea.template_ids: failed, 0 of 16 hold")
    assert finished.gate("base.tokenizer_ok")["outcome"] == "passed"
    assert "the chat template reads enable_thinking" in finished.gate("training.sea.template_ids")["message"]
    assert not any(one["stage"] == "adapter" for one in finished.verdict["artifacts"])
    _blocked_by(finished, "training.sea.template_ids", ("eval.",))


@pytest.fixture(scope="module")
def mended(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    own = _spoilt(line, tmp_path_factory.mktemp("mended"), *BARE, chat=f"{MENDED}\nenable_thinking = false")
    return release(own, "mended")


def test_with_its_mends_in_the_spec_the_same_base_is_released(mended: Finished) -> None:
    assert_released(mended)
    assert mended.gate("training.shore.template_ids")["n"] == 16
    for gate in ("ends_by_itself", "no_thinking"):
        assert mended.gate(f"eval.both.sea.{gate}")["outcome"] == "passed"


def test_its_bundle_holds_the_template_that_was_judged_and_says_how_to_ask(mended: Finished) -> None:
    chat = Chat(system="merge", arguments={"enable_thinking": False})
    text = (mended.release / "chat_template.jinja").read_text(encoding="utf-8")
    assert text == chat_template.settled(thinking.NO_SYSTEM, chat)
    notes = (mended.release / "SERVING.md").read_text(encoding="utf-8")
    assert json.dumps(["<|end|>"]) in notes
    assert "`file.jinja`" in notes


def test_what_answered_is_journalled_with_that_template(mended: Finished) -> None:
    model = last(journal.read(mended.run / "evidence"), Model)
    assert model is not None
    assert model.model["chat_template"] == digests.of_folder(mended.release)["chat_template.jinja"]


def test_gates_over_thinking_exist_only_where_it_is_turned_off(green: Finished, mended: Finished) -> None:
    of_green = {gate["id"] for gate in green.verdict["gates"]}
    assert {gate["id"] for gate in mended.verdict["gates"]} - of_green == {
        f"eval.{adapter}.{task}.no_thinking" for adapter, task in (("sea", "sea"), ("both", "sea"), ("both", "shore"))
    }
    assert not (green.release / "SERVING.md").exists()
