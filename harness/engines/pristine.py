"""Give a base model back unchanged after adapters were mounted on it, and prove it by a digest of its weights.

peft's own ``unload`` leaves trained copies, biases and parts of a failed loading in place, and the next adapter would
be judged on them. So everything that a mount can change is recorded before it and restored after it, and then the whole
model is compared with the digest of its weights as they were loaded. If they differ, the model is unusable, and
`is_clean` says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from harness.engines.form import Loaded
from harness.engines.resident import Slot
from harness.store import digests

_AT_ONCE = 2**28
"""Bytes of a tensor outside of main memory that are copied at a time."""
_TABLES = (
    "_modules",
    "_parameters",
    "_buffers",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
)

_as_loaded: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""Model -> its fingerprint before anything was mounted on it."""
_soiled: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""Models that could not be restored."""


def is_clean(model: Any) -> bool:
    """Whether the model is unchanged by all adapters that were mounted on it."""
    return model not in _soiled


def kept(load: Callable[[], Loaded]) -> Callable[[], Loaded]:
    """A function that returns what `load` loads: loaded at the first call, and again once it is no longer clean or had
    to make room for another model (`harness.engines.resident`)."""
    slot = Slot()

    def get() -> Loaded:
        if slot.held is not None and not is_clean(slot.held.model):
            slot.held = None  # first, so that its memory is free for the next
        if slot.held is None:
            slot.held = load()
        found: Loaded = slot.held
        return found

    return get


@contextmanager
def given_back(model: Any) -> Iterator[None]:
    """Undo whatever is done to the model inside the context, however it ends, and check that it is undone.

    Where the check fails, the model is marked as no longer clean (`is_clean`). The context itself does not raise for
    it, since what was measured inside was measured on the right model.
    """
    if model not in _as_loaded:
        _as_loaded[model] = fingerprint(model)
    before = _Written.of(model)
    try:
        yield
    finally:
        before.put_back(model)
        if fingerprint(model) != _as_loaded[model]:
            _soiled[model] = True


def fingerprint(model: Any) -> str:
    """SHA-256 over a model's modules by name and class, its configuration, and every parameter: name, place, bytes."""
    parameters = {
        name: [list(one.shape), str(one.dtype), one.data_ptr(), _digest(one)]
        for name, one in model.named_parameters(remove_duplicate=False)
    }
    modules = {name: f"{type(one).__module__}.{type(one).__qualname__}" for name, one in model.named_modules()}
    return digests.of_value([modules, repr(model.config), parameters])


def _digest(tensor: Any) -> str:
    """SHA-256 of a tensor's bytes; a tensor in main memory is read in place."""
    import torch

    flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
    found = hashlib.sha256()
    for part in flat.split(_AT_ONCE):
        found.update(memoryview(part.cpu().numpy()))
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class _Written:
    """The recorded state of a model: all that mounting an adapter can change. The weight matrices are left out, since
    no accepted adapter writes to them."""

    modules: tuple[tuple[Any, type, bool, Mapping[str, Mapping[str, Any]]], ...]
    """(module, its class, whether it trains, its tables of parts and hooks)."""
    vectors: tuple[tuple[Any, Any], ...]
    """(parameter, copy) of biases and norms, which an adapter with biases overwrites in place."""
    trained: tuple[tuple[Any, bool], ...]
    """(parameter, its ``requires_grad``)."""
    attributes: frozenset[str]
    """Names of the model's own attributes."""
    config: Mapping[str, Any]
    """The model's own configuration."""

    @classmethod
    def of(cls, model: Any) -> _Written:
        parameters = list(model.parameters())
        return cls(
            modules=tuple(
                (one, type(one), one.training, {name: dict(one.__dict__[name]) for name in _TABLES})
                for one in model.modules()
            ),
            vectors=tuple((one, one.detach().clone()) for one in parameters if one.dim() < 2),
            trained=tuple((one, one.requires_grad) for one in parameters),
            attributes=frozenset(model.__dict__),
            config=dict(model.config.__dict__),
        )

    def put_back(self, model: Any) -> None:
        for module, kind, training, tables in self.modules:
            module.__class__ = kind
            module.training = training
            for name, table in tables.items():
                module.__dict__[name].clear()
                module.__dict__[name].update(table)
        for parameter, copy in self.vectors:
            parameter.data.copy_(copy)
        for parameter, asked in self.trained:
            parameter.requires_grad_(asked)
        model.config.__dict__.clear()
        model.config.__dict__.update(self.config)
        for name in set(model.__dict__) - self.attributes:
            del model.__dict__[name]
