"""The outcome of a sabotaged run: caught by a gate, shipped, or not to be judged without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from suites.sabotage.case import Sabotage
from suites.sabotage.frugal import NOT_MADE
from suites.tiny.child import Finished

RED = ("failed", "inconclusive", "error", "blocked")
ENDED = "interrupted: "
"""Beginning of a run's reason where `suites.sabotage.frugal` ended it."""
BEFORE_TRAINING = "data"
"""The area whose gates must refuse before anything is trained."""

Word = Literal["caught", "advised", "would ship", "not tried"]
Gates = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    word: Word
    gate: str
    """The gate that caught it, or what else refused the run; "" where nothing did."""
    message: str


def of(sabotage: Sabotage, finished: Finished, control: Mapping[str, Any]) -> Outcome:
    """Compare a sabotaged run with the verdict of the untouched one."""
    if not (finished.run / "verdict.json").is_file():
        return _never_begun(finished)
    verdict = finished.verdict
    red = _newly_red(verdict, control)
    caught = [gate for gate in red if gate["blocking"] and NOT_MADE not in gate["message"]]
    if caught:
        return Outcome("caught", str(caught[0]["id"]), _told(caught[0], f"{finished.run.parents[2]}/line/"))
    if sabotage.verdict == "released" and _seen(red):
        return Outcome("advised", "", _seen(red))
    if verdict["verdict"] == "released":
        told = _seen(red) or _red_already(sabotage, control) or "no gate saw it, and it was released"
        return Outcome("would ship", "", told)
    if any(NOT_MADE in gate["message"] for gate in red):
        if sabotage.area == BEFORE_TRAINING:
            return Outcome(
                "would ship", "", _seen(red) or "no gate refuses it before a model is trained on it or asked"
            )
        return Outcome("not tried", "", "only new training or new answers would tell, and the kit makes neither")
    return _by_reasons(verdict, control)


def _never_begun(finished: Finished) -> Outcome:
    errors = [text for text in finished.output.splitlines() if text.startswith("ERROR: ")]
    if finished.status == 0:
        return Outcome("would ship", "", "exit status 0 without a verdict")
    return Outcome("caught", "usage error" if errors else f"exit status {finished.status}", "".join(errors[:1]))


def _newly_red(verdict: Mapping[str, Any], control: Mapping[str, Any]) -> Gates:
    """Gates that are red now and were not in the untouched run, in the order of the release."""
    before = {gate["id"]: gate["outcome"] for gate in control["gates"]}
    return [
        gate for gate in verdict["gates"] if gate["outcome"] in RED and before.get(gate["id"], "passed") == "passed"
    ]


def _told(gate: Mapping[str, Any], folder: str) -> str:
    """The head of a gate's message and its first finding, without the gate's name and the copy's folder."""
    message = str(gate["message"]).removeprefix(f"{gate['id']}: ").replace(folder, "")
    rows = [row.strip() for row in message.split("\n")]
    return "; ".join(row for row in rows[:2] if row)


def _seen(red: Gates) -> str:
    names = [str(gate["id"]) for gate in red if not gate["blocking"] and NOT_MADE not in gate["message"]]
    return f"seen, but only advised against, by {', '.join(names)}" if names else ""


def _red_already(sabotage: Sabotage, control: Mapping[str, Any]) -> str:
    """A note where the kind of gate that would catch it is red on the untouched release already, and only advises."""
    kind = sabotage.caught_by.rpartition(".")[2]
    red = [str(gate["id"]) for gate in control["gates"] if gate["outcome"] in RED and not gate["blocking"]]
    names = [name for name in red if name.rpartition(".")[2] == kind]
    return f"red without it already, and only advising: {', '.join(names)}" if names else ""


def _by_reasons(verdict: Mapping[str, Any], control: Mapping[str, Any]) -> Outcome:
    """The outcome where no gate is red: by the verdict's reasons that the untouched run does not have."""
    news = [text for text in verdict["reasons"] if text not in control["reasons"] and not text.startswith(ENDED)]
    if news:
        return Outcome("caught", str(verdict["verdict"]), str(news[0]).partition("\n")[0])
    cause = str(control["reasons"][0]).partition("\n")[0] if control["reasons"] else "no reason recorded"
    return Outcome("not tried", "", f"the untouched release is refused already, and nothing more turned red: {cause}")
