"""The hub card of a packed adapter: the verdict's results in the form that model hubs read, and nothing else.

The card is a function of the verdict, so an edited card is found by making it again. A hub's format has no place for an
interval or for n, so these stand in the text, beside each value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.gates import shipping, waivers
from harness.releases import judged_as

PREFIX, SUFFIX = "card_", ".md"
HUB = "hf:"
_TASK = "text-generation"


def name_of(adapter: str) -> str:
    """The card's file name in a bundle; on a hub it becomes the adapter's README.md."""
    return f"{PREFIX}{adapter}{SUFFIX}"


def render(document: Mapping[str, Any], adapter: str) -> str:
    """The card of a packed adapter.

    Args:
        document: the verdict.
    """
    from huggingface_hub import EvalResult, ModelCardData

    origin = document.get("origin", {})
    base = str(origin.get("base", ""))
    measured = [gate for gate in judged(document, adapter) if _number(gate["value"])]
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type=str(document["release"]),
            dataset_name=f"{document['release']} benchmark, {gate['id'].split('.')[2]}",
            dataset_split="benchmark",
            metric_type=str(gate["metric"]),
            metric_name=str(gate["id"]),
            metric_value=gate["value"],
            verified=False,
        )
        for gate in measured
    ]
    data = ModelCardData(
        model_name=f"{document['release']}-{adapter}" if results else None,
        eval_results=results or None,
        library_name="peft",
        pipeline_tag=_TASK,
        base_model=base.removeprefix(HUB) if base.startswith(HUB) else None,
        license=_hub_licence(origin.get("licences", {}).get("adapters")),
        tags=["lora", "greenrun"],
    )
    return f"---\n{data.to_yaml(line_break=chr(10))}\n---\n\n{_text(document, adapter)}"


def problem(text: str, document: Mapping[str, Any], adapter: str) -> str:
    """The first difference between a card and the verdict; "" where there is none."""
    wanted = render(document, adapter).splitlines()
    found = text.replace("\r\n", "\n").splitlines()
    for number, (should, does) in enumerate(zip(wanted, found, strict=False), 1):
        if should != does:
            return f"line {number} says {does[:120]!r}, the verdict says {should[:120]!r}"
    if len(found) != len(wanted):
        return f"it has {len(found)} lines, the verdict gives {len(wanted)}"
    return ""


def judged(document: Mapping[str, Any], adapter: str) -> list[Mapping[str, Any]]:
    """The gates over an adapter's answers to the benchmark that have a metric of quality."""
    own = f"eval.{adapter}."
    return [
        gate for gate in document["gates"] if gate["id"].startswith(own) and gate["rule"] in ("lower_bound", "point")
    ]


def _hub_licence(licence: str | None) -> str | None:
    """A hub's name of a licence is the SPDX one in lower case."""
    return None if licence is None else licence.lower()


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(document: Mapping[str, Any], adapter: str) -> str:
    return "\n\n".join(part for part in _parts(document, adapter) if part) + "\n"


def _parts(document: Mapping[str, Any], adapter: str) -> Iterator[str]:
    origin = document.get("origin", {})
    candidate = document["candidate_adapter"] == adapter
    yield f"# {document['release']} {adapter}"
    used = [one for one in document.get("waivers", []) if one["used"]]
    stamps = [
        *([shipping.UNPROVEN] if document.get("unproven") else []),
        *([shipping.WITH_WAIVER.replace("-", " ")] if used else []),
    ]
    role = "the adapter that this release was decided on" if candidate else "packed beside the candidate"
    yield (
        f"A LoRA adapter of release {document['release']}, run {document['run_id']}: **{document['verdict']}"
        f"{''.join(f' {one}' for one in stamps)}**, {role}."
    )
    yield "\n".join(f"- Waived: {_plain(waivers.said(one))}" for one in used)
    yield "\n".join(f"- Not proved: {_plain(one)}" for one in document.get("doubts", []))
    licences = origin.get("licences", {})
    yield "\n".join(
        [
            f"- Base: {_plain(origin.get('base') or 'not stated')}, pin {_plain(origin.get('pin') or 'not stated')}",
            f"- Judged as: {_plain(judged_as.line(document) or 'not stated')}",
            "- Licences: "
            + ", ".join(f"{part} {licences.get(part) or 'not stated'}" for part in ("base", "adapters", "data")),
        ]
    )
    yield "## Measured"
    rows = [_row(gate) for gate in judged(document, adapter)]
    head = ["| gate | outcome | value | bounds | n | asked |", "|---|---|---|---|---|---|"]
    yield "\n".join([*head, *rows]) if rows else "Nothing was measured of its answers."
    yield (
        "Values are means over n independent topics of the benchmark, bounds are one-sided confidence bounds; a value "
        "without its bound says nothing about other questions. `verdict.json`, in the bundle, has every gate and the "
        "digests of what each was measured on."
    )


def _row(gate: Mapping[str, Any]) -> str:
    weight = "waived" if gate.get("waived") else "blocking" if gate["blocking"] else "advisory"
    bounds = f"[{_figure(gate['lower_bound'])}, {_figure(gate['upper_bound'])}]"
    return (
        f"| `{gate['id']}` | {gate['outcome']}, {weight} | {_figure(gate['value'])} | {bounds} | {gate['n']} "
        f"| above {gate['threshold']} |"
    )


def _figure(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else "not measured"


def _plain(text: object) -> str:
    """Text on one line in which Markdown finds no markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in " ".join(str(text).split()))
