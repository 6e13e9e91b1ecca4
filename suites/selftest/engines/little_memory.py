"""What a process says that has little memory: ``python -m suites.selftest.engines.little_memory FOLDER STEP=BYTES...``.

The model is tiny but for its feed-forward layer, of which every token of a batch takes half a megabyte while it is
computed: eight prompts of some 60 tokens need 430 MB, four of them half, and the base itself little. Each step prints a
line of JSON. The limit is that of the address space (``RLIMIT_AS``), so it is the real allocator that fails.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

INNER = 2**16
RANK = 64
"""Of the adapter, whose second factor takes 17 MB."""
ITEMS = 8
MOST = 4
"""New tokens of an answer."""


def write(folder: Path) -> None:
    """``base`` and ``adapter``."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from suites.tiny import line, lora

    base = folder / "base"
    line.write_base(base)
    torch.manual_seed(3)
    config = LlamaConfig.from_pretrained(base, intermediate_size=INNER, num_hidden_layers=1)
    LlamaForCausalLM(config).save_pretrained(base)
    lora.write_adapter(base, folder / "adapter", target_modules=["up_proj"], r=RANK)


def items() -> list[Any]:
    from harness.dataset.item import Item

    asked = [({"role": "user", "content": f"{number} " + "tell me of the sea " * 5},) for number in range(ITEMS)]
    return [
        Item(f"item-{number}", "", "", "", messages=turns, reference="", points=(), line=0)
        for number, turns in enumerate(asked)
    ]


@contextmanager
def room(size: float) -> Iterator[None]:
    """Inside the context, this process may hold so many bytes more than it does."""
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + int(size), resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def loaded(folder: Path) -> Any:
    from harness.engines import form
    from harness.engines.float32 import FORM

    return form.load(FORM, folder, 1)


def give_back() -> None:
    """Large blocks that are freed are the system's again. `keep_freed`, in whose place this stands, would leave them as
    room for the next step, beyond its limit."""
    ctypes.CDLL(None).mallopt(-3, 2**20)  # M_MMAP_THRESHOLD of malloc.h


def answer(folder: Path, size: float) -> dict[str, Any]:
    """All items in one batch, or in halves."""
    from harness.engines.generate import Decoding

    return answered(folder, size, Decoding(ITEMS, MOST))


def whole(folder: Path, size: float) -> dict[str, Any]:
    """All items in one batch."""
    from harness.engines.generate import Decoding

    return answered(folder, size, Decoding(ITEMS, MOST, may_halve=False))


def answered(folder: Path, size: float, decoding: Any) -> dict[str, Any]:
    from harness.engines.generate import Decoding
    from harness.engines.transformers_engine import opened

    with opened(loaded(folder / "base"), None) as engine:
        engine.answer(items()[:1], Decoding(1, 1))  # what a first answer alone needs
        with room(size):
            given = engine.answer(items(), decoding)
        return {"answers": [list(one.ids) for one in given], "halved": [asdict(one) for one in engine.halved()]}


def mount(folder: Path, size: float) -> dict[str, Any]:
    """An adapter of good size."""
    from harness.engines.mount import mounted

    base = loaded(folder / "base")
    with room(size), mounted(base, folder / "adapter"):
        return {"mounted": True}


def load(folder: Path, size: float) -> dict[str, Any]:
    held = loaded(folder / "base")  # once without a limit, for all that is imported
    with room(size):
        assert held.form
        return {"loaded": loaded(folder / "base").form}


STEPS: Mapping[str, Callable[[Path, float], dict[str, Any]]] = {
    one.__name__: one for one in (answer, whole, mount, load)
}


def main(folder: str, *steps: str) -> None:
    from harness.engines import form

    form.keep_freed = give_back
    for step, _, size in (one.partition("=") for one in steps):
        try:
            told = STEPS[step](Path(folder), float(size))
        except Exception as error:
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
