"""Cache of the frozen layers' outputs: layers below the adapter do not learn, so they give the same for a batch in
every epoch.

With the adapter on the upper half of the layers, an epoch after the first takes two thirds of the products. A batch is
recognised by all its token ids, padding included, so a cached output is bit for bit what would be computed. Batches of
one item return every epoch; larger ones are drawn anew and seldom do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

MOST = 2**30
"""Most bytes that are cached; further batches are computed every time."""


@contextmanager
def recalled(decoder: Any, first_layer: int) -> Iterator[dict[bytes, Any]]:
    """Inside the context, layers of `decoder` below `first_layer` compute each batch once.

    Args:
        decoder: of a causal language model of transformers, whose layers below are frozen and without dropout.

    Yields:
        What is remembered: token ids of a batch -> output of the last layer below.
    """
    known: dict[bytes, Any] = {}
    if first_layer == 0:
        yield known
        return
    memory = _Memory(known)
    below = list(decoder.layers)[:first_layer]
    hook = decoder.register_forward_pre_hook(memory.begin, with_kwargs=True)
    for layer in below[:-1]:
        layer.forward = partial(memory.passed, layer.forward)
    below[-1].forward = partial(memory.kept, below[-1].forward)
    try:
        yield known
    finally:
        hook.remove()
        for layer in below:
            del layer.forward  # the class's own again


class _Memory:
    """Cached outputs by batch, and the batch that is being computed."""

    def __init__(self, known: dict[bytes, Any]) -> None:
        self.known, self.batch, self.size = known, b"", 0

    def begin(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        self.batch = repr(tuple(ids.shape)).encode() + ids.cpu().numpy().tobytes()

    def passed(self, forward: Callable[..., Any], hidden: Any, *args: Any, **kwargs: Any) -> Any:
        """Forward of a frozen layer: for a cached batch the layer is skipped, and its input is returned, which nothing
        reads."""
        if self.batch not in self.known:
            return forward(hidden, *args, **kwargs)
        return (hidden,) if isinstance(self.known[self.batch], tuple) else hidden

    def kept(self, forward: Callable[..., Any], hidden: Any, *args: Any, **kwargs: Any) -> Any:
        """Forward of the last frozen layer: its output, taken from the cache where the batch is known."""
        if self.batch in self.known:
            return self.known[self.batch]
        found = forward(hidden, *args, **kwargs)
        state = found[0] if isinstance(found, tuple) else found
        size = state.numel() * state.element_size()
        if not state.requires_grad and self.size + size <= MOST:
            self.size += size
            self.known[self.batch] = found
        return found
