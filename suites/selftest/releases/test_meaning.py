"""A spec whose figures stay and whose meaning went is told, one difference at a time; one that asks more is not."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.releases import ledger, meaning, spec_changes, tried_items
from harness.releases.earlier import Earlier
from harness.releases.weakened import weaker
from harness.spec import load
from harness.spec.objects import Spec
from suites.sabotage import spec as spec_of
from suites.tiny.child import Line

Table = dict[str, Any]


def changed(line: Line, folder: Path, edit: Callable[[Table], None]) -> list[str]:
    """The changes that are reported for a copy of the line whose spec's table was edited."""
    known = meaning.digests_of(load.load(line.spec))
    copied = line.copy(folder / "line")
    table = spec_of.read(copied.spec)
    table |= {"policy": {"ledger": "ledger.jsonl", "fresh_after": 4}, "limits": {"adapter": 3600}}
    table["gates"] |= {"training": {"seeds": 3}, "gguf": {"blocking": False}}
    before = copy.deepcopy(table)
    edit(table)
    spec_of.write(copied.spec, table)
    return list(meaning.changes(before, known, load.load(copied.spec)))


def data(**fields: Any) -> Callable[[Table], None]:
    return lambda table: table["gates"]["data"].update(fields)


def task(**fields: Any) -> Callable[[Table], None]:
    return lambda table: table["tasks"]["sea"].update(fields)


def section(name: str, **fields: Any) -> Callable[[Table], None]:
    return lambda table: table.setdefault(name, {}).update(fields)


def limits(**fields: Any) -> Callable[[Table], None]:
    return section("limits", **fields)


def policy(**fields: Any) -> Callable[[Table], None]:
    return section("policy", **fields)


def area(name: str, **fields: Any) -> Callable[[Table], None]:
    return lambda table: table["gates"].setdefault(name, {}).update(fields)


def adapter(name: str, **fields: Any) -> Callable[[Table], None]:
    return lambda table: table["adapters"][name].update(fields)


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
    "fewer tokens at once": (generation(batch_tokens=100), "generation.batch_tokens: 65536, now 100"),
    "fewer records counted": (
        task(counts={"train": {"items": 1, "refusals": 6}}),
        "tasks.sea.counts.train.items: 16, now 1",
    ),
    "a count that went": (task(counts={"train": {"items": 16}}), "tasks.sea.counts.train.refusals: 6, now not said"),
    "no counts": (lambda table: table["tasks"]["shore"]["counts"]["train"].pop("items"), "tasks.shore.counts.train."),
    "a limit raised": (limits(adapter=9000), "limits.adapter: 3600, now 9000"),
    "a limit that went": (lambda table: table.pop("limits"), "limits.adapter: 3600, now not said"),
    "another ledger": (policy(ledger="new.jsonl"), "policy.ledger: 'ledger.jsonl', now 'new.jsonl'"),
    "no ledger": (lambda table: table["policy"].pop("ledger"), "policy.ledger: 'ledger.jsonl', now not said"),
    "fresh items asked for later": (policy(fresh_after=50), "policy.fresh_after: 4, now 50"),
    "fresh items asked for by default": (
        lambda table: table["policy"].pop("fresh_after"),
        "policy.fresh_after: 4, now 10",
    ),
    "another candidate": (
        lambda table: table["release"].update(candidate="sea"),
        "release.candidate: 'both', now 'sea'",
    ),
    "another base": (lambda table: table["base"].update(pin=f"sha256:{'0' * 64}"), "base.pin: "),
    "the training's gates advise": (area("training", blocking=False), "gates.training.blocking: True, now False"),
    "fewer seeds": (area("training", seeds=2), "gates.training.seeds: 3, now 2"),
    "no seeds": (lambda table: table["gates"]["training"].pop("seeds"), "gates.training.seeds: 3, now not said"),
    "more bits a weight": (area("gguf", bits_per_weight=9.0), "gates.gguf.bits_per_weight: 5.5, now 9.0"),
    "farther from the adapter": (area("gguf", max_kl_4_bit=2.0), "gates.gguf.max_kl_4_bit: 0.15, now 2.0"),
    "a smaller sample of forms": (area("gguf", sample=2), "gates.gguf.sample: 24, now 2"),
    "more may be lost": (area("gguf", margin=0.5), "gates.gguf.margin: 0.1, now 0.5"),
    "another quantization": (area("gguf", quantization="Q8_0"), "gates.gguf.quantization: 'Q4_0', now 'Q8_0'"),
    "any version of the tools": (area("gguf", version="9"), "gates.gguf.version: "),
    "no noise sample": (generation(noise_sample=0), "generation.noise_sample: 4, now 0"),
}


@pytest.mark.parametrize("case", WEAKER)
def test_a_figure_that_means_less_is_told(line: Line, tmp_path: Path, case: str) -> None:
    edit, words = WEAKER[case]
    (told,) = changed(line, tmp_path, edit)
    assert told.startswith(words), told


