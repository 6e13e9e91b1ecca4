"""Differences in what a spec's figures mean since an earlier release: the same threshold over a form that matches
everything is another threshold.

Compared are the forms of answers, prompts and chat settings, options of the data checks, minima of the selection, the
bytes of templates, schemas and general texts, and every other key of the spec (`harness.releases.spec_changes`). A
difference that is known to make the spec stricter, or to be harmless, is left out; every other one is reported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from harness.errors import SpecError
from harness.releases import spec_changes
from harness.spec.chat import Chat, arguments_of
from harness.spec.data import DataGates
from harness.spec.objects import Spec, Task
from harness.spec.table import said
from harness.spec.work import Generation
from harness.store import digests

Stricter = Callable[[Any, Any], bool]
"""(before, now) -> whether the change makes the spec stricter."""

TEXTS = "gates.forgetting.texts"
_OF_A_TASK = ("system", "answer_form", "refusal_form", "refuse", "look_alike", "max_new_tokens")
_OF_GENERATION = ("batch_size", "batch_tokens", "noise_sample", "noise_band")
_ASKS_MORE = {"noise_sample": max, "noise_band": min}
"""Key of ``[generation]`` -> which of two values asks more."""


def _fewer(before: Any, now: Any) -> bool:
    return set(now) < set(before)


def _more(before: Any, now: Any) -> bool:
    return set(now) > set(before)


def _lower(before: Any, now: Any) -> bool:
    return bool(now < before)


def _no_share_lower(before: Any, now: Any) -> bool:
    was, shares = dict(before), dict(now)
    return all(share >= was.get(check, 1.0) for check, share in shares.items())


def _turned_on(before: Any, now: Any) -> bool:
    return bool(now)


def _nothing(before: Any, now: Any) -> bool:
    return False


_STRICTER: Mapping[str, Stricter] = {
    "advisory": _fewer,
    "allow": _fewer,
    "duplicates_of": _more,
    "overlap": _lower,
    "similarity": _lower,
    "at_least": _no_share_lower,
    "tokens": _turned_on,
}
"""Option of the data checks -> test whether its change is stricter. Any change of another option is reported."""


def digests_of(spec: Spec) -> dict[str, str]:
    """Key of the spec -> SHA-256 of the template, schema or general texts that it names, or of the schema it holds."""
    named = {f"tasks.{name}.template": task.template for name, task in spec.tasks.items() if task.template}
    named |= {"base.chat.template": spec.base.chat.template} if spec.base.chat.template else {}
    named |= {f"tasks.{name}.schema": task.schema for name, task in spec.tasks.items() if task.schema}
    found = {key: digests.of_file(path) for key, path in named.items() if path.is_file()}
    for name, task in spec.tasks.items():
        for metric, settings in task.metrics.items():
            if "schema" in settings:
                found[f"tasks.{name}.metrics.{metric}.schema"] = digests.of_value(settings["schema"])
    if spec.gates.forgetting is not None:
        folder = spec.gates.forgetting.texts
        found[TEXTS] = digests.of_value({path.name: digests.of_file(path) for path in sorted(folder.glob("*.txt"))})
    return found


def changes(table: Mapping[str, Any], before: Mapping[str, str], spec: Spec) -> Iterator[str]:
    """Each difference in meaning, in words.

    Args:
        table: the earlier release's spec, as TOML gives it.
        before: its `digests_of`; empty where its verdict kept none.
    """
    yield from _chat(table.get("base", {}).get("chat", {}), spec)
    yield from _tasks(table, spec)
    yield from _files(before, spec)
    yield from _data(table, spec)
    yield from spec_changes.changes(table, _present(spec))
    generation = table.get("generation", {})
    for key in _OF_GENERATION:
        was, now = said(Generation, generation, key), getattr(spec, key)
        if was != now and not (key in _ASKS_MORE and now == _ASKS_MORE[key](was, now)):
            yield f"generation.{key}: {was}, now {now}"
    for metric, least in table.get("selection", {}).get("minimum", {}).items():
        if spec.selection.minimum.get(metric, -1.0) < least:
            yield f"selection.minimum.{metric}: {least}, now {spec.selection.minimum.get(metric, 'not asked')}"
    deploy = table.get("release", {}).get("deploy", spec.deploy)
    if deploy != spec.deploy:
        yield f"release.deploy: {deploy}, now {spec.deploy}"


def _present(spec: Spec) -> Mapping[str, Any]:
    """The spec's own table, as TOML gives it.

    Raises:
        SpecError: the file is not what was loaded.
    """
    try:
        return tomllib.loads(spec.path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(spec.path, "", f"cannot be read again to compare it ({error})") from error


def _chat(was: Mapping[str, Any], spec: Spec) -> Iterator[str]:
    """Differences in how the base is asked. None of them is stricter or weaker, and each one asks something else."""
    chat = spec.base.chat
    before = {"system": said(Chat, was, "system"), "stop": list(was.get("stop", ())), **arguments_of(was)}
    now = {"system": chat.system, "stop": list(chat.stop), **chat.arguments}
    for key in sorted(before.keys() | now.keys()):
        one, other = (_short(told[key]) if key in told else "not set" for told in (before, now))
        if one != other:
            yield f"base.chat.{key}: {one}, now {other}"
    if ("template" in was) != (chat.template is not None):
        yield f"base.chat.template: {'removed' if 'template' in was else 'a file of its own now'}"


def _tasks(table: Mapping[str, Any], spec: Spec) -> Iterator[str]:
    """Differences in tasks of both specs. A new task only adds gates; a removed one is reported by its gates."""
    for name, was in table.get("tasks", {}).items():
        if name not in spec.tasks:
            continue
        task = spec.tasks[name]
        for key in _OF_A_TASK:
            if key in ("refuse", "look_alike") and key not in was and "refusal_form" in was:
                continue  # of a time when the harness itself knew which kinds of items must be refused
            now = getattr(task, key)
            before = _like(now, said(Task, was, key))
            if before != now:
                yield f"tasks.{name}.{key}: {_plain(before)}, now {_plain(now)}"
        yield from _metrics(name, was.get("metrics", {}), task.metrics)
        for key in ("schema", "template"):
            if key in was and getattr(task, key) is None:
                yield f"tasks.{name}.{key}: removed"


def _metrics(task: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Differences in the settings of metrics; schemas are compared by their digests."""
    for metric, settings in was.items():
        if metric not in now:
            yield f"tasks.{task}.metrics.{metric}: {_short(settings)}, now not declared"
            continue
        for key in sorted({*settings, *now[metric]} - {"schema"}):
            before, after = settings.get(key), now[metric].get(key)
            if before != after:
                yield f"tasks.{task}.metrics.{metric}.{key}: {_short(before)}, now {_short(after)}"


def _files(before: Mapping[str, str], spec: Spec) -> Iterator[str]:
    now = digests_of(spec)
    for key, digest in before.items():
        if key in now and now[key] != digest:
            yield f"{key}: sha256 {digest[:12]}, now {now[key][:12]}"


def _data(table: Mapping[str, Any], spec: Spec) -> Iterator[str]:
    given = table.get("gates", {}).get("data", {})
    for entry in fields(DataGates):
        if entry.name == "blocking":
            continue  # told gate by gate
        after = getattr(spec.gates.data, entry.name)
        before = _like(after, said(DataGates, given, entry.name))
        if before != after and not _STRICTER.get(entry.name, _nothing)(before, after):
            yield f"gates.data.{entry.name}: {_plain(before)}, now {_plain(after)}"


def _like(kept: Any, given: Any) -> Any:
    """A value of TOML in the type that the table keeps it in."""
    if isinstance(kept, frozenset):
        return frozenset(given)
    if isinstance(kept, tuple):
        return tuple(sorted(given.items()) if isinstance(given, Mapping) else given)
    return given


def _plain(value: Any) -> str:
    return _short(sorted(value) if isinstance(value, frozenset) else value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
