"""The release spec: what is wrong in it is named by file and key, with the mend, before anything is written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import ClassVar

import pytest

from harness import gates
from harness.errors import SpecError
from harness.gates import aims, evaluation
from harness.gates.gate import Gate
from harness.metrics import registry
from harness.project import ROOT
from harness.spec import load
from suites.tiny.child import Line

DEFAULT = ROOT / "data" / "v3" / "release.toml"


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    """The tiny line with its spec free to be edited."""
    shutil.copytree(line.spec.parent, tmp_path / "line")
    return Line(tmp_path / "line" / line.spec.name, tmp_path / "out")


MISTAKES = {
    "unknown key": (
        'name = "tiny"',
        'name = "tiny"\ncandidat = "both"',
        "release.candidat",
        "did you mean 'candidate'",
    ),
    "wrong type": ("rank = 16", 'rank = "16"', "recipe.rank", "'16' is not of type 'integer'"),
    "unknown candidate": ('candidate = "both"', 'candidate = "bth"', "release.candidate", "both, sea"),
    "unknown task of an adapter": ('tasks = ["sea"]', 'tasks = ["see"]', "adapters.sea.tasks", "sea, shore"),
    "unknown metric": ("refused = 0.5 }\n\n", "refusal = 0.5 }\n\n", "gates.eval.above", "unknown metric 'refusal'"),
    "threshold above one": ("coverage = 0.5, refused", "coverage = 50, refused", "gates.eval", "50"),
    "experiment twice": ('name = "long"', 'name = "short"', "experiments", "twice"),
    "missing file": ("dev/sea.jsonl", "dev/see.jsonl", "tasks.sea.dev", "does not exist"),
    "no regular expression": ("answer_form = 'Answer", "answer_form = '(Answer", "answer_form", "regular expression"),
    "minimum below a gate's threshold": (
        "[generation]",
        "[selection]\nminimum = { coverage = 0.4 }\n\n[generation]",
        "selection.minimum.coverage",
        "0.4 lies below the threshold 0.5 of the candidate's gate on sea",
    ),
    "one training under two names": (
        "epochs = 24",
        "epochs = 20",
        "experiments",
        "'short' and 'long' are the same training (20 epochs at 0.01)",
    ),
    "unknown metric of the selection": (
        "[generation]",
        "[selection]\nminimum = { covrage = 0.6 }\n\n[generation]",
        "selection.minimum.covrage",
        "did you mean 'coverage'",
    ),
    "expected quality of no threshold": (
        "expected = { coverage",
        "expected = { covrage",
        "gates.eval.1.expected.covrage",
        "did you mean 'coverage'",
    ),
    "count of no split": ("counts.train", "counts.trian", "tasks.sea.counts.trian", "did you mean 'train'"),
    "4-bit gates of another form": ('deploy = "nf4"', 'deploy = "float32"', "gates.bnb", "remove the table"),
    "unknown mount": ('mounts = ["both"]', 'mounts = ["all"]', "gates.bnb.mounts", "both, sea"),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_mistake_is_named_with_its_key_and_its_mend(copied: Line, mistake: str) -> None:
    old, new, key, mend = MISTAKES[mistake]
    copied.edit(old, new)
    with pytest.raises(SpecError) as caught:
        gates.expected(load.load(copied.spec))
    assert str(copied.spec) in str(caught.value)
    assert key in str(caught.value)
    assert mend in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "verdict.json", "Verdict.JSON", "junit.xml", "report.md", "report.md.new", "report.zh.md", "report.zh.html",
        "release.toml", "SHA256SUMS.txt", "judged_items.jsonl", "evidence", "staged", "staged.partial",
        "adapter_both.tar.gz", "model_both.gguf",
    ],
)  # fmt: skip
def test_notes_that_would_take_the_place_of_a_runs_own_paper_are_refused(copied: Line, name: str) -> None:
    (copied.spec.parent / "notes").mkdir()
    (copied.spec.parent / "notes" / name).write_text('limits = ["none"]', encoding="utf-8")
    copied.edit('name = "tiny"', f'name = "tiny"\nnotes = "notes/{name}"')
    with pytest.raises(SpecError, match=r"release\.notes: the name .* is one of the run's own papers"):
        load.load(copied.spec)


def test_notes_of_another_name_are_taken(copied: Line) -> None:
    (copied.spec.parent / "notes.toml").write_text('limits = ["none"]', encoding="utf-8")
    copied.edit('name = "tiny"', 'name = "tiny"\nnotes = "notes.toml"')
    assert load.load(copied.spec).notes == copied.spec.parent / "notes.toml"


def test_a_revision_pins_no_folder(copied: Line) -> None:
    text = copied.spec.read_text(encoding="utf-8")
    copied.spec.write_text(re.sub('pin = "sha256:[0-9a-f]+"', 'pin = "revision:main"', text), encoding="utf-8")
    with pytest.raises(SpecError, match=r"base\.pin: a revision does not pin a path: .*sha256:HEX"):
        load.load(copied.spec)


MOVING = (
    "main",
    "master",
    "v1.0",
    "refs/heads/main",
    "HEAD",
    "latest",
    "abc1234",
    "0" * 39,
    "0" * 41,
    "G" * 40,
    "A" * 40,
)


@pytest.mark.parametrize("hub", ["hf", "modelscope"])
@pytest.mark.parametrize("revision", MOVING)
def test_a_branch_a_tag_or_half_a_commit_pins_nothing(copied: Line, hub: str, revision: str) -> None:
    text = copied.spec.read_text(encoding="utf-8").replace('"path:base"', f'"{hub}:owner/name"')
    copied.spec.write_text(re.sub('pin = "sha256:[0-9a-f]+"', f'pin = "revision:{revision}"', text), encoding="utf-8")
    with pytest.raises(SpecError, match=r"base\.pin: .* is no commit: .*40 hex digits"):
        load.load(copied.spec)


def test_a_whole_commit_pins_a_hub(copied: Line) -> None:
    text = copied.spec.read_text(encoding="utf-8").replace('"path:base"', '"hf:owner/name"')
    pin = f"revision:{'0123456789' * 4}"
    copied.spec.write_text(re.sub('pin = "sha256:[0-9a-f]+"', f'pin = "{pin}"', text), encoding="utf-8")
    assert load.load(copied.spec).base.pin == pin


def test_a_threshold_that_no_answer_sheet_could_prove_is_refused_with_the_items_needed(copied: Line) -> None:
    copied.edit("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, refused = 0.9 }")
    loaded = load.load(copied.spec)
    expected = gates.expected(loaded)
    with pytest.raises(SpecError, match="29 are needed with none wrong"):
        evaluation.check_provable(loaded, expected, evaluation.sizes(loaded, expected))


def test_a_candidate_that_no_threshold_is_about_is_refused_before_anything_is_trained(
    line: Line, tmp_path: Path
) -> None:
    copied = line.copy(tmp_path)
    copied.edit('candidate = "both"', 'candidate = "idle"')
    copied.edit("[recipe]", '[adapters.idle]\ntasks = ["sea"]\n\n[recipe]')
    with pytest.raises(SpecError, match="no threshold is about the candidate 'idle'"):
        aims.check(load.load(copied.spec))


def test_a_dev_file_without_items_of_a_gated_metric_is_refused_before_anything_is_trained(
    line: Line, tmp_path: Path
) -> None:
    copied = line.copy(tmp_path)
    for task in ("sea", "shore"):
        path = copied.spec.parent / "dev" / f"{task}.jsonl"
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(row for row in rows if '"graded"' not in row), encoding="utf-8")
    with pytest.raises(SpecError, match=r"tasks.sea.dev: holds no item that 'refused' is taken over"):
        aims.check(load.load(copied.spec))


def test_a_missing_spec_says_which_option_names_one(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="--release"):
        load.load(tmp_path / "none.toml")


def test_an_unknown_given_adapter_is_refused_by_name(line: Line, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="unknown adapter 'bth'"):
        load.load(line.spec, {"bth": tmp_path})


class TestTheDefaultSpec:
    """The mission's own numbers, as they stand in ``data/v3/release.toml``."""

    loaded = load.load(DEFAULT)
    gates: ClassVar[dict[str, Gate]] = {gate.id: gate for gate in gates.expected(loaded)}

    @pytest.mark.parametrize(
        ("gate", "threshold", "blocking"),
        [
            ("eval.style.style.coverage", 0.90, False),
            ("eval.style.style.format", 0.95, False),
            ("eval.writing.writing.coverage", 0.85, False),
            ("eval.writing.writing.format", 0.90, False),
            ("eval.multitask.all.coverage", 0.88, True),
            ("eval.multitask.all.format", 0.92, True),
            ("eval.multitask.style.coverage", 0.90, True),
            ("eval.multitask.style.format", 0.95, True),
            ("eval.multitask.writing.coverage", 0.85, True),
            ("eval.multitask.writing.format", 0.90, True),
            ("eval.multitask.all.refused", 0.85, True),
            ("eval.multitask.all.answered", 0.85, True),
        ],
    )
    def test_thresholds_are_those_declared(self, gate: str, threshold: float, blocking: bool) -> None:
        assert (self.gates[gate].threshold, self.gates[gate].blocking) == (threshold, blocking)

    def test_learning_rates_keep_the_missions_ratio(self) -> None:
        rates = [one.learning_rate for one in self.loaded.experiments]
        assert [rate / rates[0] for rate in rates] == pytest.approx([1.0, 0.5, 0.4])

    def test_epochs_are_three_four_and_five(self) -> None:
        assert [one.epochs for one in self.loaded.experiments] == [3, 4, 5]

    def test_every_blocking_threshold_can_be_proved_with_two_items_wrong(self) -> None:
        from harness.statistics import power

        sizes = evaluation.sizes(self.loaded, self.gates.values())
        allowed = {
            name: power.wrong_allowed(sizes[name], gate.threshold, 0.95, registry.METRICS[gate.metric].kind)
            for name, gate in self.gates.items()
            if gate.rule == "lower_bound" and gate.blocking
        }
        assert min(allowed.values()) >= 2, allowed

    def test_the_deployed_form_is_four_bit(self) -> None:
        assert self.loaded.deploy == "nf4"