DIRECT: dict[str, tuple[Table, Table, list[str]]] = {
    "the candidate knows a task less": (
        {"adapters": {"both": {"tasks": ["sea", "shore"]}}},
        {"adapters": {"both": {"tasks": ["sea"]}}},
        ["adapters.both.tasks: ['sea', 'shore'], now ['sea']"],
    ),
    "another adapter's task": (
        {"adapters": {"sea": {"tasks": ["sea"]}}},
        {"adapters": {"sea": {"tasks": ["shore"]}}},
        ["adapters.sea.tasks: ['sea'], now ['shore']"],
    ),
    "looks at any time, at the same error": ({"policy": {}}, {"policy": {"looks": "anytime"}}, []),
    "one look after many": ({"policy": {"looks": "anytime"}}, {}, ["policy.looks: 'anytime', now 'once'"]),
    "a ledger begun": ({}, {"policy": {"ledger": "ledger.jsonl"}}, []),
    "a task more": ({"tasks": {}}, {"tasks": {"sea": {"counts": {"train": {"items": 3}}}}}, []),
}


@pytest.mark.parametrize("case", DIRECT)
def test_two_tables_differ_in_what_they_ask(case: str) -> None:
    before, after, told = DIRECT[case]
    assert list(spec_changes.changes(before, after)) == told


@pytest.mark.parametrize("key", ["future", "gates.data.future", "policy.future"])
def test_a_key_that_nobody_thought_of_is_told(line: Line, key: str) -> None:
    """What no list names may ask anything."""
    before = tomllib.loads(line.spec.read_text(encoding="utf-8"))
    now: Table = {**before, key: 1} if "." not in key else {**before}
    if "." in key:
        *places, name = key.split(".")
        now[places[0]] = {**before.get(places[0], {}), **({name: 1} if len(places) == 1 else {})}
    told = list(spec_changes.changes(before, now))
    assert told == ([] if key.startswith("gates.data") else [f"{key}: not said, now 1"])


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
    "a limit lowered": limits(adapter=60),
    "a limit more": limits(answers=60),
    "fresh items asked for sooner": policy(fresh_after=2),
    "a count more": task(counts={"train": {"items": 16, "refusals": 6}, "dev": {"items": 10}}),
    "more seeds": area("training", seeds=5),
    "nearer to the adapter": area("gguf", max_kl_4_bit=0.1, sample=48, min_same_top_1=0.99),
    "the training's gates block, written out": area("training", blocking=True),
    "the single adapter learns more": adapter("sea", tasks=["sea", "shore"]),
    "a name, a thread, a store": lambda table: table.update(store={"keep_last": 3}),
    "an experiment less": lambda table: table["experiments"].pop(),
    "what is expected": lambda table: table["gates"]["eval"][1]["expected"].update(coverage=0.9),
    "another recipe": lambda table: table["recipe"].update(rank=8),
    "another seed": lambda table: table["release"].update(seed=11),
}


@pytest.mark.parametrize("case", STRICTER)
def test_what_asks_more_or_is_no_question_of_meaning_is_not_told(line: Line, tmp_path: Path, case: str) -> None:
    assert changed(line, tmp_path, STRICTER[case]) == []


def test_a_selection_minimum_that_went_is_told(line: Line) -> None:
    table = tomllib.loads(line.spec.read_text(encoding="utf-8")) | {"selection": {"minimum": {"coverage": 0.9}}}
    spec: Spec = load.load(line.spec)
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


def test_other_general_texts_are_told(line: Line, tmp_path: Path) -> None:
    def rewrite(table: Table) -> None:
        (tmp_path / "line" / "general" / "taught.txt").write_text("Anything.\n\nElse.", encoding="utf-8")

    (told,) = changed(line, tmp_path, rewrite)
    assert told.startswith("gates.forgetting.texts: sha256 ")


def counted(line: Line, tmp_path: Path, *adapters: str) -> tuple[Spec, Earlier]:
    """The line with a ledger of these attempts, and a release before it that knew of two."""
    spec = replace(load.load(line.spec), ledger=tmp_path / "ledger.jsonl")
    benchmark = tried_items.of_adapter(spec, spec.candidate)
    (tmp_path / "ledger.jsonl").touch()
    for name in adapters:
        ledger.record(spec.ledger, benchmark, name, "line", "run_1")
    attempts = {"adapters": 2, "benchmark": benchmark.digest}
    return spec, Earlier(tmp_path, "line", "run_1", "both", (), {}, (), {}, attempts)


@pytest.mark.parametrize(
    ("adapters", "told"), [(("a", "b"), None), (("a", "b", "c"), None), (("a",), "now 1"), ((), "now 0")]
)
def test_attempts_that_the_ledger_no_longer_knows_are_told(
    line: Line, tmp_path: Path, adapters: tuple[str, ...], told: str | None
) -> None:
    spec, before = counted(line, tmp_path, *adapters)
    found = [text for text in weaker(before, spec, (), {}) if text.startswith("policy.ledger: 2 attempts")]
    assert bool(found) == (told is not None)
    assert all(str(told) in text for text in found)


def test_a_ledger_that_is_gone_is_told(line: Line, tmp_path: Path) -> None:
    spec, before = counted(line, tmp_path)
    (tmp_path / "ledger.jsonl").unlink()
    assert "policy.ledger: 2 attempts on this benchmark, now unknown; restore the ledger" in weaker(
        before, spec, (), {}
    )


def test_fresh_items_begin_a_fresh_count(line: Line, tmp_path: Path) -> None:
    spec, before = counted(line, tmp_path)
    other = replace(before, attempts={**before.attempts, "benchmark": "0" * 64})
    assert not [text for text in weaker(other, spec, (), {}) if "attempts on this" in text]
