"""Find leakage between splits: shared topics, and shared texts.

A benchmark item that was trained on measures memory, not skill. Only the items' own texts are compared: the words that
a template adds to every prompt, and the house form of refusals, are the same everywhere on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from harness.dataset.asked_inside import KIND, asked_inside_findings
from harness.dataset.check import SplitsCheck
from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.dataset.items import topic_of
from harness.dataset.near_prompts import near_prompt_findings
from harness.dataset.shared_runs import STRICT, overlap_findings
from harness.dataset.texts import Spool
from harness.spec.data import Options
from harness.text import units

NamedItems = Mapping[str, tuple[Path, Iterable[Item]]]
"""Split (train, dev, benchmark, parity) -> the file and its items, in the order to compare."""

RUN = 8
"""Length of a run in words: two texts seldom share so many in a row by chance."""


def topic_findings(named_items: NamedItems, key: str = "") -> Iterator[Finding]:
    """Topics that two splits share, and topics that the benchmark holds twice.

    Each is reported in the later file and names the earlier place.
    Items of one topic are not independent: a repeated benchmark topic would be counted twice.
    `key` names the field that holds the topic; where it is declared, an item without it is accused, since nothing
    would keep it apart. By default it is ``topic``, and an item without one is a topic by itself.
    """
    first_of: dict[str, dict[str, int]] = {}
    for split, (path, items) in named_items.items():
        lines: dict[str, int] = {}
        for item in items:
            if key and not str(item.fields.get(key) or "").strip():
                problem = f"key is missing; the spec keeps splits apart by {key!r}"
                yield Finding(path, item.line, key, problem, "no-topic", 0, item.id)
                continue
            if not key and "topic" not in item.fields:
                continue
            said = str(item.fields[key or "topic"])
            topic = topic_of(said)
            if split == "benchmark" and topic in lines:
                problem = f"{said!r} stands in line {lines[topic]} already"
                yield Finding(path, item.line, key or "topic", problem, "repeated-topic", 0, said)
            lines.setdefault(topic, item.line)
            for other, known in first_of.items():
                if topic in known:
                    place = f"{named_items[other][0]}:{known[topic]}"
                    problem = f"{said!r} is a topic of {place} too; {split} needs topics of its own"
                    yield Finding(path, item.line, key or "topic", problem, "shared-topic", 0, said)
        first_of[split] = lines


def text_findings(
    named_items: NamedItems, length: int = RUN, elsewhere: Iterable[tuple[Path, Iterable[Item]]] = ()
) -> Iterator[Finding]:
    """Runs of `length` words that items of two splits share, in prompts or in reference answers, and whole prompts
    that are shorter than a run; and prompts that are one but for a word or two.

    `elsewhere` holds what other tasks train on: an adapter of several tasks would know it in the held-out splits. It
    is held to the strict length, since tasks of one house share its phrases.
    Prompts are compared with prompts and references with references; references of items that must be refused or that
    come from a closed set are left out, and an answer shorter than a run says nothing by itself. Short questions are
    looked for in every text, system turns included. Each finding stands in the later file.
    """
    spools = {split: _spooled(*named) for split, named in named_items.items()}
    for earlier, later in combinations(spools.values(), 2):
        yield from _shared(earlier, later, length)
    for foreign in (_spooled(*named) for named in elsewhere):
        for split, own in spools.items():
            if split != "train":
                yield from _shared(foreign, own, STRICT)


def _shared(earlier: Spool, later: Spool, length: int) -> Iterator[Finding]:
    """Runs that both share; then, of items that share none, prompts that are one but for a word or two, and short
    questions that the other file asks inside a longer text."""
    known = set()
    for finding in overlap_findings(earlier, later, length):
        known.add(finding.line)
        yield finding
    for finding in near_prompt_findings(earlier, later):
        if finding.line not in known:
            known.add(finding.line)
            yield finding
    yield from asked_inside_findings(earlier, later, known)


@dataclass(frozen=True, slots=True)
class Noted:
    """Items of a split, noted as they are iterated: the prompt without its system turn, the place and the id of
    each."""

    items: Iterable[Item]
    seen: list[tuple[int, int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        for item in self.items:
            self.seen.append((_turns(item), item.line, item.id))
            yield item


def same_item_findings(own: Mapping[str, tuple[Path, Noted]], held_out: Iterable[NamedItems]) -> Iterator[Finding]:
    """Items that stand in the held-out splits of two tasks in the same words. In a result pooled over both tasks they
    would count twice.

    What is compared is the prompt as the model sees it, without the system turn. Two tasks that put one text into
    templates of their own share nothing.

    Args:
        own: held-out split -> file of a task, whose items have passed.
        held_out: split -> file of each other task.
    """
    for other in held_out:
        for split in [name for name in own if name in other]:
            (path, noted), (there, theirs) = own[split], other[split]
            known = {_turns(item): item.line for item in theirs}
            for turns, line, name in noted.seen:
                if turns in known:
                    problem = f"asks what {there}:{known[turns]} of another task asks; pooled, it would count twice"
                    yield Finding(path, line, "", problem, "same-item", 0, name)


def _turns(item: Item) -> int:
    said = (str(turn.get("content")) for turn in item.messages if turn["role"] != "system")
    return units.whole(units.units("\n".join(said)))


def _spooled(path: Path, items: Iterable[Item]) -> Spool:
    spool = Spool(path)
    for _ in spool.fill(items):
        pass
    return spool


def _apart(files: NamedItems, elsewhere: object, held_out: Iterable[NamedItems], options: Options) -> Iterator[Finding]:
    noted = {split: (path, Noted(items)) for split, (path, items) in files.items() if split != "train"}
    yield from topic_findings({**files, **noted}, options.topic)
    yield from same_item_findings(noted, held_out)


TOPICS_APART = SplitsCheck(
    name="topics_apart",
    holds="No topic stands in two splits, or twice in the benchmark, and no item that another task asks.",
    kinds=frozenset({"no-topic", "repeated-topic", "shared-topic", "same-item"}),
    findings=_apart,
    options=lambda kind, chosen: "" if kind == "same-item" else 'topic = "FIELD", the one that may not be shared',
    leakage=True,
)
TEXT_APART = SplitsCheck(
    name="text_apart",
    holds="No run of words and no near copy is shared between splits, nor with what another task trains on.",
    kinds=frozenset({"run-prompt", "run-answer", "whole-prompt", "near-copy", KIND}),
    findings=lambda files, elsewhere, held_out, options: text_findings(files, options.overlap, elsewhere),
    options=lambda kind, chosen: f"overlap = {2 * chosen.overlap}" if kind.startswith("run-") else "",
    leakage=True,
)
