"""Read a release spec: TOML in, frozen and validated objects out.

The JSON Schema beside this package holds the shape (editors use it too); what a schema cannot say
(names that must exist, thresholds that can be proved) is checked here and in `harness.gates`.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from jsonschema.exceptions import best_match

from harness import digests
from harness.errors import SpecError

if TYPE_CHECKING:
    from harness.earlier import Earlier

SCHEMA = Path(__file__).parent / "schemas" / "release.schema.json"
SPLITS = ("train", "dev", "benchmark", "parity")
ALL = "all"
"""The task name that pools every task of an adapter."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base model: where it comes from and which bytes it must be."""

    source: str
    """``package:DIST/FILE``, ``path:DIR``, ``hf:OWNER/NAME`` or ``modelscope:OWNER/NAME``."""
    pin: str
    """``sha256:HEX`` of the file (or of the folder's digests), or ``revision:REV`` of a hub."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that adapters are asked to do, and the files that teach and judge it."""

    name: str
    system: str
    files: Mapping[str, Path]
    """Split -> JSONL file; absent splits are absent."""
    template: Path
    schema: Path | None
    answer_form: str
    refusal_form: str
    max_new_tokens: int
    counts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Adapter:
    name: str
    tasks: tuple[str, ...]
    path: Path | None = None
    """An adapter trained elsewhere, or None: greenrun trains it."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """LoRA and optimizer settings, the same for every experiment."""

    rank: int
    alpha: int
    batch_size: int
    max_length: int
    targets: str = "all-linear"
    weight_decay: float = 0.0
    warmup_share: float = 0.0
    max_grad_norm: float = 1.0


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    epochs: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Selection:
    """How experiments are compared on `dev`: weights and minima by metric, and what counts as a tie."""

    tolerance: float = 0.0
    weights: Mapping[str, float] = field(default_factory=lambda: {"coverage": 0.5, "format": 0.5})
    minimum: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What one adapter must exceed on one task."""

    adapter: str
    task: str
    above: Mapping[str, float]
    expected: Mapping[str, float]
    split: str
    blocking: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole release spec; `path` and `digest` say which bytes it was read from."""

    path: Path
    digest: str
    name: str
    candidate: str
    deploy: str
    seed: int
    threads: int
    notes: Path | None
    base: Base
    tasks: Mapping[str, Task]
    adapters: Mapping[str, Adapter]
    recipe: Recipe
    experiments: tuple[Experiment, ...]
    selection: Selection
    rule: str
    confidence: float
    batch_size: int
    noise_sample: int
    keep_last: int | None
    """Runs whose artifacts the store keeps; None removes nothing."""
    limits: Mapping[str, float]
    """Kind of artifact -> seconds that building one may take."""
    thresholds: tuple[Thresholds, ...]
    areas: Mapping[str, Mapping[str, Any]]
    """The tables under ``[gates.*]`` other than eval, as written."""
    ledger: Path | None = None
    """Where attempts on the benchmark are counted (`harness.ledger`); None: they are not."""
    attempts: str = "report"
    """``report``: show what the stated error has become. ``spend``: divide it between the attempts."""
    fresh_after: int = 10
    """Adapters that a benchmark may judge before fresh items are asked for. At ten of 5 % each the ceiling is 50 %: a
    pass by luck can be no rarer than heads."""
    against: Earlier | None = None
    """The release that this one is compared with: from the command line, never from the file."""

    @property
    def external(self) -> bool:
        """True where every adapter is given: nothing trains and nothing is selected."""
        return all(adapter.path is not None for adapter in self.adapters.values())

    def blocking(self, area: str) -> bool:
        return bool(self.areas.get(area, {}).get("blocking", True))


def load(path: Path, given: Mapping[str, Path] | None = None) -> Spec:
    """Read and validate a release spec.

    Args:
        path: the TOML file; paths inside it are relative to its folder.
        given: adapter name -> folder of an adapter trained elsewhere (``--adapter``).

    Raises:
        SpecError: with the key and the mend.
    """
    try:
        text = path.read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise SpecError(path, "", f"cannot be read ({error.strerror}); name a spec with --release=PATH") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(path, "", f"not valid TOML: {error}") from error
    _check_shape(path, table)
    spec = _build(path, digests.of_value({"spec": table, "given": sorted(given or {})}), table, dict(given or {}))
    _check_references(spec)
    return spec


def _check_shape(path: Path, table: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = best_match(jsonschema.Draft202012Validator(schema).iter_errors(table))
    if error is None:
        return
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        known = list(error.schema.get("properties", ()))
        unknown = next(name for name in error.instance if name not in known)
        near = difflib.get_close_matches(unknown, known, 1, cutoff=0.4)
        mend = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
        raise SpecError(path, f"{key}.{unknown}".lstrip("."), f"unknown key; {mend}")
    raise SpecError(path, key, f"{error.message} (got {_short(error.instance)})")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _build(path: Path, digest: str, table: dict[str, Any], given: dict[str, Path]) -> Spec:
    here = path.resolve().parent
    release, policy, generation = table["release"], table.get("policy", {}), table.get("generation", {})
    rule = policy.get("rule", "lower_bound")
    gates = dict(table["gates"])
    for name in given:
        if name not in table["adapters"]:
            raise SpecError(path, "--adapter", f"unknown adapter {name!r}; the spec names {_names(table['adapters'])}")
    return Spec(
        path=path,
        digest=digest,
        name=release["name"],
        candidate=release["candidate"],
        deploy=release["deploy"],
        seed=release.get("seed", 0),
        threads=release.get("threads", 2),
        notes=here / release["notes"] if "notes" in release else None,
        base=_base(here, table["base"]),
        tasks={name: _task(here, name, entry) for name, entry in table["tasks"].items()},
        adapters={
            name: Adapter(name, tuple(entry["tasks"]), given.get(name, _maybe(here, entry.get("path"))))
            for name, entry in table["adapters"].items()
        },
        recipe=Recipe(**table["recipe"]),
        experiments=tuple(Experiment(**entry) for entry in table["experiments"]),
        selection=Selection(**table.get("selection", {})),
        rule=rule,
        confidence=policy.get("confidence", 0.95),
        batch_size=generation.get("batch_size", 64),
        noise_sample=generation.get("noise_sample", 16),
        keep_last=table.get("store", {}).get("keep_last"),
        limits=table.get("limits", {}),
        thresholds=tuple(_thresholds(entry, rule, release["candidate"]) for entry in gates.pop("eval")),
        areas=gates,
        ledger=_maybe(here, policy.get("ledger")),
        attempts=policy.get("attempts", "report"),
        fresh_after=policy.get("fresh_after", 10),
    )


def _maybe(here: Path, name: str | None) -> Path | None:
    return None if name is None else here / name


def _base(here: Path, entry: dict[str, str]) -> Base:
    scheme, _, place = entry["source"].partition(":")
    source = f"path:{here / place}" if scheme == "path" else entry["source"]
    return Base(source, entry["pin"])


def _task(here: Path, name: str, entry: dict[str, Any]) -> Task:
    return Task(
        name=name,
        system=entry.get("system", ""),
        files={split: here / entry[split] for split in SPLITS if split in entry},
        template=here / entry["template"],
        schema=_maybe(here, entry.get("schema")),
        answer_form=entry["answer_form"],
        refusal_form=entry["refusal_form"],
        max_new_tokens=entry.get("max_new_tokens", 160),
        counts=entry.get("counts", {}),
    )


def _thresholds(entry: dict[str, Any], rule: str, candidate: str) -> Thresholds:
    parity = entry.get("split", "benchmark") == "parity"
    return Thresholds(
        adapter=entry["adapter"],
        task=entry["task"],
        above=entry["above"],
        expected=entry.get("expected", {}),
        split=entry.get("split", "benchmark"),
        blocking=entry.get("blocking", entry["adapter"] == candidate and not parity),
        rule=entry.get("rule", "point" if parity else rule),
    )


def _names(known: Mapping[str, object]) -> str:
    return ", ".join(sorted(known))


def _check_references(spec: Spec) -> None:
    """Every name that the spec uses must be one that it declares, and every file must exist."""
    for key, problem in _bad_references(spec):
        raise SpecError(spec.path, key, problem)


def _bad_references(spec: Spec) -> Iterator[tuple[str, str]]:
    if spec.candidate not in spec.adapters:
        yield "release.candidate", f"unknown adapter {spec.candidate!r}; the spec names {_names(spec.adapters)}"
    names = [experiment.name for experiment in spec.experiments]
    for name in {name for name in names if names.count(name) > 1}:
        yield "experiments", f"the name {name!r} stands twice"
    for adapter in spec.adapters.values():
        for task in adapter.tasks:
            if task not in spec.tasks:
                yield f"adapters.{adapter.name}.tasks", f"unknown task {task!r}; the spec names {_names(spec.tasks)}"
            elif adapter.path is None and "train" not in spec.tasks[task].files:
                yield f"tasks.{task}.train", f"missing, and adapter {adapter.name!r} is to be trained on it"
        if adapter.path is not None and not adapter.path.is_dir():
            yield f"adapters.{adapter.name}", f"{adapter.path} is not a folder"
    for number, row in enumerate(spec.thresholds):
        yield from _bad_thresholds(spec, f"gates.eval.{number}", row)
    for name in spec.areas.get("bnb", {}).get("mounts", ()):
        if name not in spec.adapters:
            yield "gates.bnb.mounts", f"unknown adapter {name!r}; the spec names {_names(spec.adapters)}"
    for declared in spec.tasks.values():
        yield from _bad_files(declared)
    if spec.attempts == "spend" and spec.ledger is None:
        yield "policy.ledger", 'missing, and attempts = "spend" needs it; name a file that all runners share'
    if spec.notes is not None and not spec.notes.is_file():
        yield "release.notes", f"{spec.notes} does not exist"


def _bad_thresholds(spec: Spec, key: str, row: Thresholds) -> Iterator[tuple[str, str]]:
    if row.adapter not in spec.adapters:
        yield f"{key}.adapter", f"unknown adapter {row.adapter!r}; the spec names {_names(spec.adapters)}"
        return
    tasks = spec.adapters[row.adapter].tasks
    if row.task != ALL and row.task not in tasks:
        yield f"{key}.task", f"adapter {row.adapter!r} has the tasks {', '.join(tasks)}, not {row.task!r}"
        return
    for task in tasks if row.task == ALL else (row.task,):
        if row.split not in spec.tasks[task].files:
            yield f"{key}.split", f"task {task!r} has no {row.split} file"


def _bad_files(task: Task) -> Iterator[tuple[str, str]]:
    named = {**task.files, "template": task.template, **({"schema": task.schema} if task.schema else {})}
    for key, path in named.items():
        if not path.is_file():
            yield f"tasks.{task.name}.{key}", f"{path} does not exist"
    for key in ("answer_form", "refusal_form"):
        try:
            re.compile(getattr(task, key))
        except re.error as error:
            yield f"tasks.{task.name}.{key}", f"not a regular expression: {error}"
