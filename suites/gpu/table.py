"""What was measured on a card, as Markdown: ``python -m suites.gpu.table gpu.json`` writes ``docs/gpu.md`` from it.

Without an argument the page is written again from the result that it shows (``docs/gpu.json``), or, where there is
none, with every row "not measured".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.report import escape
from suites.gpu.sameness import PAIRS, pair

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
NOT_MEASURED = "not measured"
_MIB = 2**20

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    steps: tuple[str, ...]
    """Names of the steps whose figures it shows. Where one was not measured, the row says why."""
    show: Callable[..., str | None]
    """Makes the text from the figures of the steps; None where they do not hold this one."""


def _mib(number: float) -> str:
    return f"{number / _MIB:,.0f} MiB"


def _card(found: Figures) -> str:
    if found["card"] is None:
        return "none: a processor"
    return f"{found['card']}, {_mib(found['bytes'])}, compute capability {found['capability']}"


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
        f"peak {_mib(found['peak_bytes'])}; first loss {found['first_loss']:.4f}, last {last}"
    )


def _census(found: Figures) -> str:
    counted = found["census"]
    return (
        f"{counted['four_bit']} of {counted['linear']}, {counted['bits_per_weight']:.2f} bits a weight, "
        f"whole model {_mib(counted['footprint'])}"
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
        f"{found['tokens'] / found['seconds']:,.0f} tokens/s; peak {_mib(found['peak_bytes'])}"
    )


def _same(one: str, other: str) -> Callable[[Figures], str | None]:
    def show(found: Figures) -> str | None:
        counted = found.get(pair(one, other))
        return f"{counted['same']} of {counted['of']}" if counted else None

    return show


def _memory(before: Figures, after: Figures) -> str:
    return f"{_mib(before['free_bytes'])} free before the first job, {_mib(after['free_bytes'])} after the last"


def _left(found: Figures) -> str | None:
    return None if found["left_bytes"] is None else f"{_mib(found['left_bytes'])}, workspaces of its libraries counted"


SAID = {
    "answers-1": "one by one",
    "answers-8": "in batches of 8",
    "answers-64": "in batches of 64",
    "answers-64-again": "in batches of 64, again in a fresh process",
}
ROWS = (
    Row("card", ("environment",), _card),
    Row("driver", ("environment",), _driver),
    Row("libraries", ("environment",), _libraries),
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
    Row("memory", ("environment", "memory"), _memory),
)

HOW = """\
## How to measure

The machine needs Linux on x86-64, Python 3.12 with pip, an NVIDIA driver, and a CUDA build of torch with numpy; no
network. All else is brought along in the project's pinned versions, and goes before what the machine has of it.

1. `make gpu`, where pip reaches its index, fills `.gpu/`: wheels and the base model, in parts of at most 60 MiB.
2. Copy the working tree to the machine, and `.gpu/wheels` and `.gpu/model` with it: part by part and in any order where
   transfers are limited. The last part of the wheels holds scipy, and may stay behind where the machine has one.
3. There, in the root of the tree: `python3 -m suites.gpu`. It ends within eight minutes and leaves `gpu.json`, `gpu.md`
   and `gpu.log` in `$OUT`, or else in `out/gpu`. A step that crashes is told, and the next one goes on.
4. Back here: `python -m suites.gpu.table gpu.json` writes this page.

`python -m suites.gpu --device=cpu --items=2 --steps=2 --tokens=8` tries every step on a processor.
"""


def document(result: Figures | None) -> str:
    """The whole page; None: nothing was measured yet."""
    steps = {step["name"]: step for step in result["steps"]} if result else {}
    rows = [(row.title, _cell(row, steps)) for row in ROWS]
    parts = ["# On a GPU", _head(result, steps), escape.table(("what", "measured"), rows)]
    parts += [f"## {step['name']}: {step['status']}\n\n{_tail(step)}" for step in steps.values() if step["tail"]]
    return "\n\n".join([*parts, HOW])


def _head(result: Figures | None, steps: Mapping[str, Figures]) -> str:
    what = (
        "The default release's candidate on one card: trained, mounted on the NF4 base, asked. `suites/gpu` measures "
        "each step in a process of its own."
    )
    if result is None:
        return f"{what} Nothing was measured yet."
    on = steps.get("environment", {}).get("figures", {}).get("card") or f"no card ({result['device']})"
    settings = result["settings"]
    return (
        f"{what} Measured on {escape.cell(on)}, {result['date']}, in {result['seconds']:.0f} s: {settings['items']} "
        f"`dev` items at most, {settings['alone']} of them one by one; code {result['code'][:12]}."
    )


def _cell(row: Row, steps: Mapping[str, Figures]) -> str:
    for name in row.steps:
        step = steps.get(name)
        if step is None:
            return NOT_MEASURED
        if step["status"] != "measured":
            return escape.cell(f"{NOT_MEASURED}: {step['status']}: {step['why'][:300]}")
    shown = row.show(*(steps[name]["figures"] for name in row.steps))
    return NOT_MEASURED if shown is None else escape.cell(shown)


def _tail(step: Figures) -> str:
    return str(escape.fenced(step["tail"]))


def shown(docs: Path = DOCS) -> str:
    """The page that belongs to the result beside it."""
    kept = docs / "gpu.json"
    return document(json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else None)


def main(arguments: Sequence[str] | None = None, docs: Path = DOCS) -> int:
    parser = argparse.ArgumentParser(prog="python -m suites.gpu.table", description=__doc__)
    parser.add_argument("result", type=Path, nargs="?", help="the gpu.json of a run")
    given = parser.parse_args(arguments)
    if given.result is not None:
        text = given.result.read_text(encoding="utf-8")
        if (device := json.loads(text)["device"]) != "cuda":
            print(f"{given.result}: measured on {device}; docs/gpu.md is about cards", file=sys.stderr)
            return 1
        (docs / "gpu.json").write_text(text, encoding="utf-8")
    (docs / "gpu.md").write_text(shown(docs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
