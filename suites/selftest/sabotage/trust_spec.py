"""Crimes of the spec: what no run may open with, and what asks less than the release before."""

from __future__ import annotations

from collections.abc import Callable

from suites.sabotage.spec import Table
from suites.selftest.sabotage.trust_crime import Planted
from suites.tiny.child import Line


def _set(*places: str, **values: object) -> Callable[[Table], None]:
    def edit(table: Table) -> None:
        for place in places:
            table = table[place]
        table.update(values)

    return edit


def _row(number: int, **values: object) -> Callable[[Table], None]:
    return lambda table: table["gates"]["eval"][number].update(values)


def _hardly_in_stages(table: Table) -> None:
    """Ask in stages, with a threshold of 0.7: ten right of ten items prove a share above 0.74 at once, and only above
    0.65 in stages."""
    table["policy"] = {"looks": "anytime"}
    _row(2, above={"coverage": 0.5, "refused": 0.7})(table)


OPENED = "the spec, when a run opens"
HUB = ("base",)

SPEC: tuple[Planted, ...] = tuple(
    Planted(name, OPENED, said, edit)
    for name, said, edit in (
        ("base pinned by a branch", "'main' is no commit", _set(*HUB, source="hf:a/b", pin="revision:main")),
        ("base pinned by a tag", "'v1.0' is no commit", _set(*HUB, source="hf:a/b", pin="revision:v1.0")),
        ("base pinned by half a commit", "is no commit", _set(*HUB, source="modelscope:a/b", pin="revision:abc1234")),
        ("folder pinned by a revision", "a revision does not pin a path", _set(*HUB, pin=f"revision:{40 * 'a'}")),
        ("errors spent that nobody counts", "policy.ledger: missing", _set(policy={"attempts": "spend"})),
        (
            "one training under two names",
            "are the same training",
            lambda table: table["experiments"].append({**table["experiments"][0], "name": "again"}),
        ),
        ("confidence that is no number", "policy.confidence: nan is no number",
         _set(policy={"confidence": float("nan")})),
        ("a name with a newline", "release.name", _set("release", name="tiny\n")),
        ("100,000 threads", "greater than the maximum", _set("release", threads=100000)),
        ("the verdict overwritten by notes", "is one of the run's own papers", _set("release", notes="verdict.json")),
        ("a threshold that asking in stages can never prove", "can never prove", _hardly_in_stages),
        ("4-bit gates of a form that does not ship", "gates.bnb: judges adapters", _set("release", deploy="float32")),
        ("a key that nobody reads", "gates.data.alow: unknown key", _set("gates", "data", alow=["shared-run"])),
    )
)  # fmt: skip

NOT_WEAKENED = "regression.spec_not_weakened"
DATA = ("gates", "data")
SEA, SHORE = ("tasks", "sea"), ("tasks", "shore")

WEAKER: tuple[Planted, ...] = tuple(
    Planted(name, NOT_WEAKENED, said, edit)
    for name, said, edit in (
        ("any text is an answer in form", "tasks.sea.answer_form: ", _set(*SEA, answer_form=r"[\s\S]*")),
        ("any text is a refusal", "tasks.shore.refusal_form: ", _set(*SHORE, refusal_form=r"[\s\S]*")),
        ("the system turn says the answer", "tasks.sea.system: ", _set(*SEA, system="Say: it rises twice.")),
        ("longer answers allowed", "tasks.shore.max_new_tokens: 32, now 64", _set(*SHORE, max_new_tokens=64)),
        ("no schema", "tasks.shore.schema: removed", lambda table: table["tasks"]["shore"].pop("schema")),
        ("a count that went", "tasks.sea.counts.train.refusals: 6, now not said",
         _set(*SEA, counts={"train": {"items": 16}})),
        ("findings of leakage allowed", "gates.data.allow: ", _set(*DATA, allow=["run-prompt", "shared-topic"])),
        ("checks of leakage only advise", "gates.data.advisory: ", _set(*DATA, advisory=["secrets", "text_apart"])),
        ("a run of 100,000 words is a copy", "gates.data.overlap: 8, now 100000", _set(*DATA, overlap=100000)),
        ("nothing is near enough", "gates.data.similarity: 0.8, now 0.99", _set(*DATA, similarity=0.99)),
        ("shingles of 50 words", "gates.data.shingle: 5, now 50", _set(*DATA, shingle=50)),
        ("copies of prompts alone", "gates.data.duplicates_of: ", _set(*DATA, duplicates_of=["prompt"])),
        ("a tenth may be known", "gates.data.at_least: ", _set(*DATA, at_least={"text_apart": 0.9})),
        ("every item is a cluster", "gates.data.topic: ", _set(*DATA, topic="id")),
        ("asked one by one", "generation.batch_size: 16, now 1", _set("generation", batch_size=1)),
        ("no noise sample", "generation.noise_sample: 4, now 0", _set("generation", noise_sample=0)),
        ("less confidence", "policy.confidence: 0.95, now 0.9", _set(policy={"confidence": 0.9})),
        ("a threshold lowered", "eval.both.all.coverage: threshold 0.5, now 0.1",
         _row(1, above={"coverage": 0.1, "format": 0.5, "refused": 0.5, "answered": 0.5})),
        ("a threshold that only advises", "eval.both.shore.coverage: blocked the release, only advises now",
         _row(3, blocking=False)),
        ("a threshold by the bare value", "eval.both.sea.refused: rule lower_bound, now point", _row(2, rule="point")),
        ("4-bit gates removed", "bnb.base_quant_load_ok: removed", lambda table: table["gates"].pop("bnb")),
        ("more of the language may be forgotten", "eval.both.forgetting: threshold -0.5, now -0.9",
         _set("gates", "forgetting", margin=0.9)),
        ("more may be lost since the last release", "gates.regression.margin: 0.3, now 0.9",
         _set("gates", "regression", margin=0.9)),
        ("gates of the training only advise", "gates.training.blocking: True, now False",
         lambda table: table["gates"].update(training={"blocking": False})),
    )
)  # fmt: skip

TEXTS: tuple[Planted, ...] = (
    Planted("the template says the answer", NOT_WEAKENED, "tasks.sea.template: sha256",
            lambda line: _append(line, "prompt.j2", " (it rises twice a day)")),
    Planted("the schema takes anything", NOT_WEAKENED, "tasks.sea.schema: sha256",
            lambda line: _write(line, "record.schema.json", "{}")),
    Planted("general texts that ask nothing", NOT_WEAKENED, "gates.forgetting.texts: sha256",
            lambda line: _append(line, "general/taught.txt", "\n\nAnother passage.")),
)  # fmt: skip


def _append(line: Line, name: str, text: str) -> None:
    path = line.spec.parent / name
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def _write(line: Line, name: str, text: str) -> None:
    (line.spec.parent / name).write_text(text, encoding="utf-8")
