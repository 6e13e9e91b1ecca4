"""The engine interface: how one adapter in one form is asked, whatever program or process answers.

transformers answers in this process (`transformers_engine`), llama.cpp in a child (`llama_engine`). An engine may as
well be a program of another environment: nothing here asks for a torch module, and tensors are logits alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.dataset.item import Item
from harness.engines.answers import Answer
from harness.engines.divergence import Passage
from harness.engines.fingerprint import Fingerprint
from harness.engines.generate import Decoding
from harness.engines.halving import Halved
from harness.engines.perplexity import TextLoss
from harness.engines.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Footprint:
    """The memory that an engine uses."""

    size: int
    """Bytes."""
    of: str
    """``weights``: parameters and buffers alone. ``process, at most``: the peak of the engine's process."""


class Engine(Protocol):
    """A model that is loaded and can be asked, with its adapter on it or without any.

    Every method may raise `harness.errors.EngineError`: the engine died, hung, or gave what cannot be used.
    """

    def answer(self, items: Sequence[Item], decoding: Decoding, progress: Progress = silent) -> list[Answer]:
        """One greedy answer an item, in the order of the items: token ids, their text, and how the answer ended.

        An answer depends on the items and on the decoding alone, not on what was asked before; where memory ran out,
        on what `halved` tells as well.

        Raises:
            NoMemoryError: memory ran out, and halving a batch once did not help.
        """
        ...

    def halved(self) -> Sequence[Halved]:
        """The batches so far that did not fit in memory and were answered in halves; () of an engine that holds no more
        at once than there is room for."""
        ...

    def logits(self, texts: Sequence[Passage]) -> Iterator[Any]:
        """Teacher-forced logits at each completion position: of each passage a float32 tensor (tokens, vocab)."""
        ...

    def losses(self, texts: Sequence[str]) -> list[TextLoss]:
        """How likely each text is, as plain text without any template.

        Raises:
            EmptySetError: a text has fewer than two tokens, so nothing in it is predicted.
        """
        ...

    def footprint(self) -> Footprint:
        """Memory used so far. Call it last."""
        ...

    def spoken(self) -> Fingerprint | None:
        """First-token logits of a fixed probe with and without the adapter, which prove that the adapter answered; None
        where the engine cannot give both."""
        ...
