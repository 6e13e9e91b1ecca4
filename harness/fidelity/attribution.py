"""The table of forms: which step from base to file lost quality, and which form to ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

ADAPTER = "adapter"
BASE = "base"
COMES_FROM: Mapping[str, tuple[str, ...]] = {BASE: (), ADAPTER: (), "f16": ("merged", ADAPTER), "q4": ("f16",)}
"""Form -> the forms that it may have been made from; its losses are measured against the first of them that was
measured. A form that is not listed was made from the adapter."""
FAITHFUL = 1e-3
"""KL in nats per token below which a step counts as lossless: ten times what rounding to bfloat16 costs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One form in the table; None where a figure does not apply or was not measured."""

    form: str
    kind: str
    """The form in words: ``float32``, ``NF4 + adapter``, ``GGUF Q4_0``."""
    kl: float | None = None
    kl_error: float | None = None
    kl_tail: float | None = None
    kl_tail_error: float | None = None
    same_top: float | None = None
    same_top_error: float | None = None
    perplexity_ratio: float | None = None
    perplexity_ratio_error: float | None = None
    to_base: float | None = None
    scores: Mapping[str, float] | None = None
    """Metric -> mean over the sample."""
    size: int | None = None
    """Bytes that ship."""
    speed: float | None = None
    """Tokens a second over the sample's answers, prompts included."""
    memory: int | None = None
    memory_of: str = ""
    survives: bool | None = None
    fit: bool | None = None
    """Whether it may ship: it kept the adapter, its logits are within the limits, and its task scores within the
    margin."""
    why: str = ""
    """Why it may not ship, in words."""
    deployed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What one form lost against the one that it was made from."""

    before: str
    after: str
    kl: float
    """By how much its KL from the adapter is larger, in nats per token."""
    scores: Mapping[str, float]
    """Metric -> change of its mean over the sample."""

    @property
    def lossy(self) -> bool:
        return self.kl > FAITHFUL


def steps(rows: Sequence[Row]) -> list[Step]:
    known = {row.form: row for row in rows}
    found = []
    for row in rows:
        before = next((known[name] for name in COMES_FROM.get(row.form, (ADAPTER,)) if name in known), None)
        if before is None or row.kl is None:
            continue
        scores = {
            name: value - before.scores[name]
            for name, value in (row.scores or {}).items()
            if before.scores and name in before.scores
        }
        found.append(Step(before.form, row.form, row.kl - (before.kl or 0.0), scores))
    return found


def lost_at(found: Sequence[Step]) -> str:
    """Where quality was lost, in a sentence."""
    lossy = sorted((step for step in found if step.lossy), key=lambda step: -step.kl)
    if not lossy:
        return f"No step lost more than {FAITHFUL:g} nats a token." if found else "No step was measured."
    parts = [
        f"{step.before} -> {step.after} ({step.kl:+.3g} nats a token{''.join(_moved(step.scores))})" for step in lossy
    ]
    return f"Quality was lost at {'; then at '.join(parts)}."


def _moved(scores: Mapping[str, float]) -> list[str]:
    return [f", {name} {change:+.3f}" for name, change in scores.items() if abs(change) > 5e-4]


def recommend(rows: Sequence[Row]) -> str:
    """Which form to ship, at which size, speed and loss: the smallest that kept the adapter and its quality."""
    judged = [row for row in rows if row.fit is not None]
    fit = sorted((row for row in judged if row.fit and row.size is not None), key=lambda row: row.size or 0)
    unfit = "; ".join(f"{row.kind} ({row.why})" for row in judged if not row.fit)
    if not fit:
        return f"Ship none of the measured forms: {unfit}." if judged else "No form was measured."
    best = fit[0]
    sentences = [f"Ship {best.kind}: {_costs(best)}; the smallest of the forms that kept the adapter and its quality."]
    fastest = max(fit, key=lambda row: row.speed or 0.0)
    if fastest is not best and fastest.speed is not None:
        sentences.append(f"The fastest of them is {fastest.kind}: {_costs(fastest)}.")
    if unfit:
        sentences.append(f"Do not ship {unfit}.")
    if not best.deployed:
        sentences.append("The verdict speaks of the deployed form, which is another: name this one in release.deploy.")
    return " ".join(sentences)


def _costs(row: Row) -> str:
    parts = [f"{(row.size or 0) / 2**20:.0f} MiB"]
    if row.speed is not None:
        parts.append(f"{row.speed:.0f} tokens/s")
    if row.kl is not None:
        parts.append(f"{row.kl:.3g} nats a token from the adapter as trained")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file that is served."""

    path: str
    """Path in the bundle, or below the run's output folder."""
    sha256: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The files that serve an adapter which stays apart: one base file for all adapters, and a LoRA file for each."""

    base: ServedFile
    lora: ServedFile

    @property
    def command(self) -> str:
        """The command line of llama.cpp's server for this adapter."""
        return f"llama-server -m {self.base.path} --lora {self.lora.path}"


def document(rows: Sequence[Row], serving: Serving | None = None) -> dict[str, Any]:
    """The table as JSON values, for journal and verdict."""
    table = {"forms": [asdict(row) for row in rows], "lost_at": lost_at(steps(rows)), "recommendation": recommend(rows)}
    return table if serving is None else {**table, "serving": {**asdict(serving), "command": serving.command}}
