"""Whose release is it, does its verdict follow from its evidence, and is it what the recipient wants?

No model is asked and no GPU is needed: the journal in the bundle is judged again, by the recipient's own copy of the
project. The names of these tests are listed in conftest.py, so that a receipt misses none of them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.errors import GreenrunError, SignatureError
from harness.gates import waivers
from harness.gates.records import Waived
from harness.releases import bundle, card, signature, statement
from harness.releases.wants import Wants, unmet
from harness.report import outside
from harness.store import digests


def test_signature_is_the_senders(folder: Path, key: Path | None) -> None:
    """The key's owner signed this exact set of files, and a statement of this verdict over these archives.

    Without a key nothing is looked at, and the receipt says so: a signature proves nothing by itself.
    """
    if key is None:
        return
    try:
        problem = signature.folder_problem(folder, key)
        if problem:
            pytest.fail(problem, pytrace=False)
        said = signature.opened(folder / statement.FILE, key)
        wrong = list(_unlike(said, folder))
    except (SignatureError, OSError, ValueError, KeyError, TypeError) as error:
        pytest.fail(f"{error}", pytrace=False)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def _unlike(said: Any, folder: Path) -> list[str]:
    """Where a signed statement is not the one that this bundle's verdict, archives and papers give."""
    archives = {name: digests.of_file(folder / name) for name in bundle.archives(folder)}
    own = ("verdict.json", "release.toml", *(path.name for path in outside.journal_in(folder).values()))
    rests_on = {name: digests.of_file(folder / name) for name in own}
    wanted = statement.of(_verdict(folder), archives, rests_on)
    return [f"{statement.FILE}: {key!r} is not that of this bundle" for key in wanted if said.get(key) != wanted[key]]


def test_verdict_follows_from_the_journal(folder: Path, tmp_path: Path) -> None:
    """The journal in the bundle, judged again here, gives verdict.json, whole."""
    try:
        found, said = outside.recomputed(folder, tmp_path), _verdict(folder)
    except (GreenrunError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        pytest.fail(f"the verdict cannot be reached again: {error}", pytrace=False)
    found = json.loads(json.dumps(found))
    wrong = [
        name
        for name in sorted({*found, *said})
        if found.get(name) != said.get(name) or (name in found) != (name in said)
    ]
    if wrong:
        pytest.fail(f"verdict.json says something else than its journal of: {', '.join(wrong)}", pytrace=False)


def test_waivers_are_in_force(folder: Path) -> None:
    """Whatever the release was waived for, somebody still answers for it today."""
    today = datetime.now(UTC).date()
    try:
        used = [one for one in _verdict(folder).get("waivers", []) if one["used"]]
        past = [
            f"the waiver of {one['gate']} by {one['by']} expired on {one['until']}, today is {today} (UTC); "
            "ask the sender for a release that needs none"
            for one in used
            if not waivers.in_force(Waived(one["gate"], one["reason"], one["by"], one["until"]), today)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        pytest.fail(f"the waivers of verdict.json cannot be read ({type(error).__name__}: {error})", pytrace=False)
    if past:
        pytest.fail("\n".join(past), pytrace=False)


def test_cards_say_what_the_verdict_says(folder: Path) -> None:
    """Each packed adapter has its card, word for word the one that the verdict gives, and there is no other."""
    try:
        verdict = _verdict(folder)
        expected = {card.name_of(adapter): adapter for adapter in verdict["packed"]}
        there = {path.name for path in folder.glob(f"{card.PREFIX}*")}
        wrong = [f"{name}: no card of a packed adapter" for name in sorted(there - expected.keys())]
        wrong += [f"{name} is missing" for name in sorted(expected.keys() - there)]
        for name in sorted(expected.keys() & there):
            problem = card.problem((folder / name).read_text(encoding="utf-8"), verdict, expected[name])
            wrong += [f"{name}: {problem}"] if problem else []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        pytest.fail(f"the cards cannot be compared ({type(error).__name__}: {error})", pytrace=False)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_release_is_the_wanted_one(folder: Path, wished: Wants | None) -> None:
    """Name, candidate, stamps and gates are what ``--wants`` asks; without it nothing is, and the receipt says so."""
    if wished is None:
        return
    try:
        wrong = unmet(wished, _verdict(folder))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        pytest.fail(f"verdict.json cannot be read as a verdict ({type(error).__name__}: {error})", pytrace=False)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def _verdict(folder: Path) -> Any:
    return json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
