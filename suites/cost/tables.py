"""The tables of ``docs/cost.md``: time stage by stage and of larger releases, room, rates, and those of a processor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

from harness.report import escape
from harness.spec.objects import Spec
from harness.text import amount
from suites.cost import estimate, measured, plan, room, seconds, tokens, work
from suites.cost.measured import Figures
from suites.cost.plan import Plan
from suites.cost.rates import SAID, UNITS, Kind, Rate
from suites.cost.roofline import CARDS, LIKELY, LOW
from suites.cost.shapes import BASES

ITEMS, ADAPTERS = 10_000, 100
LARGER: Mapping[str, Callable[[Plan], Plan]] = {
    f"{ITEMS:,} training items": lambda one: plan.with_training_items(one, ITEMS),
    f"{ITEMS:,} judged items": lambda one: plan.with_judged_items(one, ITEMS),
    f"{ADAPTERS} adapters": lambda one: plan.with_adapters(one, ADAPTERS),
}
ON = [(base, card) for base in BASES for card in CARDS]


def stages(asked: Plan, result: Figures | None) -> str:
    each = [estimate.of(asked, "8B", card, result) for card in CARDS]
    rows = [
        (stage.name, *(estimate.span(one.likely[k], one.low[k]) for one in each))
        for k, stage in enumerate(each[0].likely)
    ]
    rows.append(("in all", *(estimate.span(*one.whole) for one in each)))
    return _table(("8B, one job after another", *(card.name for card in CARDS)), rows)


def larger(asked: Plan, result: Figures | None) -> str:
    plans = {"as it is": asked, **{name: make(asked) for name, make in LARGER.items()}}
    plans["all three"] = reduce(lambda one, make: make(one), LARGER.values(), asked)
    rows = [
        (name, *(estimate.span(*estimate.of(one, base, card, result).whole) for base, card in ON))
        for name, one in plans.items()
    ]
    return _table(("release", *(f"{base}, {card.name}" for base, card in ON)), rows)


def disk(spec: Spec, adapters: int) -> str:
    columns = [list(room.disk(shape, spec, adapters)) for shape in BASES.values()]
    rows = [(one.what, *(amount.of_bytes(column[k].size) for column in columns)) for k, one in enumerate(columns[0])]
    rows.append(("in all", *(amount.of_bytes(sum(one.size for one in column)) for column in columns)))
    return _table((f"disk, {adapters} adapters (estimate)", *BASES), rows)


def memory(spec: Spec) -> str:
    columns = [list(room.memory(shape, spec, tokens.QWEN3)) for shape in BASES.values()]
    rows = [(one.what, *(_fits(column[k].size) for column in columns)) for k, one in enumerate(columns[0])]
    return _table(("memory of one process on the card (estimate)", *BASES), rows)


def rates(asked: Plan, result: Figures | None) -> str:
    rows = []
    for base, card in ON:
        likely, low = (estimate.rates(base, card, one, asked.batch, result).named() for one in (LIKELY, LOW))
        for name, rate in likely.items():
            rows.append((f"{base}, {card.name}", SAID[name], _value(rate, low[name], UNITS[name]), _origin(rate)))
    return _table(("base and card", "what", "rate", "from"), rows)


def processor_rates() -> str:
    rows = [
        (SAID[name], _value(rate, rate, UNITS[name]), _origin(rate))
        for name, rate in measured.PROCESSOR.named().items()
    ]
    return _table(("what", "rate", "from"), rows)


def processor(asked: Plan) -> str:
    done = seconds.stages(work.of(asked, tokens.SMOLLM2), measured.PROCESSOR)
    return _table(("stage", "one process"), [(stage.name, estimate.span(stage, stage)) for stage in done])


def _fits(size: float) -> str:
    short = [card.name for card in CARDS if size > card.memory]
    return amount.of_bytes(size) + (f"; does not fit {' or '.join(short)}" if short else "")


def _value(likely: Rate, low: Rate, unit: str) -> str:
    if likely.value is None or low.value is None:
        return Kind.NOT_MEASURED.value
    shown = dict.fromkeys(f"{one:,.0f}" for one in (likely.value, low.value))
    return f"{' to '.join(shown)} {unit}"


def _origin(rate: Rate) -> str:
    return f"{rate.kind.value}{f': {rate.source}' if rate.source else ''}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return str(escape.table(head, [tuple(map(escape.cell, row)) for row in rows]))
