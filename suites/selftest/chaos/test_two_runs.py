"""Two releases at once over one store share its work: each artifact is built once, and both are released."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed
from harness.run import journal
from suites.tiny.child import Line, release


def test_two_releases_at_once_build_each_artifact_once(line: Line, tmp_path: Path) -> None:
    shared = Line(line.spec, tmp_path / "out")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(release, shared, name, "-n2") for name in ("one", "other")]
        finished = [run.result() for run in runs]

    assert [one.verdict["verdict"] for one in finished] == ["released", "released"], finished[0].last + finished[1].last
    used = [used for one in finished for used in every(journal.read(one.run / "evidence"), ArtifactUsed)]
    built = Counter(one.key for one in used if not one.reused)
    stored = {path.name[:24] for path in (shared.out / "store").glob("*/*/")}
    assert set(built.values()) == {1}
    assert {key[:24] for key in built} == stored
