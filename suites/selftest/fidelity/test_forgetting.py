"""Forgetting: what an adapter costs on general text is bounded, and one trained far too hot is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness import gates
from harness.dataset import general_text
from harness.dataset.checks import items_of
from harness.engines import form, nf4, perplexity
from harness.engines.mount import mounted
from harness.engines.perplexity import PassageLoss
from harness.errors import DataError, EmptySetError, SpecError
from harness.fidelity import forgetting
from harness.gates import judging
from harness.gates.forgetting import check_provable
from harness.gates.gate import Gate
from harness.project import ROOT
from harness.spec import load
from harness.spec.recipe import Experiment
from suites.tiny.child import Line
from training.adapter import train
from training.setting import Setting

GATE = Gate("eval.duo.forgetting", "forgetting", "duo", True, "not_worse", "forgetting", -0.25, adapter="duo")
ENGLISH = ROOT / "data" / "general"
SHOWN = general_text.passages(ENGLISH)[:24]


def outcome(*lost: float) -> str:
    found = [PassageLoss(f"passage {k}", 60, 3.0, 3.0 + one) for k, one in enumerate(lost)]
    return judging.judge(GATE, forgetting.measurement(found, 0.95, {"losses": "a"}), 0.95).outcome


def test_an_adapter_that_costs_nothing_passes() -> None:
    assert outcome(*[0.0] * 50) == "passed"


def test_an_adapter_that_costs_less_than_the_margin_leaves_room_for_may_pass() -> None:
    assert outcome(*[0.10, 0.20] * 25) == "passed"


def test_an_adapter_at_the_margin_is_not_shown_to_be_below_it() -> None:
    assert outcome(*[0.25] * 50) == "inconclusive"


def test_an_adapter_that_forgot_the_language_fails() -> None:
    assert outcome(*[2.0] * 50) == "failed"


def test_passages_made_likelier_pay_for_none_that_were_lost() -> None:
    assert outcome(*[-3.0] * 25, *[1.0] * 25) != "passed"


def test_the_value_is_the_mean_loss_with_its_sign_turned() -> None:
    found = [PassageLoss("one", 60, 3.0, 3.1), PassageLoss("two", 60, 3.0, 3.3)]
    assert forgetting.measurement(found, 0.95, {"losses": "a"}).value == pytest.approx(-0.2)


def test_the_worst_passages_are_shown_first() -> None:
    found = [PassageLoss(name, 60, 3.0, 3.0 + lost) for name, lost in (("calm", 0.1), ("lost", 0.9), ("same", 0.0))]
    assert forgetting.measurement(found, 0.95, {"losses": "a"}).wrong == (
        "'lost': 3.000 -> 3.900",
        "'calm': 3.000 -> 3.100",
    )


def test_passages_are_parted_by_blank_lines_and_read_by_file_name(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("three\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("one\nline\n\n\ntwo\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("not text", encoding="utf-8")
    assert general_text.passages(tmp_path) == ("one line", "two", "three")


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no text"):
        general_text.passages(tmp_path)


def test_the_text_that_is_shipped_is_what_its_readme_says() -> None:
    rows = [line.split("|") for line in (ENGLISH / "README.md").read_text(encoding="utf-8").splitlines()]
    told = {row[1].strip(): int(row[3]) for row in rows if len(row) == 5 and row[1].strip().endswith(".txt")}
    found = {path.name: len(path.read_text(encoding="utf-8").strip().split("\n\n")) for path in ENGLISH.glob("*.txt")}
    assert told == found
    assert sum(told.values()) == len(set(general_text.passages(ENGLISH))) == 50


def test_a_margin_that_the_passages_cannot_prove_is_refused_when_the_spec_is_read(line: Line, tmp_path: Path) -> None:
    spoilt = line.copy(tmp_path / "line")
    spoilt.edit("margin = 0.5", "margin = 0.1")
    with pytest.raises(SpecError, match="16 passages can never prove a loss below"):
        check_provable(load.load(spoilt.spec))


def test_the_candidate_blocks_and_other_adapters_advise(line: Line) -> None:
    found = {gate.id: gate.blocking for gate in gates.expected(load.load(line.spec))}
    assert (found["eval.both.forgetting"], found["eval.sea.forgetting"]) == (True, False)


@pytest.fixture(scope="module")
def speaking(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base after training on some English: a random model has no language that an adapter could lose."""
    base, folder = line.spec.parent / "base", tmp_path_factory.mktemp("speaking")
    torch.set_num_threads(1)  # as in training; more would wait for each other on so small a model
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    rows = [torch.tensor(tokenizer(text)["input_ids"][:96]) for text in SHOWN]
    batch = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=tokenizer.pad_token_id)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(80):
        loss = model(input_ids=batch, labels=batch.masked_fill(batch == tokenizer.pad_token_id, -100)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("epochs", "rate", "judged"), [(6, 3e-2, "failed"), (1, 1e-5, "passed")], ids=["hot", "mild"])
def test_a_real_adapter_trained_far_too_hot_is_refused_and_a_mild_one_is_not(
    speaking: Path, line: Line, tmp_path: Path, epochs: int, rate: float, judged: str
) -> None:
    loaded = load.load(line.spec)
    items = items_of(loaded.tasks["sea"], "train")
    train(
        speaking, items, Setting(loaded.recipe, Experiment("real", epochs, rate), 1, 1), tmp_path / "a", tmp_path / "b"
    )
    engine = form.load(nf4.FORM, speaking, 1)
    bare = perplexity.losses(engine, SHOWN)
    with mounted(engine, tmp_path / "a") as model:
        found = perplexity.paired(SHOWN, bare, perplexity.losses(model, SHOWN))
    assert judging.judge(GATE, forgetting.measurement(found, 0.95, {"losses": "a"}), 0.95).outcome == judged


def test_passages_asked_together_are_as_likely_as_each_alone(line: Line) -> None:
    engine, texts = form.load(nf4.FORM, line.spec.parent / "base", 1), general_text.passages(ENGLISH)[:4]
    together = [one.nats for one in perplexity.losses(engine, texts)]
    assert together == pytest.approx([perplexity.losses(engine, [text])[0].nats for text in texts])


def test_a_passage_in_which_nothing_is_predicted_is_refused(line: Line) -> None:
    with pytest.raises(EmptySetError, match="'a' has 1 tokens"):
        perplexity.losses(form.load(nf4.FORM, line.spec.parent / "base", 1), ["two words", "a"])
