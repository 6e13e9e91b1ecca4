"""Read a release spec: TOML in, frozen and validated objects out.

`harness.spec.file` declares the shape; what a shape cannot say (names that must exist, thresholds that can be proved)
is checked in `harness.spec.check` and `harness.gates`.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

from harness.errors import SpecError
from harness.spec import check, metric_tables, mistakes
from harness.spec.adapters import Adapter, AdapterTable
from harness.spec.base import Base
from harness.spec.file import SpecFile
from harness.spec.mistakes import Mistake, Place
from harness.spec.objects import Spec, Task
from harness.spec.order import Order
from harness.spec.table import columns
from harness.spec.tasks import TaskTable
from harness.store import digests

MAX_DEPTH = 20
"""Levels of tables and lists in a spec; the deepest key of all has seven."""
MAX_BITS = 64
"""Most bits of a whole number, its sign included: TOML promises no more, and Python may refuse the decimal text of a
longer one."""
MOST = 20
"""Most mistakes of a file that one message lists."""


def load(path: Path, given: Mapping[str, Path] | None = None) -> Spec:
    """Read and validate a release spec.

    Args:
        path: the TOML file; paths inside it are relative to its folder.
        given: adapter name -> folder of an adapter trained elsewhere (``--adapter``).

    Raises:
        SpecError: with the key and the mend of each mistake in the file's shape, or else in what it refers to.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise SpecError(path, "", f"cannot be read ({error.strerror}); name a spec with --release=PATH") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(path, "", f"not valid TOML: {error}") from error
    except ValueError as error:  # Python's own limit, which protects from numbers that take minutes to read
        digits = sys.get_int_max_str_digits()
        raise SpecError(path, "", f"holds a number of more than {digits} digits, and no key takes one") from error
    except RecursionError as error:
        raise SpecError(path, "", f"nested deeper than {MAX_DEPTH} levels; no key of a spec is") from error
    order = Order(text.replace("\r\n", "\n"), table)
    shape = _shape(path, table, order)
    for name, own in metric_tables.read(path, table["tasks"]).items():
        if own:
            table["tasks"][name]["metrics"] = own
    spec = _build(
        path, digests.of_value({"spec": table, "given": sorted(given or {})}), table, shape, dict(given or {})
    )
    wrong = (Mistake(tuple(key.split(".")), problem) for key, problem in check.wrong(spec))
    _refuse(path, wrong, order)
    return spec


def _shape(path: Path, table: dict[str, Any], order: Order) -> SpecFile:
    unusable = tuple(_unusable(table))
    deep = [one for one in unusable if len(one.place) > MAX_DEPTH]
    _refuse(path, deep[:1], order)  # nothing else is made of what is nested so deep
    shape, wrong = mistakes.parse(table, path.resolve().parent)
    told = {one.place[:n] for one in unusable for n in range(1, len(one.place) + 1)}
    _refuse(path, [*unusable, *(one for one in wrong if one.place not in told)], order)
    assert shape is not None, "nothing is wrong in it"
    return shape


def _refuse(path: Path, found: Iterable[Mistake], order: Order) -> None:
    """Raise one error with every mistake, in the order of the file.

    Raises:
        SpecError: there is one.
    """
    told = sorted(found, key=lambda one: order.key(one.place))
    if told:
        first, *others = [(".".join(map(str, one.place)), one.problem) for one in told[:MOST]]
        more = [("", f"and {len(told) - MOST} more mistakes")] if len(told) > MOST else []
        raise SpecError(path, *first, *others, *more)


def _unusable(table: Mapping[str, Any]) -> Iterator[Mistake]:
    """Mistakes for values that TOML has and no key takes, each with its place; pydantic would let them pass or report
    them in unclear words."""
    waiting: list[tuple[Place, Any]] = [((), table)]
    while waiting:
        place, value = waiting.pop()
        if len(place) > MAX_DEPTH:
            yield Mistake(place, f"nested deeper than {MAX_DEPTH} levels; no key of a spec is")
        elif isinstance(value, dict):
            waiting += [((*place, name), entry) for name, entry in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, number), entry) for number, entry in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            yield Mistake(place, f"{value} is no number that anything can be compared with")
        elif isinstance(value, int) and value.bit_length() >= MAX_BITS:
            yield Mistake(place, f"a whole number of more than {MAX_BITS} bits, and no key takes one")
        elif isinstance(value, (date, time)):
            yield Mistake(
                place, f"{value} is a date or a time, and no key takes one; was a text meant? Put it in quotes"
            )


def _build(path: Path, digest: str, table: dict[str, Any], shape: SpecFile, given: dict[str, Path]) -> Spec:
    unknown = [name for name in given if name not in shape.adapters]
    if unknown:
        known = check.listed(shape.adapters)
        first, *others = [("--adapter", f"unknown adapter {name!r}; the spec names {known}") for name in unknown]
        raise SpecError(path, *first, *others)
    return Spec(
        path=path,
        digest=digest,
        **columns(shape.release),
        **columns(shape.policy),
        **columns(shape.generation),
        **columns(shape.store),
        base=_base(path.resolve().parent, shape.base),
        tasks={name: _task(name, entry, table["tasks"][name], shape) for name, entry in shape.tasks.items()},
        adapters={name: _adapter(name, table, given) for name, table in shape.adapters.items()},
        recipe=shape.recipe,
        experiments=shape.experiments,
        selection=shape.selection,
        serve=shape.serve,
        limits={str(kind): seconds for kind, seconds in shape.limits.items()},
        gates=shape.gates,
        vllm=shape.vllm,
        compute=shape.compute,
        licences=shape.licences,
        waivers=shape.waiver,
    )


def _base(here: Path, base: Base) -> Base:
    scheme, _, place = base.source.partition(":")
    return replace(base, source=f"path:{here / place}") if scheme == "path" else base


def _task(name: str, entry: TaskTable, written: Mapping[str, Any], shape: SpecFile) -> Task:
    metrics = metric_tables.declared(name, written.get("metrics", {}), shape.gates.eval, shape.adapters)
    return Task(name=name, **{**columns(entry), "metrics": metrics})


def _adapter(name: str, table: AdapterTable, given: Mapping[str, Path]) -> Adapter:
    adapter = Adapter(name=name, **columns(table))
    return replace(adapter, path=given[name]) if name in given else adapter
