"""Conclusions for the reader, as lines for page and Markdown: problems, the form to ship, limits and next steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.gates import shipping
from harness.report import noise
from harness.report.catalogue import Say
from harness.report.escape import bullets, cell, fenced, plain
from harness.report.tables import Document, count_passed, gates_of, parts_of_id, titled

GIVEN = "adapter given "
"""Prefix of the names of artifacts of adapters that were trained elsewhere."""

Prose = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Advice:
    """One line of the recommendation; nothing in it is escaped."""

    topic: str
    text: str
    against: bool = False
    """Whether it advises against shipping, and is highlighted."""


def problems(document: Document, prose: Prose, say: Say) -> list[str]:
    gates = document.get("gates", [])
    absent = [str(gate.get("id")) for gate in gates if gate.get("outcome") == "not_run"]
    red = [gate for gate in gates if gate.get("outcome") not in ("passed", "not_run")]
    return [
        titled(say("Noted"), bullets(map(cell, notes(prose, "problems", say)))),
        *(
            titled(
                say(
                    "%(gate)s: %(outcome)s, %(weight)s",
                    gate=cell(gate.get("id")),
                    outcome=say.word(cell(gate.get("outcome"))),
                    weight=say("blocking") if gate.get("blocking", True) else say("advisory"),
                ),
                fenced(str(gate.get("message", ""))),
            )
            for gate in red
        ),
        titled(say("Gates that did not run"), fenced("\n".join(absent)) if absent else ""),
    ]


def recommendation(document: Document, prose: Prose, say: Say) -> list[str]:
    """The advice; where the release must not ship, that alone."""
    advice = advise(document, say)
    if document.get("verdict") != "released":
        return [_marked(one, say) for one in advice]
    return [bullets(_marked(one, say) for one in advice)]


def _marked(advice: Advice, say: Say) -> str:
    topic = f"**{cell(advice.topic)}**" if advice.against else cell(advice.topic)
    return topic + say(": ") + cell(advice.text)


def advise(document: Document, say: Say) -> list[Advice]:
    """Which adapter to ship, in which form and how, from the verdict and the gates alone."""
    if document.get("verdict") != "released":
        blocking = [gate for gate in document.get("gates", []) if gate.get("blocking", True)]
        return [
            Advice(
                say("do not ship"),
                say(
                    "the verdict is %(verdict)s, %(passed)s blocking gates passed. See Problems for what stands in the "
                    "way.",
                    verdict=say.word(plain(document.get("verdict"))),
                    passed=count_passed(blocking, say),
                ),
                against=True,
            )
        ]
    return [
        *_adapters(document, say),
        *_forms(document, say),
        Advice(say("Deployment"), _deployment(gates_of(document, "bundle"), say)),
        *(Advice(say("WITH WAIVER"), say("%(what)s.", what=waived(one, say))) for one in used(document)),
        *(Advice(say("UNPROVEN"), say("%(what)s.", what=doubt)) for doubt in document.get("doubts", [])),
    ]


def _adapters(document: Document, say: Say) -> Iterator[Advice]:
    candidate = plain(document.get("candidate_adapter"))
    unfit = say("it did not pass what it needs, and is not packed")
    if _fit(document, candidate):
        yield Advice(say("Adapter"), say("ship %(name)s.", name=candidate))
    else:
        yield Advice(say("do not ship"), say("adapter %(name)s: %(why)s.", name=candidate, why=unfit), against=True)
    judged = gates_of(document, "eval")
    for name in dict.fromkeys(parts_of_id(gate)[0] for gate in judged):
        own = [gate for gate in judged if parts_of_id(gate)[0] == name]
        if name != candidate:
            fit = _fit(document, name)
            words = say("fit for its own tasks") if fit else say("do not ship on its own (%(why)s)", why=unfit)
            yield Advice(say("Adapter %(name)s", name=name), _with_gates(words, own, say))


def _forms(document: Document, say: Say) -> Iterator[Advice]:
    for area, form in (("bnb", say("4-bit base by bitsandbytes")), ("gguf", "GGUF")):
        own = gates_of(document, area)
        works = own and all(gate.get("outcome") == "passed" for gate in own)
        word = say("shown to work") if works else say("not shown to work")
        yield Advice(say("Quantization, %(form)s", form=form), _with_gates(word, own, say))
    if found := (document.get("forms") or {}).get("recommendation"):
        yield Advice(say("Form"), str(found))


def _with_gates(words: str, gates: list[Mapping[str, Any]], say: Say) -> str:
    if not gates:
        return say("%(words)s, no gates.", words=words)
    return say("%(words)s, %(passed)s gates passed.", words=words, passed=count_passed(gates, say))


def _deployment(bundle: list[Mapping[str, Any]], say: Say) -> str:
    if not bundle:
        return say("no gate judged a bundle; compare the artifact digests below after every transfer.")
    return say(
        "unpack the adapter from the published bundle (%(passed)s bundle gates passed) and check its SHA256SUMS after "
        "every transfer.",
        passed=count_passed(bundle, say),
    )


def used(document: Document) -> list[Mapping[str, Any]]:
    """The waivers that excused a gate."""
    return [one for one in document.get("waivers", []) if one.get("used")]


def waived(waiver: Mapping[str, Any], say: Say) -> str:
    """A waiver in one line, as `harness.gates.waivers.said` has it in English."""
    until = say.date(plain(waiver.get("until")))
    given = {name: plain(waiver.get(name)) for name in ("gate", "by", "reason")}
    return say("%(gate)s waived by %(by)s until %(until)s: %(reason)s", until=until, **given)


def _fit(document: Document, adapter: str) -> bool:
    """Whether an adapter is in the bundle and passed the gates that it needs, waived ones aside. Only such an adapter
    is recommended."""
    gates = document.get("gates", [])
    passed = {str(gate.get("id")) for gate in gates if gate.get("outcome") == "passed" or gate.get("waived")}
    due = shipping.needed(((str(gate.get("id")), bool(gate.get("blocking", True))) for gate in gates), adapter)
    return bool(due) and passed.issuperset(due) and adapter in document.get("packed", [])


def limits(document: Document, prose: Prose, say: Say) -> list[str]:
    return [bullets(map(cell, limits_of(document, prose, say)))]


def limits_of(document: Document, prose: Prose, say: Say) -> list[str]:
    """What the run did not show, the notes' own limits first."""
    found = notes(prose, "limits", say)
    found += [say("Not passed, and waived: %(what)s.", what=waived(one, say)) for one in used(document)]
    found += [say("Not proved: %(what)s.", what=doubt) for doubt in document.get("doubts", [])]
    found += [say("Not judged: %(what)s.", what=left) for left in document.get("not_judged", [])]
    dirty = document.get("environment", {}).get("git_dirty")
    if dirty == "unknown":
        found.append(say("Git did not say which commit this was, or whether the working tree had changes."))
    elif dirty:
        found.append(say("The working tree had changes that no commit holds."))
    given = [str(one.get("name")).removeprefix(GIVEN) for one in document.get("artifacts", []) if _is_given(one)]
    if given:
        found.append(
            say(
                "Trained elsewhere: %(names)s. Leakage was looked for in the training data that the spec names; "
                "whether these adapters saw other data is not known.",
                names=say(", ").join(given),
            )
        )
    return [*found, *noise.limits(document, say)]


def _is_given(artifact: Mapping[str, Any]) -> bool:
    return str(artifact.get("name")).startswith(GIVEN)


def next_steps(document: Document, prose: Prose, say: Say) -> list[str]:
    return [bullets(map(cell, next_steps_of(document, prose, say)))]


def next_steps_of(document: Document, prose: Prose, say: Say) -> list[str]:
    """The notes' steps, and what is to be settled."""
    return [
        *notes(prose, "next_steps", say),
        *(
            say("Settle %(gate)s: its bounds lie on both sides of the threshold.", gate=plain(gate.get("id")))
            for gate in document.get("gates", [])
            if gate.get("outcome") == "inconclusive"
        ),
    ]


def notes(prose: Prose, key: str, say: Say) -> list[str]:
    """The notes under `key`, unescaped: strings, or tables whose entries are joined."""
    entries = prose.get(key, [])
    return [
        say("; ").join(plain(name) + say(": ") + plain(value) for name, value in entry.items())
        if isinstance(entry, Mapping)
        else plain(entry)
        for entry in (entries if isinstance(entries, list) else [entries])
    ]
