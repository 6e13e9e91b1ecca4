"""Check that the names that a spec uses are declared, and that the files that it names exist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import regex

from harness.spec import chat, data_place, nearest, papers, waiver
from harness.spec.objects import ALL, SPLITS, Spec, Task, Thresholds
from harness.spec.policy import ANYTIME

_COMMIT = re.compile(r"[0-9a-f]{40}")


def listed(known: Mapping[str, object]) -> str:
    return ", ".join(sorted(known))


def wrong(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each name that is used and not declared, and for each missing file."""
    if spec.candidate not in spec.adapters:
        yield "release.candidate", f"unknown adapter {spec.candidate!r}; the spec names {listed(spec.adapters)}"
    names = [experiment.name for experiment in spec.experiments]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield "experiments", f"the name {name!r} stands twice"
    yield from _same_experiments(spec)
    yield from _bad_adapters(spec)
    yield from _bad_pin(spec)
    yield from chat.problems(spec.base.chat)
    for number, row in enumerate(spec.thresholds):
        yield from _bad_thresholds(spec, f"gates.eval.{number}", row)
    for name in (spec.gates.bnb and spec.gates.bnb.mounts) or ():
        if name not in spec.adapters:
            yield "gates.bnb.mounts", f"unknown adapter {name!r}; the spec names {listed(spec.adapters)}"
    for declared in spec.tasks.values():
        yield from _bad_files(declared)
        yield from _bad_refusals(declared)
    if spec.attempts == "spend" and spec.ledger is None:
        yield "policy.ledger", 'missing, and attempts = "spend" needs it; name a file that all runners share'
    if spec.looks == ANYTIME and spec.gates.gguf is not None:
        yield (
            "policy.looks",
            '"anytime" asks a part of the benchmark, and the gates of [gates.gguf] compare forms over all of it; use '
            '"once", or remove the table',
        )
    yield from _bad_notes(spec)
    yield from waiver.problems(spec.waivers)


def _bad_adapters(spec: Spec) -> Iterator[tuple[str, str]]:
    untaught: dict[str, str] = {}
    for adapter in spec.adapters.values():
        for task in adapter.tasks:
            if task not in spec.tasks:
                yield f"adapters.{adapter.name}.tasks", f"unknown task {task!r}; the spec names {listed(spec.tasks)}"
            elif adapter.path is None and spec.tasks[task].train is None:
                untaught.setdefault(task, adapter.name)
        if adapter.path is not None and not adapter.path.is_dir():
            yield f"adapters.{adapter.name}", f"{adapter.path} is not a folder"
        if adapter.trained_on and adapter.path is None:
            yield (
                f"adapters.{adapter.name}.trained_on",
                "speaks of an adapter from elsewhere, and this one is trained here",
            )
    for task, name in untaught.items():
        yield f"tasks.{task}.train", f"missing, and adapter {name!r} is to be trained on it"


def _bad_notes(spec: Spec) -> Iterator[tuple[str, str]]:
    """Refuse notes under a name that the run itself uses: they are copied into the run's folder under their own
    name."""
    if spec.notes is None:
        return
    if not spec.notes.is_file():
        yield "release.notes", f"{spec.notes} does not exist"
    if papers.reserved(spec.notes.name):
        yield (
            "release.notes",
            f"the name {spec.notes.name!r} is one of the run's own papers, and would take its place; rename the file",
        )


def _same_experiments(spec: Spec) -> Iterator[tuple[str, str]]:
    """Refuse two names for one training: whichever is chosen, nothing was compared."""
    known: dict[tuple[int, float], str] = {}
    for one in spec.experiments:
        first = known.setdefault((one.epochs, one.learning_rate), one.name)
        if first != one.name:
            yield (
                "experiments",
                f"{first!r} and {one.name!r} are the same training ({one.epochs} epochs at {one.learning_rate}), so "
                "comparing them shows nothing; change or remove one",
            )


def _unknown(key: str, kind: str, names: Iterable[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in known:
            yield f"{key}.{name}", f"unknown {kind}; {nearest.mend(name, known)}"


def _bad_pin(spec: Spec) -> Iterator[tuple[str, str]]:
    """Refuse a revision as the pin of a folder or an installed package: only a hub serves revisions."""
    scheme = spec.base.source.partition(":")[0]
    named, _, revision = spec.base.pin.partition(":")
    if named != "revision":
        return
    if scheme in ("path", "package"):
        yield (
            "base.pin",
            f"a revision does not pin a {scheme}: whatever lies there would be judged as the same base; pin its bytes, "
            f"sha256:HEX (with a wrong one, such as sha256:{64 * '0'}, the refusal names the digest that was found)",
        )
    elif _COMMIT.fullmatch(revision) is None:
        yield (
            "base.pin",
            f"{revision!r} is no commit: a branch or a tag can be pointed at other weights tomorrow; name the commit "
            f"that it is at now, revision: and its 40 hex digits (make fetch RELEASE={spec.path} prints them)",
        )


def _bad_thresholds(spec: Spec, key: str, row: Thresholds) -> Iterator[tuple[str, str]]:
    if row.adapter not in spec.adapters:
        yield f"{key}.adapter", f"unknown adapter {row.adapter!r}; the spec names {listed(spec.adapters)}"
        return
    tasks = spec.adapters[row.adapter].tasks
    if row.task != ALL and row.task not in tasks:
        yield f"{key}.task", f"adapter {row.adapter!r} has the tasks {', '.join(tasks)}, not {row.task!r}"
        return
    yield from _unknown(f"{key}.expected", "threshold", row.expected, row.above)
    for task in spec.tasks_of(row.adapter, row.task):
        if task in spec.tasks and row.split not in spec.tasks[task].files:
            yield f"{key}.split", f"task {task!r} has no {row.split} file"


def _bad_files(task: Task) -> Iterator[tuple[str, str]]:
    for key, path in task.files.items():
        if problem := data_place.problem(path):
            yield f"tasks.{task.name}.{key}", problem
    named: dict[str, Path | None] = {"template": task.template, "schema": task.schema}
    for key, file in named.items():
        if file is not None and not file.is_file():
            yield f"tasks.{task.name}.{key}", f"{file} does not exist"
    yield from _unknown(f"tasks.{task.name}.counts", "split", task.counts, SPLITS)
    for key in ("answer_form", "refusal_form"):
        try:
            regex.compile(getattr(task, key) or "")
        except regex.error as error:
            yield f"tasks.{task.name}.{key}", f"not a regular expression: {error}"


def _bad_refusals(task: Task) -> Iterator[tuple[str, str]]:
    """Refuse kinds to refuse without the form of a refusal, or the form without the kinds: neither can be judged
    alone."""
    key = f"tasks.{task.name}"
    if task.refuse and task.refusal_form is None:
        yield (
            f"{key}.refusal_form",
            f"missing, and refuse names kinds that must be refused ({', '.join(sorted(task.refuse))}): say what a "
            "whole refusal looks like, as a regular expression",
        )
    if task.refusal_form is not None and not task.refuse:
        yield (
            f"{key}.refuse",
            "missing, and refusal_form says what a refusal looks like: name the kinds of records that must be refused, "
            'as in refuse = ["unsafe"], or remove the form',
        )
    if task.look_alike and not task.refuse:
        yield (
            f"{key}.look_alike",
            "names kinds that look like what must be refused, and refuse names none; name those, or remove it",
        )
    for kind in sorted(task.refuse & task.look_alike):
        yield f"{key}.look_alike", f"{kind!r} stands in refuse too: a kind is either refused or answered"
