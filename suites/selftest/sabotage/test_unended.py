"""An adapter whose end token was masked from what it learned answers well and never stops: one gate says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.dataset import checks, tokens
from harness.engines.progress import silent
from harness.spec import load
from suites.sabotage import spec
from suites.sabotage.spec import Table
from suites.selftest.plugin.crimes import assert_withheld
from suites.tiny.child import Line, release
from training import adapter
from training.samples import tokenize
from training.setting import Setting

UNKNOWN = ["secrets", "topics_apart", "text_apart"]
"""Checks that advise: nobody knows what a given adapter was trained on."""


def _train_without_ends(line: Line, folder: Path) -> None:
    from transformers import AutoTokenizer

    own = load.load(line.spec)
    base = line.spec.parent / "base"
    items = [item for task in own.tasks.values() for item in checks.items_of(task, "train")]
    tokenizer = AutoTokenizer.from_pretrained(base)
    samples = [
        replace(one, completion=one.completion[:-1]) for one in tokenize(tokenizer, items, own.recipe.max_length)
    ]
    model = adapter.lora(adapter.load(base, own.recipe), own.recipe, own.seed)
    pad, experiment = tokens.pad_id(tokenizer), own.experiments[0]
    adapter.fit(model, samples, pad, Setting(own.recipe, experiment, own.seed, own.threads), folder / "scratch", silent)
    model.save_pretrained(folder / "both")


def _both_alone(line: Line, table: Table) -> None:
    del table["adapters"]["sea"], table["gates"]["regression"]
    table["gates"]["eval"] = [row for row in table["gates"]["eval"] if row["adapter"] != "sea"]
    table["gates"]["data"]["advisory"] = UNKNOWN
    table["gates"]["forgetting"]["blocking"] = False


def test_an_adapter_that_never_learned_to_end_is_refused_by_that_name(line: Line, tmp_path: Path) -> None:
    _train_without_ends(line, tmp_path)
    own = replace(line.copy(tmp_path / "line"), out=tmp_path / "out")
    spec.changed(_both_alone)(own)
    finished = release(own, "unended", f"--adapter=both={tmp_path / 'both'}")
    assert_withheld(finished, "refused", "eval.both.sea.ends_by_itself: failed, 0 of 24 hold; a share of 0.9 must")
    message = finished.gate("eval.both.shore.ends_by_itself")["message"]
    assert "was the end token masked from what is learned?" in message
    assert finished.gate("eval.both.sea.non_empty")["outcome"] == "passed"
