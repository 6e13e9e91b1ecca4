"""The rows that show the machine, and the default release on it: its candidate in parts, and the whole of it."""

from __future__ import annotations

from collections.abc import Callable

from suites.gpu.row import Figures, Row, mib
from suites.gpu.sameness import PAIRS, pair


def _card(found: Figures) -> str:
    if found["card"] is None:
        return "none: a processor"
    return f"{found['card']}, {mib(found['bytes'])}, compute capability {found['capability']}"


def _driver(found: Figures) -> str | None:
    return f"{found['driver'] or 'not known'}, CUDA {found['cuda']}" if found["card"] else None


def _libraries(found: Figures) -> str:
    return ", ".join(f"{name} {version}" for name, version in [("Python", found["python"]), *found["versions"].items()])


def _base(found: Figures) -> str:
    digest = found["served_sha256"][:12]
    return f"{found['base_seconds']:.1f} s and {found['served_seconds']:.1f} s; digest of the weights {digest}"


def _training(found: Figures) -> str:
    pace = found["tokens_per_second"]
    speed = "" if pace is None else f", {pace:,.0f} tokens/s"
    last = ", ".join(f"{loss:.4f}" for loss in found["last_losses"])
    return (
        f"{found['steps']} steps, {found['tokens']:,} tokens: {found['seconds']:.1f} s{speed}; "
        f"peak {mib(found['peak_bytes'])}; first loss {found['first_loss']:.4f}, last {last}"
    )


def _census(found: Figures) -> str:
    counted = found["census"]
    return (
        f"{counted['four_bit']} of {counted['linear']}, {counted['bits_per_weight']:.2f} bits a weight, "
        f"whole model {mib(counted['footprint'])}"
    )


def _fingerprint(found: Figures) -> str:
    speaks = found["fingerprint"]
    return f"the first logits {'move' if speaks['differs'] else 'DO NOT MOVE'}, by up to {speaks['moved']:.2f}"


def _proof(found: Figures) -> str:
    proved = found["proof"]
    return (
        f"{'holds' if proved['holds'] else 'DOES NOT HOLD'}: {proved['moved']:.4f} nats a token from the bare form, "
        f"{proved['to_adapter']:.4f} from the adapter as trained, {proved['to_base']:.4f} from its bare weights"
    )


def _answers(found: Figures) -> str:
    return (
        f"{found['items']} answers in {found['seconds']:.1f} s: {found['items'] / found['seconds']:.2f} answers/s, "
        f"{found['tokens'] / found['seconds']:,.0f} tokens/s; peak {mib(found['peak_bytes'])}"
    )


def _same(one: str, other: str) -> Callable[[Figures], str | None]:
    def show(found: Figures) -> str | None:
        counted = found.get(pair(one, other))
        return f"{counted['same']} of {counted['of']}" if counted else None

    return show


def _memory(before: Figures, after: Figures) -> str:
    return f"{mib(before['free_bytes'])} free before the first job, {mib(after['free_bytes'])} after the last"


def _left(found: Figures) -> str | None:
    return None if found["left_bytes"] is None else f"{mib(found['left_bytes'])}, workspaces of its libraries counted"


def _release(found: Figures) -> str:
    gates = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in sorted(found["gates"].items()))
    verdict = found["verdict"] if found["ended"] else "not at its end"
    red = f"; red: {', '.join(found['red'][:SHOWN])}" if found["red"] else ""
    first = f"; {found['reasons'][0]}" if found["reasons"] and verdict != "released" else ""
    return f"{verdict} after {found['seconds']:.0f} s, {found['workers']} workers: gates {gates or 'none'}{red}{first}"


SHOWN = 8
"""Most red gates that the page names."""
SAID = {
    "answers-1": "one by one",
    "answers-8": "in batches of 8",
    "answers-64": "in batches of 64",
    "answers-64-again": "in batches of 64, again in a fresh process",
}
MACHINE = (
    Row("card", ("environment",), _card),
    Row("driver", ("environment",), _driver),
    Row("libraries", ("environment",), _libraries),
    Row("memory", ("environment", "memory"), _memory),
)
ROWS = (
    Row("base written, then de-quantized from NF4", ("base",), _base),
    Row("training, base in float32", ("train-float32",), _training),
    Row("training, base in bfloat16", ("train-bfloat16",), _training),
    Row("linear layers in NF4", ("mount",), _census),
    Row("adapter mounted in NF4", ("mount",), _fingerprint),
    Row("proof of the mount", ("mount",), _proof),
    *(Row(f"answers {said}", (step,), _answers) for step, said in SAID.items()),
    *(
        Row(
            f"the same answers: {SAID[one]} and {SAID[other].removeprefix('in batches of 64, ')}",
            ("sameness",),
            _same(one, other),
        )
        for one, other in PAIRS
    ),
    Row("held by a job that has let its model go", ("answers-64",), _left),
)
RELEASE = (Row("the whole run, from nothing", ("release",), _release),)
