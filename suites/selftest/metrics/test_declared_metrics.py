"""What a task declares of metrics: read, refused in one sentence, and held against its own references first."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness import gates
from harness.dataset import checks
from harness.dataset.item import Item
from harness.errors import SpecError
from harness.gates import content, evaluation
from harness.metrics import Metric, references_score, registry, scoring
from harness.metrics.metric import Forms, concerns
from harness.spec import load
from suites.selftest.dataset.test_gates import change
from suites.tiny.child import Line


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    """The tiny line with its spec and data free to be edited."""
    shutil.copytree(line.spec.parent, tmp_path / "line")
    return Line(tmp_path / "line" / line.spec.name, tmp_path / "out")


def declare(line: Line, table: str) -> None:
    """Put metric tables of the task sea into the spec, before its other keys' table ends."""
    line.edit("[adapters.sea]", f"{table}\n\n[adapters.sea]")


REFUSED = {
    "unknown metric": ("[tasks.sea.metrics.lable]\nlabels = ['a', 'b']", "metrics.lable", "did you mean 'label'?"),
    "unknown setting": (
        "[tasks.sea.metrics.label]\nlabel = ['a', 'b']",
        "metrics.label.label",
        "did you mean 'labels'?",
    ),
    "missing setting": ("[tasks.sea.metrics.label]", "metrics.label.labels", "missing, and the metric needs it"),
    "one label": ("[tasks.sea.metrics.label]\nlabels = ['a']", "metrics.label.labels", "at least 2 labels are needed"),
    "label twice": ("[tasks.sea.metrics.label]\nlabels = ['a b', 'A b']", "metrics.label.labels", "'A b' stands twice"),
    "no pattern": ("[tasks.sea.metrics.regex]\npattern = '('", "metrics.regex.pattern", "not a regular expression"),
    "a pattern of everything": ("[tasks.sea.metrics.regex]\npattern = '.*'", "metrics.regex.pattern", "every answer"),
    "no schema": (
        "[tasks.sea.metrics.json-schema]\nschema = { type = 'objekt' }",
        "metrics.json-schema.schema",
        "not a JSON Schema",
    ),
    "a schema of everything": (
        "[tasks.sea.metrics.json-schema]\nschema = { title = 'x' }",
        "metrics.json-schema.schema",
        "demands nothing",
    ),
    "a schema that is not there": (
        "[tasks.sea.metrics.json-schema]\nschema = 'none.json'",
        "metrics.json-schema.schema",
        "cannot be read",
    ),
    "limits that cross": (
        "[tasks.sea.metrics.length]\nleast = 5\nmost = 2",
        "metrics.length",
        "no answer has that length",
    ),
    "a setting of a metric without": ("[tasks.sea.metrics.coverage]\nx = 1", "metrics.coverage.x", "has no settings"),
    "a word of punctuation": (
        "[tasks.sea.metrics.answer_contains_none]\nwords = ['--']",
        "words",
        "no word that could",
    ),
    "a tolerance of a whole": (
        "[tasks.sea.metrics.number]\ntolerance = 1.5",
        "metrics.number.tolerance",
        "less than 1",
    ),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_setting_that_cannot_be_used_is_refused_in_one_sentence(copied: Line, case: str) -> None:
    table, key, mend = REFUSED[case]
    declare(copied, table)
    with pytest.raises(SpecError) as caught:
        gates.expected(load.load(copied.spec))
    assert (key in str(caught.value), mend in str(caught.value)) == (True, True), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gate_alone_declares_a_metric_that_has_defaults(copied: Line) -> None:
    copied.edit("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, token-f1 = 0.5 }")
    loaded = load.load(copied.spec)
    forms = scoring.forms_of(loaded.tasks)
    items = [item for task in loaded.tasks.values() for item in checks.items_of(task, "benchmark")]
    assert {item.task for item in scoring.concerned(registry.METRICS["token-f1"], items, forms)} == {"sea"}


def test_a_gate_alone_does_not_declare_a_metric_that_needs_settings(copied: Line) -> None:
    copied.edit("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, label = 0.5 }")
    with pytest.raises(SpecError, match=r"tasks\.sea\.metrics\.label\.labels: missing"):
        gates.expected(load.load(copied.spec))


def test_a_schema_beside_the_spec_is_read_into_its_digest(copied: Line) -> None:
    place = copied.spec.parent / "answer.json"
    place.write_text(json.dumps({"type": "object"}), encoding="utf-8")
    declare(copied, "[tasks.sea.metrics.json-schema]\nschema = 'answer.json'")
    before = load.load(copied.spec)
    assert before.tasks["sea"].metrics["json-schema"] == {"schema": {"type": "object"}}
    place.write_text(json.dumps({"type": "array"}), encoding="utf-8")
    assert load.load(copied.spec).digest != before.digest


def test_a_metric_of_the_signature_without_settings_is_taken_over_every_task() -> None:
    old = Metric("brevity", "share", lambda item: True, lambda item, answer, forms: float(len(answer) < 9))
    item = Item("i1", "sea", "plain", "tides", (), "", (), 1)
    assert (concerns(old, item, Forms("", "")), old.looks_at) == (True, "content")


class TestReferencesAreScoredFirst:
    def found(self, line: Line, split: str = "train") -> list[str]:
        loaded = load.load(line.spec)
        checked = references_score.check(loaded.tasks["sea"], split, checks.options_of(loaded))
        return [str(one) for one in checked.tally.kept]

    def test_references_that_earn_all_are_clean_and_every_file_has_the_gate(self, copied: Line) -> None:
        assert self.found(copied) == []
        ids = {gate.id: gate.blocking for gate in gates.expected(load.load(copied.spec))}
        for split in ("train", "dev", "benchmark", "parity"):
            assert ids[f"data.{split}-sea.references_score"]

    def test_a_reference_below_one_is_named_with_item_metric_and_value(self, copied: Line) -> None:
        change(copied, "benchmark", 2, lambda r: r.update(reference="Answer: it may rain."))
        (found,) = self.found(copied, "benchmark")[:1]
        assert "sea.jsonl:2" in found
        assert "item sea-benchmark-01: coverage gives its own reference 0, so that no answer could be right" in found

    def test_a_reference_outside_of_the_label_set_is_found(self, copied: Line) -> None:
        declare(copied, "[tasks.sea.metrics.label]\nlabels = ['rises', 'falls']")
        change(copied, "train", 2, lambda r: r.update(reference="Answer: it rises twice, or falls."))
        assert any("label gives its own reference 0" in one for one in self.found(copied))

    def test_note_ids_that_the_citation_metric_does_not_know_are_found(self, copied: Line) -> None:
        copied.edit("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, citation-recall = 0.5 }")
        points = [{"wordings": ["rises twice"], "note": "S1"}]
        change(copied, "train", 2, lambda r: r.update(points=points, reference="Answer: it rises twice [S1]."))
        assert any("citation-recall gives its own reference 0" in one for one in self.found(copied))

    def test_a_refusal_that_no_reference_has_is_found(self, copied: Line) -> None:
        copied.edit("refusal_form = 'Declined: ", "refusal_form = 'Refused: ")
        assert any("refused gives its own reference 0" in one for one in self.found(copied))

    def test_a_point_that_the_reference_denies_against_its_prompt_is_found(self, copied: Line) -> None:
        change(
            copied,
            "train",
            1,
            lambda r: r.update(
                question="Note: the sea rises twice. Tell me.", reference="Answer: it never rises twice."
            ),
        )
        assert any("the prompt states 'rises twice' and the reference denies it" in one for one in self.found(copied))

    def test_a_point_that_the_prompt_denies_as_well_is_wanted_denied(self, copied: Line) -> None:
        change(
            copied,
            "train",
            1,
            lambda r: r.update(
                question="Note: it never rises twice. Tell me.", reference="Answer: it never rises twice."
            ),
        )
        assert self.found(copied) == []

    def test_training_on_such_references_is_refused_where_the_check_blocks(self, copied: Line) -> None:
        change(copied, "train", 2, lambda r: r.update(reference="Answer: it may rain."))
        loaded = load.load(copied.spec)
        assert {one.line for one in references_score.blocking_findings(loaded, ["sea"])} == {2}
        copied.edit("[gates.data]", '[gates.data]\nadvisory = ["references_score"]')
        assert references_score.blocking_findings(load.load(copied.spec), ["sea"]) == []


class TestSomethingLooksAtContent:
    def check(self, line: Line) -> None:
        loaded = load.load(line.spec)
        expected = gates.expected(loaded)
        content.check(loaded, expected, evaluation.sizes(loaded, expected))

    def test_the_tiny_line_is_taken(self, copied: Line) -> None:
        self.check(copied)

    def test_a_candidate_that_only_form_is_asked_of_is_refused(self, copied: Line) -> None:
        copied.edit(
            "above = { coverage = 0.5, format = 0.5, refused = 0.5, answered = 0.5 }", "above = { format = 0.5 }"
        )
        copied.edit("expected = { coverage = 0.95, format = 0.95, refused = 0.95, answered = 0.95 }", "")
        copied.edit("above = { coverage = 0.2 }", "above = { format = 0.2 }")
        with pytest.raises(SpecError, match=r"no gate of the candidate 'both' looks at the content of 'shore': format"):
            self.check(copied)

    def test_a_gate_over_no_item_is_refused_also_where_it_only_advises(self, copied: Line) -> None:
        copied.edit("above = { coverage = 0.5, format = 0.5 }", "above = { coverage = 0.5, citation-recall = 0.5 }")
        with pytest.raises(SpecError, match=r"eval\.sea\.sea\.citation-recall: .* over no item of benchmark"):
            self.check(copied)

    def test_a_minimum_that_no_gate_is_on_is_refused(self, copied: Line) -> None:
        copied.edit("[generation]", "[selection]\nminimum = { non_empty = 0.8 }\n\n[generation]")
        with pytest.raises(SpecError, match=r"selection\.minimum\.non_empty: no gate of the candidate 'both'"):
            self.check(copied)

    def test_a_weight_on_what_dev_does_not_hold_is_refused(self, copied: Line) -> None:
        copied.edit("[generation]", "[selection]\nweights = { citation-recall = 1.0 }\n\n[generation]")
        with pytest.raises(SpecError, match=r"selection\.weights\.citation-recall: .* no item of dev"):
            self.check(copied)
