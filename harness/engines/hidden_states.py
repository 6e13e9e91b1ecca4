"""A model's last hidden states at the positions of answers. They hold the same as its logits in a hundredth of the
space.

The output head makes logits of them by one product. So a reference that several forms are compared with is run once,
and its logits are computed one passage at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.engines.divergence import Passage, completion_logits
from harness.engines.form import Loaded
from harness.errors import EngineError

CLOSE = 1e-3
"""Largest allowed difference between the head's product and the model's own logits: rounding in float32."""


def completion_states(engine: Loaded, texts: Iterable[Passage]) -> Iterator[Any]:
    """The input of the output head at the completion positions of each passage: float32 (tokens, width) on the CPU.

    Raises:
        EngineError: the head alone does not turn them into the model's logits.
    """
    import torch

    seen: list[Any] = []
    head = engine.model.get_output_embeddings()
    handle = head.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    checked = False
    try:
        for text in texts:
            seen.clear()
            logits = completion_logits(engine, text)
            states = seen[0][0, -len(text.completion) - 1 : -1].float().cpu()
            if not checked:
                with torch.inference_mode():
                    _check(head, states, logits)
                checked = True
            yield states
    finally:
        handle.remove()


def logits_of(head: Any, states: Iterable[Any]) -> Iterator[Any]:
    """Logits of each passage's states: float32 (tokens, vocab), one passage at a time."""
    import torch

    for one in states:
        # Yielded outside: a caller that stops early would be left in inference mode, and train nothing ever after.
        with torch.inference_mode():
            logits = head(one.to(head.weight)).float().cpu()
        yield logits


def write(path: Path, states: Sequence[Any]) -> None:
    from safetensors.torch import save_file

    save_file({f"{number:06d}": one.contiguous() for number, one in enumerate(states)}, path)


def read(path: Path) -> list[Any]:
    from safetensors.torch import load_file

    found = load_file(path)
    return [found[name] for name in sorted(found)]


def _close(head: Any, logits: Any) -> float:
    """`CLOSE`, or of a head in bfloat16, whose 8 bits of mantissa leave more, two units in the last place of the
    largest logit."""
    import torch

    return CLOSE if head.weight.dtype == torch.float32 else float(logits.abs().max()) * 2**-6


def _check(head: Any, states: Any, logits: Any) -> None:
    apart = float((next(logits_of(head, [states])) - logits).abs().max())
    if not apart <= _close(head, logits):
        raise EngineError(
            f"the output head alone gives logits up to {apart:.2g} from the model's: it scales or caps them; "
            "logit parity is not measured for such models"
        )
