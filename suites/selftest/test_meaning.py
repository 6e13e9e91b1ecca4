"""A spec whose figures stay and whose meaning went is told, one difference at a time; one that asks more is not."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.releases import meaning
from harness.spec import load as spec_file
from harness.spec.objects import Spec
from suites.selftest.child import Line
from suites.selftest.sabotage import spec as spec_of

Table = dict[str, Any]


def changed(line: Line, folder: Path, edit: Callable[[Table], None]) -> list[str]:
    """What is told of a copy of the line whose spec's table was edited."""
    before = tomllib.loads(line.spec.read_text(encoding="utf-8"))
    known = meaning.digests_of(spec_file.load(line.spec))
    copied = line.copy(folder / "line")
    table = spec_of.read(copied.spec)
    edit(table)
    spec_of.write(copied.spec, table)
    return list(meaning.changes(before, known, spec_file.load(copied.spec)))


def data(**fields: Any) -> Callable[[Table], None]:
    return lambda table: table["gates"]["data"].update(fields)


def task(**fields: Any) -> Callable[[Table], None]:
    return lambda table: table["tasks"]["sea"].update(fields)


def generation(**fields: Any) -> Callable[[Table], None]:
    return lambda table: table["generation"].update(fields)


def chat(**fields: Any) -> Callable[[Table], None]:
    return lambda table: table["base"].update(chat=fields)


WEAKER: dict[str, tuple[Callable[[Table], Any], str]] = {
    "any answer is in form": (task(answer_form=r"[\s\S]*"), "tasks.sea.answer_form: "),
    "anything is a refusal": (task(refusal_form=r"[\s\S]*"), "tasks.sea.refusal_form: "),
    "another system turn": (task(system="Say: rises twice."), "tasks.sea.system: "),
    "another way to write turns": (chat(system="merge"), "base.chat.system: 'keep', now 'merge'"),
    "an argument of the chat template": (chat(enable_thinking=True), "base.chat.enable_thinking: not set, now True"),
    "texts that end answers": (chat(stop=["."]), "base.chat.stop: [], now ['.']"),
    "another chat template": (chat(template="prompt.j2"), "base.chat.template: a file of its own now"),
    "longer answers": (task(max_new_tokens=64), "tasks.sea.max_new_tokens: 32, now 64"),
    "no schema": (lambda table: table["tasks"]["sea"].pop("schema"), "tasks.sea.schema: removed"),
    "findings allowed": (data(allow=["shared-run", "shared-topic"]), "gates.data.allow: [], now ["),
    "checks that advise": (data(advisory=["secrets", "text_apart"]), "gates.data.advisory: "),
    "no run is long enough": (data(overlap=100000), "gates.data.overlap: 8, now 100000"),
    "no copy is near enough": (data(similarity=0.99), "gates.data.similarity: 0.8, now 0.99"),
    "fewer sides": (data(duplicates_of=["prompt"]), "gates.data.duplicates_of: "),
    "a share will do": (data(at_least={"text_apart": 0.6}), "gates.data.at_least: "),
    "another cluster": (data(topic="id"), "gates.data.topic: "),
    "longer shingles": (data(shingle=50), "gates.data.shingle: 5, now 50"),
    "asked one by one": (generation(batch_size=1), "generation.batch_size: 16, now 1"),
    "no noise sample": (generation(noise_sample=0), "generation.noise_sample: 4, now 0"),
}


@pytest.mark.parametrize("case", WEAKER)
def test_a_figure_that_means_less_is_told(line: Line, tmp_path: Path, case: str) -> None:
    edit, words = WEAKER[case]
    (told,) = changed(line, tmp_path, edit)
    assert told.startswith(words), told


STRICTER: dict[str, Callable[[Table], Any]] = {
    "as it was": lambda table: None,
    "shorter runs": data(overlap=6),
    "nearer copies": data(similarity=0.7),
    "more sides": data(duplicates_of=["prompt", "answer", "both"]),
    "what only advised blocks": data(advisory=[]),
    "tokens counted": data(tokens=True),
    "a larger noise sample": generation(noise_sample=8),
    "a minimum more": lambda table: table.update(selection={"minimum": {"coverage": 0.9}}),
    "the default written out": data(overlap=8),
    "another recipe": lambda table: table["recipe"].update(rank=8),
    "another seed": lambda table: table["release"].update(seed=11),
}


@pytest.mark.parametrize("case", STRICTER)
def test_what_asks_more_or_is_no_question_of_meaning_is_not_told(line: Line, tmp_path: Path, case: str) -> None:
    assert changed(line, tmp_path, STRICTER[case]) == []


def test_a_selection_minimum_that_went_is_told(line: Line) -> None:
    table = tomllib.loads(line.spec.read_text(encoding="utf-8")) | {"selection": {"minimum": {"coverage": 0.9}}}
    spec: Spec = spec_file.load(line.spec)
    assert list(meaning.changes(table, {}, spec)) == ["selection.minimum.coverage: 0.9, now not asked"]
    lower = replace(spec, selection=replace(spec.selection, minimum={"coverage": 0.8}))
    assert list(meaning.changes(table, {}, lower)) == ["selection.minimum.coverage: 0.9, now 0.8"]


@pytest.mark.parametrize(("name", "key"), [("prompt.j2", "template"), ("record.schema.json", "schema")])
def test_other_bytes_of_a_template_or_schema_are_told_by_task(line: Line, tmp_path: Path, name: str, key: str) -> None:
    def rewrite(table: Table) -> None:
        path = tmp_path / "line" / name
        path.write_bytes(path.read_bytes() + b" ")

    told = changed(line, tmp_path, rewrite)
    assert [text.partition(": ")[0] for text in told] == [f"tasks.sea.{key}", f"tasks.shore.{key}"]
