"""The staged bundle, read back from disk: complete, true to its checksums, equal in its answers."""

from __future__ import annotations

from pathlib import Path

from fixtures.answers import Answers
from fixtures.packing import Packing
from fixtures.release import Conclude
from fixtures.scores import Scores
from harness.errors import BlockedError, DataError
from harness.gates.gate import Gate
from harness.releases import bundle, judged_items
from harness.spec import papers
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from harness.store import digests

ASKED = 8
"""Benchmark items, of each task, that the unpacked adapter is asked again."""


def test_archives_complete(packing: Packing, spec: Spec, tmp_path: Path, conclude: Conclude) -> None:
    """The candidate is packed, and every archive unpacks to the very files of its adapter."""
    folder, chosen = packing.staged(), packing.packable()
    wrong = [] if spec.candidate in chosen else [f"the candidate {spec.candidate} did not pass and is not packed"]
    for name, artifact in chosen.items():
        unpacked = bundle.unpack(folder / f"adapter_{name}.tar.gz", tmp_path / name)
        if digests.of_folder(unpacked) != digests.of_folder(artifact.path):
            wrong.append(f"adapter_{name}.tar.gz unpacks to other files than the adapter's")
    left_out = sorted(set(spec.adapters) - set(chosen))
    note = f"not packed, their own gates did not pass: {', '.join(left_out)}" if left_out else ""
    sources = {f"adapter {name}": artifact.digest for name, artifact in chosen.items()}
    conclude(
        Measurement(float(not wrong), len(chosen) or 1, message="\n".join([*wrong, note]).strip(), sources=sources)
    )


def test_checksums_ok(packing: Packing, conclude: Conclude) -> None:
    """Every file has its checksum, every checksum its file."""
    folder = packing.staged()
    problems = bundle.verify(folder)
    files = digests.of_folder(folder)
    sources = {papers.SUMS: files[papers.SUMS]} if papers.SUMS in files else {}
    conclude(Measurement(float(not problems), len(files), message="\n".join(problems), sources=sources))


def test_judged_items_complete(packing: Packing, scores: Scores, conclude: Conclude) -> None:
    """The bundle keeps every benchmark item of the candidate with its answer and scores, as they were judged."""
    path, wanted = packing.staged() / judged_items.FILE, scores.judged_items()
    try:
        kept = judged_items.read(path)
    except DataError as error:
        sources = {path.name: digests.of_file(path)} if path.is_file() else {}
        conclude(Measurement(0.0, len(wanted), message=str(error), sources=sources))
        return
    missing = [one for one in wanted if one not in kept]
    extra = [one for one in kept if one not in wanted]
    names = ", ".join(sorted({one.item for one in (*missing, *extra)}))
    message = f"{path.name} does not hold what was judged: {names}" if names else ""
    conclude(Measurement(float(not names), len(wanted), message=message, sources={path.name: digests.of_file(path)}))


def test_answers_equal(
    gate: Gate, spec: Spec, packing: Packing, answers: Answers, tmp_path: Path, conclude: Conclude
) -> None:
    """The adapter from the archive answers benchmark items exactly as the adapter that was judged."""
    if gate.adapter not in packing.packable():
        raise BlockedError(f"the candidate {gate.adapter} did not pass its gates and is not packed")
    artifact = packing.packable()[gate.adapter]
    read_back = packing.read_back(gate.adapter, tmp_path / "unpacked")
    differing, asked, sources = [], 0, {"adapter": artifact.digest, "read back": read_back.digest}
    for task in spec.adapters[gate.adapter].tasks:
        judged = answers.sheet(artifact, task, "benchmark")
        chosen = answers.items_asked(artifact, task, "benchmark")[:ASKED]
        sheet = answers.some(read_back, task, chosen)
        asked += len(sheet)
        differing += [name for name, answer in sheet.items() if answer.ids != judged[name].ids]
    message = f"other answers to {', '.join(differing)}" if differing else ""
    conclude(Measurement(1.0 - len(differing) / asked, asked, message=message, sources=sources))
