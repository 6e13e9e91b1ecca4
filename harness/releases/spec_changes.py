"""The keys of a release spec that differ from an earlier one's, of those that nothing else compares.

Every key counts unless it is listed as harmless, so a key that a later version of the spec adds is compared at once. A
change that is known to be stricter is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from fnmatch import fnmatchcase
from typing import Any

from harness.spec.gates import TrainingGates
from harness.spec.gguf import GgufGates
from harness.spec.policy import ANYTIME, Policy

Stricter = Callable[[Any, Any], bool]
"""(before, now) -> whether the change makes the spec stricter."""

HARMLESS = (
    "release.name",
    "release.seed",
    "release.threads",
    "release.instructions",
    "release.notes",
    "release.languages",
    "tasks.*.train",
    "tasks.*.dev",
    "tasks.*.benchmark",
    "tasks.*.parity",
    "adapters.*.path",
    "recipe.*",
    "experiments.*",
    "selection.train",
    "selection.weights.*",
    "store.*",
    "licences.*",
    "gates.eval.*.expected.*",
    "gates.gguf.n_gpu_layers",
    "gates.gguf.threads",
    "gates.regression.accept_weaker",
)
"""Keys that demand nothing: names, how an adapter is made, with what an answer is computed, where files lie (their
content is compared), what is kept."""

COMPARED = (
    "release.deploy",
    "base.chat.*",
    "tasks.*.system",
    "tasks.*.answer_form",
    "tasks.*.refusal_form",
    "tasks.*.refuse",
    "tasks.*.look_alike",
    "tasks.*.max_new_tokens",
    "tasks.*.template",
    "tasks.*.schema",
    "generation.*",
    "selection.minimum.*",
    "waiver.*",
    "policy.rule",
    "policy.confidence",
    "policy.attempts",
    "gates.data.*",
    "gates.eval.*",
    "gates.regression.margin",
    "gates.forgetting.texts",
    "gates.forgetting.margin",
    "gates.bnb.mounts",
    "gates.*.blocking",
)
"""Keys that other modules compare: as gates, as options of the data checks, as digests of files."""

STILL_TOLD = ("gates.training.*",)
"""Keys of gates that must be reported all the same: the gates of the training change with the experiments, so they are
not compared as gates."""


def _lower(before: Any, now: Any) -> bool:
    return now is not None and (before is None or now < before)


def _higher(before: Any, now: Any) -> bool:
    return now is not None and (before is None or now > before)


def _more(before: Any, now: Any) -> bool:
    return set(now or ()) >= set(before or ())


def _added(before: Any, now: Any) -> bool:
    return before is None


def _anytime(before: Any, now: Any) -> bool:
    """Whether looking at any time begins, which is stricter: its bounds hold at one look as well."""
    return bool(now == ANYTIME)


def _on(before: Any, now: Any) -> bool:
    return bool(now)


STRICTER: Mapping[str, Stricter] = {
    "tasks.*.counts.*": _added,
    "adapters.*.tasks": _more,
    "policy.ledger": _added,
    "policy.looks": _anytime,
    "policy.fresh_after": _lower,
    "limits.*": _lower,
    "gates.training.blocking": _on,
    "gates.training.seeds": _higher,
    "gates.gguf.bits_per_weight": _lower,
    "gates.gguf.merge_tolerance": _lower,
    "gates.gguf.probe_items": _higher,
    "gates.gguf.smoke_items": _higher,
    "gates.gguf.sample": _higher,
    "gates.gguf.max_kl_*": _lower,
    "gates.gguf.min_same_top_1": _higher,
    "gates.gguf.margin": _lower,
    "gates.gguf.sample_margin": _lower,
    "gates.gguf.*_seconds": _lower,
}
"""Key -> test whether its change is stricter. Any change of another key is reported."""


def _said_by(table: type, place: str) -> dict[str, Any]:
    return {f"{place}.{one.name}": one.default for one in fields(table) if one.default is not MISSING}


DEFAULTS: Mapping[str, Any] = {
    **_said_by(GgufGates, "gates.gguf"),
    **_said_by(TrainingGates, "gates.training"),
    **_said_by(Policy, "policy"),
}
"""Key -> value that holds where a spec does not name it."""


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Each key that differs, in words.

    Args:
        before, now: specs, as TOML gives them.
    """
    was, present = dict(_flat(before)), dict(_flat(now))
    whole = {key.split(".")[1] for key in was if key.startswith("tasks.")} - set(now.get("tasks", {}))
    for key in dict.fromkeys((*was, *present)):
        old, new = (known.get(key, DEFAULTS.get(key)) for known in (was, present))
        if old == new or _any(key, HARMLESS) or (_any(key, COMPARED) and not _any(key, STILL_TOLD)):
            continue
        if key.startswith("tasks.") and (
            key.split(".")[1] in whole or key.split(".")[1] not in before.get("tasks", {})
        ):
            continue  # a task that is gone is told by its gates, and a new one asks more
        if key.startswith("adapters.") and (key.split(".")[1] not in before.get("adapters", {})):
            continue  # so is an adapter
        stricter = next((one for pattern, one in STRICTER.items() if fnmatchcase(key, pattern)), None)
        if stricter is None or not stricter(old, new):
            yield f"{key}: {_short(old)}, now {_short(new)}"


def _any(key: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)


def _flat(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of everything in a spec; rows of a list of tables by their number."""
    for name, value in table.items():
        key = f"{place}.{name}" if place else name
        if isinstance(value, Mapping):
            yield from _flat(value, key)
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            for number, row in enumerate(value):
                yield from _flat(row, f"{key}.{number}")
        else:
            yield key, value


def _short(value: Any) -> str:
    text = "not said" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
