"""The reference that every form is compared with: the adapter as trained, in float32, and the bare weights that it was
trained on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.engines import halving, hidden_states, output_head
from harness.engines.divergence import passages
from harness.engines.form import Loaded
from harness.engines.mount import mounted
from harness.engines.progress import Progress, silent
from harness.engines.transformers_engine import TransformersEngine
from harness.fidelity import measure
from harness.fidelity.figures import PassageFigures, stream
from harness.fidelity.measure import FACTS, Facts, Sample
from harness.gguf import merge
from harness.spec.serve import Precision

ADAPTER, BASE = "adapter.safetensors", "base.safetensors"
"""Names of the files that hold the hidden states of the passages, in the order of the sample."""


def write(folder: Path, trained_on: Loaded, adapter: Path, sample: Sample) -> None:
    """Hidden states of the sample's reference answers with and without the adapter.

    Raises:
        AdapterError: the adapter does not fit.
        EngineError: the head alone does not make the model's logits.
    """
    texts = passages(trained_on.tokenizer, sample.all)
    hidden_states.write(folder / BASE, list(hidden_states.completion_states(trained_on, texts)))
    with mounted(trained_on, adapter) as engine:
        hidden_states.write(folder / ADAPTER, list(hidden_states.completion_states(engine, texts)))
    by = _heads_of(trained_on, adapter)
    adapters, bases = against(folder, by)
    again = hidden_states.logits_of(by.base, hidden_states.read(folder / BASE))
    measure.write_figures(folder, stream(measure.labelled(sample.all, texts), adapters, bases, again))


def write_answers(
    folder: Path,
    trained_on: Loaded,
    adapter: Path,
    sample: Sample,
    progress: Progress = silent,
) -> None:
    """Write the reference adapter's own answers to the sample, and their time and memory.

    Raises:
        AdapterError: the adapter does not fit.
    """
    with mounted(trained_on, adapter) as engine:
        asked = TransformersEngine(engine)
        given, seconds = measure.answer_sample(asked, sample, progress)
        held = asked.footprint()
        facts = Facts(sum(len(one.ids) for one in given.values()), seconds, held.size, held.of)
        halved = asked.halved()
    measure.write_answers(folder, given)
    halving.write(folder, halved)
    (folder / FACTS).write_text(json.dumps(asdict(facts), sort_keys=True) + "\n", encoding="utf-8")


def base_figures(folder: Path) -> tuple[PassageFigures, ...]:
    """Figures of the bare base against the adapter: those of a form that lost its adapter entirely."""
    return measure.read_figures(folder)


def facts(folder: Path) -> Facts:
    return Facts(**json.loads((folder / FACTS).read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Heads:
    """The output heads that make logits of the stored states."""

    adapter: Any
    base: Any


def heads(weights: Path, precision: Precision, adapter: Path, whole: Callable[[], Loaded]) -> Heads:
    """The heads of the adapter as trained and of its bare weights. A form is measured with nothing else of them in
    memory.

    Args:
        weights: the folder that the adapter was trained on (`harness.engines.rounded`).
        precision: what the reference computes in.
        whole: loads them as a model, where the head alone does not do: the adapter changes it, or it cannot be told
            from the files.
    """
    alone = None if merge.touches_an_end(adapter) else output_head.load(weights, precision)
    return _heads_of(whole(), adapter) if alone is None else Heads(alone, alone)


def _heads_of(trained_on: Loaded, adapter: Path) -> Heads:
    """The heads of a loaded model, which is not needed any more then."""
    own = trained_on.model.get_output_embeddings()
    return Heads(head_of(trained_on, adapter) if merge.touches_an_end(adapter) else own, own)


def against(folder: Path, by: Heads) -> tuple[Iterator[Any], Iterator[Any]]:
    """Reference logits with the adapter, and without, of one passage after the other."""
    return (
        hidden_states.logits_of(by.adapter, hidden_states.read(folder / ADAPTER)),
        hidden_states.logits_of(by.base, hidden_states.read(folder / BASE)),
    )


def head_of(trained_on: Loaded, adapter: Path) -> Any:
    """The output head with the adapter in it, as a linear layer of its own that outlives the mount.

    Whatever an adapter makes of a head (low-rank products, a copy of its own, tied embeddings that it changes) is
    affine in the hidden state: its columns are what it makes of the unit vectors.
    """
    import torch

    with mounted(trained_on, adapter) as engine, torch.inference_mode():
        head = engine.model.get_output_embeddings()
        weight = trained_on.model.get_output_embeddings().weight
        unit = torch.eye(weight.shape[1], dtype=weight.dtype, device=weight.device)
        offset = head(torch.zeros_like(unit[:1]))  # (1, vocab): its bias, if it has one
        rows = (head(unit) - offset).T.contiguous()  # (vocab, width)
    with torch.no_grad():
        found = torch.nn.Linear(rows.shape[1], rows.shape[0], device="meta").to_empty(device=rows.device)
        found.weight = torch.nn.Parameter(rows.clone(), requires_grad=False)
        found.bias = torch.nn.Parameter(offset[0].clone(), requires_grad=False)
    return found
