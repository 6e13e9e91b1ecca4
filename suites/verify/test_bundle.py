"""Is what arrived what was released? Run on the receiving side: ``pytest suites/verify --bundle DIR``.

A bundle comes from elsewhere: archives are unpacked by an allow-list and nothing in it is executed.
The names of these tests are listed in conftest.py, so that a receipt misses none of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import adapter_files, bundle, judged_items
from harness.errors import AdapterError, DataError


def test_files_are_those_of_the_checksums(folder: Path) -> None:
    """Nothing is missing, changed or added, by SHA256SUMS.txt."""
    problems = bundle.verify(folder)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_archive_holds_a_sound_adapter(folder: Path, archive: str, tmp_path: Path) -> None:
    """It unpacks by the allow-list to a LoRA adapter with finite weights that changes the model."""
    try:
        adapter_files.inspect(bundle.unpack(folder / archive, tmp_path))
    except (bundle.BundleError, AdapterError) as error:
        pytest.fail(str(error), pytrace=False)


def test_verdict_released_these_adapters(folder: Path) -> None:
    """verdict.json says "released", and the adapters that it names as packed are the archives here."""
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        word, packed = verdict["verdict"], sorted(f"adapter_{name}.tar.gz" for name in verdict["packed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        pytest.fail(f"verdict.json cannot be read as a verdict ({type(error).__name__}: {error})", pytrace=False)
    if word != "released":
        pytest.fail(f"verdict.json says {word!r}; only a released bundle may be used", pytrace=False)
    found = list(bundle.archives(folder))
    if not found or packed != found:
        pytest.fail(f"verdict.json packed {packed}, the bundle has {found}", pytrace=False)


def test_judged_items_bear_the_verdict_out(folder: Path) -> None:
    """The candidate's values on the benchmark, worked out again from the scores kept, are those of the verdict."""
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        kept = judged_items.read(folder / judged_items.FILE)
        wrong = judged_items.contradictions(kept, verdict["gates"], verdict["candidate_adapter"])
    except (OSError, ValueError, KeyError, TypeError, DataError) as error:
        pytest.fail(
            f"the judged items cannot be held against the verdict ({type(error).__name__}: {error})", pytrace=False
        )
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
