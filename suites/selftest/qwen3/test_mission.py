"""All of the mission's release but its 8B weights: each stage runs, and what is red is the answers of random weights.

A random model qualifies no experiment on `dev`, so a first run trains and ends there; a second one is given what the
first one trained, and judges it to the end.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from harness.project import ROOT
from harness.store import digests
from suites.selftest.qwen3.conftest import ENVIRONMENT, PATIENCE
from suites.tiny.child import Finished, Line, release

ITEMS = 35 + 24
"""That are trained."""


def outcomes(finished: Finished, *starts: str) -> dict[str, str]:
    return {one["id"]: one["outcome"] for one in finished.verdict["gates"] if one["id"].startswith(starts)}


def assert_refused(finished: Finished) -> None:
    """For what was measured: every gate was reached, none of them erred but for data that is not given."""
    assert (finished.status, finished.verdict["verdict"]) == (1, "refused"), finished.output
    found = outcomes(finished, "")
    assert "not_run" not in found.values()
    assert all(name.endswith("_apart") for name, outcome in found.items() if outcome == "error"), found
    assert not finished.release.exists()


def test_the_spec_is_the_missions_own(mission: Line) -> None:
    own = ROOT / "data" / "v3-qwen3" / "release.toml"
    assert mission.spec.read_bytes() == own.read_bytes()


def test_both_runs_are_refused_and_say_whose_base_they_judged(trained: Finished, judged: Finished) -> None:
    for finished in (trained, judged):
        assert_refused(finished)
        said = "--base put path:tiny-qwen3 in place of hf:JunHowie/Qwen3-8B-Instruct"
        assert said in finished.last
        assert finished.verdict["reasons"][-1].startswith(said)


def test_data_base_and_template_are_green_with_the_real_tokenizer(trained: Finished) -> None:
    found = outcomes(trained, "data.", "base.", "training.style.", "training.writing.template_ids", "training.sample")
    del found["training.style.intact"]  # of an adapter that only a selected experiment has
    assert set(found.values()) == {"passed"}, found
    notes = [trained.gate(f"training.{task}.template_ids") for task in ("style", "writing")]
    assert sum(one["n"] for one in notes) == ITEMS


def test_every_experiment_trains_on_the_four_bit_base_and_its_loss_falls(
    trained: Finished, adapters: dict[str, Path]
) -> None:
    assert outcomes(trained, "bnb.base_quant_load_ok") == {"bnb.base_quant_load_ok": "passed"}
    for name, folder in adapters.items():
        assert trained.gate(f"training.{name}.multitask.learned")["outcome"] == "passed"
        losses = json.loads((folder / "training.json").read_text(encoding="utf-8"))["losses"]
        epoch = -(-ITEMS // 4)
        assert fmean(losses[-epoch:]) < fmean(losses[:epoch])


def test_no_experiment_qualifies_and_what_rests_on_one_is_blocked(trained: Finished) -> None:
    assert trained.gate("training.selection.qualified")["outcome"] == "failed"
    assert set(outcomes(trained, "eval.", "bundle.").values()) == {"blocked"}


def test_mount_tokens_and_template_of_the_trained_adapter_are_green(judged: Finished) -> None:
    found = outcomes(judged, "bnb.", "base.", "training.multitask.intact")
    found |= {name: outcome for name, outcome in outcomes(judged, "eval.").items() if name.endswith("no_thinking")}
    beside = ("determinism", "same_in_other_batches", "ends_by_itself", "non_empty")
    found |= {name: outcome for name, outcome in outcomes(judged, "eval.multitask.").items() if name.endswith(beside)}
    assert set(found.values()) == {"passed"}, found
    assert len(found) >= 17


def test_every_threshold_on_its_answers_is_red(judged: Finished) -> None:
    red = [
        one for one in judged.verdict["gates"] if one["id"].startswith(("eval.", "parity.")) and one["threshold"] > 0
    ]
    quality = [one for one in red if not one["id"].endswith(("no_thinking", "ends_by_itself"))]
    assert {one["outcome"] for one in quality if one["rule"] in ("lower_bound", "point")} == {"failed"}


def test_what_leaks_is_unknown_of_an_adapter_that_is_given_and_all_else_of_the_data_is_green(judged: Finished) -> None:
    found = outcomes(judged, "data.")
    unknown = {name for name, outcome in found.items() if outcome != "passed"}
    assert unknown == {f"data.{task}.{check}_apart" for task in ("style", "writing") for check in ("text", "topics")}


def test_llama_cpp_gets_it_as_well_or_says_what_is_missing(judged: Finished) -> None:
    found = outcomes(judged, "gguf.")
    assert found.pop("gguf.merge_ok") == "passed"
    if found.pop("gguf.toolchain_ready") != "passed":
        assert set(found.values()) == {"blocked"}
        return
    sound = ("convert_f16_ok", "token_parity", "smoke_ok")
    assert {outcome for name, outcome in found.items() if name.endswith(sound)} == {"passed"}, found
    # Half of so narrow a model is its vocabulary head, which a file of this type keeps wider than four bits.
    assert "50 % of the weights are Q4_0, and the others stay wider" in judged.gate("gguf.quantize_q4_ok")["message"]


def test_without_the_specs_argument_no_item_is_trained_as_the_template_writes_it(
    mission: Line, base: Path, tmp_path: Path
) -> None:
    thinking = replace(mission.copy(tmp_path / "line"), out=tmp_path / "out")
    thinking.edit("enable_thinking = false", "")
    arguments = (f"--base=path:{base}", "--partial", "-k", "template_ids")
    finished = release(thinking, "thinking", *arguments, env=ENVIRONMENT, timeout=PATIENCE)
    assert set(outcomes(finished, "training.style.template_ids", "training.writing.template_ids").values()) == {
        "failed"
    }
    assert "0 of 35 hold" in finished.gate("training.style.template_ids")["message"]
    assert "0 of 24 hold" in finished.gate("training.writing.template_ids")["message"]


def test_the_data_of_the_repository_is_left_as_it_was(judged: Finished, mission: Line) -> None:
    own, copied = (digests.of_folder(one) for one in (ROOT / "data" / "v3-qwen3", mission.spec.parent))
    assert {name for name in own if own[name] != copied.get(name)} <= {"ledger.jsonl"}
