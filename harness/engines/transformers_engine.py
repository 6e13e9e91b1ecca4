"""transformers as an engine: a model in this process, an adapter mounted on it or merged into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.engines import fingerprint, perplexity
from harness.engines.answers import Answer
from harness.engines.divergence import Passage, completion_logits
from harness.engines.engine import Footprint
from harness.engines.fingerprint import Fingerprint
from harness.engines.form import Loaded
from harness.engines.generate import Decoding, answer_all
from harness.engines.halving import Halved
from harness.engines.mount import mounted
from harness.engines.perplexity import TextLoss
from harness.engines.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class TransformersEngine:
    """`harness.engines.engine.Engine` over a loaded model."""

    model: Loaded
    bare: Any = None
    """First-token logits of the base before the adapter was mounted; None where they were not taken."""
    _halved: list[Halved] = field(default_factory=list)

    def answer(self, items: Sequence[Item], decoding: Decoding, progress: Progress = silent) -> list[Answer]:
        return answer_all(self.model, items, decoding, progress, self._halved.append)

    def halved(self) -> Sequence[Halved]:
        return tuple(self._halved)

    def logits(self, texts: Sequence[Passage]) -> Iterator[Any]:
        return (completion_logits(self.model, text) for text in texts)

    def losses(self, texts: Sequence[str]) -> list[TextLoss]:
        return perplexity.losses(self.model, texts)

    def footprint(self) -> Footprint:
        return Footprint(int(self.model.model.get_memory_footprint()), "weights")

    def spoken(self) -> Fingerprint | None:
        return None if self.bare is None else fingerprint.compare(self.bare, fingerprint.first_logits(self.model))


@contextmanager
def opened(base: Loaded, adapter: Path | None) -> Iterator[TransformersEngine]:
    """The base alone, or with the adapter mounted on it for as long as the context lasts.

    Raises:
        AdapterError: the adapter is refused, or does not fit.
    """
    if adapter is None:
        yield TransformersEngine(base)
        return
    bare = fingerprint.first_logits(base)
    with mounted(base, adapter) as model:
        yield TransformersEngine(model, bare)
