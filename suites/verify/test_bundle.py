"""Is what arrived what was released? Run on the receiving side: ``pytest suites/verify --bundle DIR``.

A bundle comes from elsewhere: archives are unpacked by an allow-list and nothing in it is executed.
The names of these tests are listed in conftest.py, so that a receipt misses none of them.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.engines import adapter_files
from harness.errors import AdapterError, DataError
from harness.releases import bundle, judged_items
from harness.store import digests


def test_files_are_those_of_the_checksums(folder: Path) -> None:
    """Nothing is missing, changed or added, by SHA256SUMS.txt."""
    problems = bundle.verify(folder)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_archive_holds_a_sound_adapter(folder: Path, archive: str, tmp_path: Path) -> None:
    """It unpacks by the allow-list to a LoRA adapter with finite weights that changes the model, and to the very one
    that the verdict judged: checksums can be written anew around another run's archive."""
    try:
        unpacked = bundle.unpack(folder / archive, tmp_path)
        if find_spec("torch") is not None:  # without it the digest below still says that it is what was judged
            adapter_files.inspect(unpacked)
        judged = _judged(folder, archive.removeprefix("adapter_").removesuffix(".tar.gz"))
    except (bundle.BundleError, AdapterError, OSError, ValueError, KeyError, TypeError) as error:
        pytest.fail(f"{archive}: {error}", pytrace=False)
    found = digests.of_value(digests.of_folder(unpacked))
    if found not in judged:
        pytest.fail(
            f"{archive} holds an adapter of digest {found[:12]}, the verdict judged {', '.join(judged) or 'none'}",
            pytrace=False,
        )


def _judged(folder: Path, adapter: str) -> list[str]:
    """Digests that the verdict names for an adapter of the selected experiment, or given."""
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    names = {f"adapter {verdict['selected_experiment']} {adapter}", f"adapter given {adapter}"}
    return [str(one["digest"]) for one in verdict["artifacts"] if one["name"] in names]


def test_verdict_released_these_adapters(folder: Path) -> None:
    """verdict.json says "released", and the adapters that it names as packed, its candidate among them, are the
    archives here."""
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        word, packed = verdict["verdict"], sorted(map(bundle.archive_name, verdict["packed"]))
        candidate = str(verdict["candidate_adapter"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        pytest.fail(f"verdict.json cannot be read as a verdict ({type(error).__name__}: {error})", pytrace=False)
    if word != "released":
        pytest.fail(f"verdict.json says {word!r}; only a released bundle may be used", pytrace=False)
    if candidate not in verdict["packed"]:
        pytest.fail(f"the candidate {candidate} is not in the bundle: nothing was released", pytrace=False)
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
