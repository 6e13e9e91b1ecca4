"""Sabotages of the base, of training, and of adapters that are given instead of trained."""

from __future__ import annotations

import json
from pathlib import Path

from suites.sabotage import adapters, records, spec, stored
from suites.sabotage.adapters import config, given, tensors
from suites.sabotage.case import Sabotage
from suites.sabotage.spec import Table
from suites.sabotage.subject import NoTargetError
from suites.tiny import thinking
from suites.tiny.child import Line

INTACT = "training.both.intact"
QUALIFIED = "training.selection.qualified"


CANDIDATE = "{candidate}"
MADE = "{made} {candidate}"
"""Label of the adapter that the control run judged."""
_ENDLESS = "Help me study " + "of the sea " * 600 + "?"


def _other_base(line: Line) -> tuple[str, ...]:
    """Flip one bit of the base's last weight."""
    path = line.spec.parent / "base" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    return ()


def _other_pin(line: Line, table: Table) -> None:
    pin = table["base"]["pin"]
    if not pin.startswith("sha256:"):
        raise NoTargetError("the base is pinned by a hub's revision, and no hub is asked")
    table["base"]["pin"] = pin[:-1] + ("0" if pin[-1] != "0" else "1")


def _asked_otherwise(line: Line, table: Table) -> None:
    """So that the checkpoint which the store holds is not the one that is asked for, and the base is looked at."""
    table["base"]["chat"] = {"system": "merge"}


def _no_system(line: Line) -> tuple[str, ...]:
    """A template that refuses the role of the tasks' system turns."""
    (line.spec.parent / "no-system.jinja").write_text(thinking.NO_SYSTEM, encoding="utf-8")

    def give(line: Line, table: Table) -> None:
        table["base"]["chat"] = {"template": "no-system.jinja"}

    return spec.changed(give)(line)


def _thinking(line: Line) -> tuple[str, ...]:
    """Give the base a template that puts a think block in front of every answer, without the argument that turns it
    off."""
    (line.spec.parent / "thinking.jinja").write_text(thinking.TEMPLATE, encoding="utf-8")

    def give(line: Line, table: Table) -> None:
        table["base"]["chat"] = {"template": "thinking.jinja"}

    return spec.changed(give)(line)


def _short_limit(line: Line, table: Table) -> None:
    table["recipe"]["max_length"] = 16


def _count_tokens(line: Line, table: Table) -> None:
    table["gates"]["data"]["tokens"] = True


def _absurd_rate(line: Line, table: Table) -> None:
    for experiment in table["experiments"]:
        experiment["learning_rate"] = 1e30


def _rising_loss(content: Path) -> None:
    path = content / "training.json"
    losses = json.loads(path.read_text(encoding="utf-8"))["losses"]
    path.write_text(json.dumps({"losses": losses[::-1]}), encoding="utf-8")


RUNS = (
    Sabotage(
        "base-has-other-bytes",
        spec.both(_other_base, spec.changed(_asked_otherwise)),
        "",
        "the spec pins",
        status=4,
        verdict=None,
        tied="a base model's own files are too large to copy; see pin-of-another-base",
    ),
    Sabotage("pin-of-another-base", spec.changed(_other_pin), "", "the spec pins", status=4, verdict=None),
    Sabotage(
        "template-without-system-turns",
        _no_system,
        "base.tokenizer_ok",
        'system = "merge"',
        tied="its template is written in the tiny base's own marks",
    ),
    Sabotage(
        "template-that-thinks",
        _thinking,
        "training.sea.template_ids",
        "0 of 16 items are trained as the chat template writes them",
        tied="its template is written in the tiny base's own marks",
    ),
    Sabotage(
        "samples-longer-than-the-limit",
        spec.changed(_short_limit),
        "training.sample.runs",
        "recipe.max_length is 16",
    ),
    Sabotage(
        "labels-cut-off",
        spec.both(spec.changed(_count_tokens), spec.changed(_short_limit)),
        "data.train-sea.labels",
        "sea.jsonl:1:",
        tied="it is samples-longer-than-the-limit, with tokens counted",
    ),
    Sabotage(
        "prompt-longer-than-the-model-reads",
        spec.both(spec.changed(_count_tokens), records.first(records.DEV, records.answered, question=_ENDLESS)),
        "data.dev-sea.rendered",
        "sea.jsonl:1:",
        tied="its question is longer than the tiny model alone can read",
    ),
    Sabotage(
        "stored-weights-damaged",
        stored.damaged("served", "nf4", "greenrun.rounding.json"),
        "training.sample.runs",
        "content/greenrun.rounding.json: the manifest says",
    ),
    Sabotage(
        "learning-rate-absurd",
        spec.changed(_absurd_rate),
        "training.short.both.learned",
        "at step 2 of",
    ),
    Sabotage(
        "stored-adapter-damaged",
        stored.damaged("adapter", MADE, "adapter_model.safetensors"),
        "training.long.both.learned",
        "content/adapter_model.safetensors: the manifest says",
    ),
    Sabotage(
        "loss-that-rose",
        stored.forged("adapter", MADE, _rising_loss),
        "training.long.both.learned",
        "in the first quarter of",
    ),
)

FILES = (
    Sabotage("adapter-changes-nothing", given(CANDIDATE, adapters.scaled(0.0)), INTACT, "every lora_B is zero"),
    Sabotage("adapter-with-alpha-zero", given(CANDIDATE, config(lora_alpha=0)), INTACT, "lora_alpha=0"),
    Sabotage("adapter-with-nan", given(CANDIDATE, tensors(adapters.with_nan)), INTACT, "holds NaN or infinity"),
    Sabotage("adapter-pickled", given(CANDIDATE, adapters.pickled), INTACT, "adapter_model.bin is pickled"),
    Sabotage("adapter-of-garbage", given(CANDIDATE, adapters.with_garbage), INTACT, "not a safetensors file"),
    Sabotage("adapter-behind-a-link", given(CANDIDATE, adapters.as_link), INTACT, "neither a regular file nor a link"),
)

FITTING = (
    Sabotage("adapter-lacks-a-tensor", given(CANDIDATE, tensors(adapters.without_first)), QUALIFIED, "1 keys missing"),
    Sabotage("adapter-has-a-tensor-more", given(CANDIDATE, tensors(adapters.with_stranger)), QUALIFIED, "1 unexpected"),
    Sabotage(
        "adapter-of-another-base", given(CANDIDATE, tensors(adapters.halved)), QUALIFIED, "does not fit this base"
    ),
    Sabotage(
        "adapter-turned-round",
        given(CANDIDATE, adapters.scaled(-1.0)),
        QUALIFIED,
        "no experiment qualified on dev: short: all.coverage is 0.000 over 12, and must exceed 0.5",
    ),
)

SABOTAGES = (*RUNS, *FILES, *FITTING)
