"""What judging a data file costs, in time and memory, from a thousand records up, beside the straightforward loop.

    GREENRUN_PERF_RECORDS=1000,10000,100000,1000000 pytest suites/perf/test_dataset_speed.py -s

prints a table and draws ``out/perf/dataset.svg``. Nothing is asserted but that the work was done. The figures of other
calls stay in ``out/perf/dataset.json``, so that large sizes may be measured one job at a time, e.g. with
``GREENRUN_PERF_JOBS=duplicates``.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import jsonschema
import pytest

from harness.dataset.duplicates import duplicate_findings
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords, stream_items
from harness.dataset.leakage import text_findings
from harness.dataset.scan import Plan, scan, scan_shared
from harness.project import ROOT
from harness.spec import data

SIZES = [int(size) for size in os.environ.get("GREENRUN_PERF_RECORDS", "1000,10000").split(",")]
SCHEMA = ROOT / "data" / "v3" / "schemas" / "style.schema.json"
LOOP_AT_MOST = 20_000
"""Most records that the straightforward loop is timed on, since its time per record does not depend on their number."""
MIB = 2**20
FIGURES = ROOT / "out" / "perf"


@dataclass(frozen=True, slots=True)
class Cost:
    job: str
    records: int
    seconds: float
    cpu: float
    """Processor time in seconds, over all processes: it changes little on a busy machine."""
    peak: int
    """Peak memory in bytes of the largest process, minus what it had before the work began."""
    resident: int
    """Peak memory in bytes of the largest process."""


def write_records(path: Path, count: int, seed: int) -> Path:
    """Records of the style task, about 1 KiB each, all different."""
    source = random.Random(seed)
    syllables = ["".join(pair) for pair in itertools.product("bdfgklmnprstvz", "aeiou")]
    words = ["".join(source.choices(syllables, k=source.randint(1, 4))) for _ in range(20_000)]

    def sentence(length: int) -> str:
        return " ".join(source.choices(words, k=length)).capitalize() + "."

    with path.open("w", encoding="utf-8") as stream:
        for _ in range(count):
            notes = [{"id": f"n{number}", "text": sentence(12)} for number in (1, 2, 3)]
            record = {
                "id": f"style-bench-{source.randint(10, 999)}",
                "task": "style",
                "kind": "plain",
                "chapter": "ch1",
                "difficulty": "easy",
                "topic": sentence(3),
                "question": sentence(20),
                "notes": notes,
                "points": [{"wordings": [sentence(2)], "note": note["id"]} for note in notes],
                "reference": "Answer:\n" + "\n".join(f"- {note['text']} [{note['id']}]" for note in notes),
            }
            stream.write(json.dumps(record) + "\n")
    return path


def straightforward(path: Path) -> int:
    """The straightforward loop: for each line json.loads, then jsonschema."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    sound = 0
    with path.open(encoding="utf-8") as stream:
        for line in itertools.islice(stream, LOOP_AT_MOST):
            sound += validator.is_valid(json.loads(line))
    return sound


def one_process(path: Path) -> int:
    return scan(Plan(path, SCHEMA)).records


def two_processes(path: Path) -> int:
    return scan_shared(Plan(path, SCHEMA)).records


def duplicates(path: Path) -> int:
    return sum(1 for _ in duplicate_findings(path, _items(path), data.Options())) + 1


def leakage(path: Path) -> int:
    """Check a pair of files for leakage, with a tenth as many benchmark items as training ones."""
    other = path.with_name(f"benchmark-{path.name}")
    named = {"train": (path, _items(path)), "benchmark": (other, _items(other))}
    return sum(1 for _ in text_findings(named)) + 1


def _items(path: Path) -> Iterator[Item]:
    return stream_items(path, TaskRecords("style", "{{ topic }} {{ question }} {{ notes }}"))


JOBS: dict[str, Callable[[Path], int]] = {
    "json.loads + jsonschema": straightforward,
    "one process": one_process,
    "two processes": two_processes,
    "duplicates": duplicates,
    "leakage": leakage,
}


def _peak() -> int:
    """Peak memory of this process in bytes. Not by getrusage, whose figure begins with that of the parent process."""
    own = next(line for line in Path("/proc/self/status").read_text().split("\n") if line.startswith("VmHWM:"))
    return max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def _cpu() -> float:
    usages = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _timed(job: str, path: Path, records: int) -> Cost:
    before, spent, started = _peak(), _cpu(), time.perf_counter()
    assert JOBS[job](path) > 0
    seconds, cpu = time.perf_counter() - started, _cpu() - spent
    if JOBS[job] is straightforward:
        seconds, cpu = (spent * max(1.0, records / LOOP_AT_MOST) for spent in (seconds, cpu))
    return Cost(job, records, seconds, cpu, max(0, _peak() - before), _peak())


def measure(job: str, path: Path, records: int) -> Cost:
    """One job in a process of its own, whose memory nobody else has touched."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_timed, job, path, records).result()


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_judging_data_is_compared_with_the_straightforward_loop(
    size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_records(tmp_path / f"{size}.jsonl", size, seed=1)
    write_records(tmp_path / f"benchmark-{size}.jsonl", max(1, size // 10), seed=2)
    wanted = os.environ.get("GREENRUN_PERF_JOBS", ",".join(JOBS)).split(",")
    costs = [measure(job, path, size) for job in JOBS if job in wanted]
    path.unlink()  # a gigabyte at the largest size
    with capsys.disabled():
        print(
            f"\n{'job':<24} {'records':>9} {'seconds':>9} {'CPU us/record':>14} {'added B/record':>15} {'peak MiB':>9}"
        )
        for cost in costs:
            print(
                f"{cost.job:<24} {cost.records:>9} {cost.seconds:>9.2f} {cost.cpu / cost.records * 1e6:>14.1f} "
                f"{cost.peak / cost.records:>15.0f} {cost.resident / MIB:>9.0f}"
            )
        seconds = {cost.job: cost.seconds for cost in costs}
        for job in ("one process", "two processes"):
            if {job, "json.loads + jsonschema"} <= seconds.keys():
                print(f"{size} records: {job}, {seconds['json.loads + jsonschema'] / seconds[job]:.1f} times the loop")
    draw(remembered(costs, FIGURES / "dataset.json"), FIGURES / "dataset.svg")


def remembered(costs: list[Cost], path: Path) -> list[Cost]:
    """These costs together with those of earlier calls for other jobs and sizes; all are kept for the next call."""
    known = [Cost(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
    fresh = {(cost.job, cost.records) for cost in costs}
    merged = sorted(
        [*costs, *(cost for cost in known if (cost.job, cost.records) not in fresh)],
        key=lambda cost: (cost.job, cost.records),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(cost) for cost in merged], indent=1) + "\n", encoding="utf-8")
    return merged


def draw(costs: list[Cost], path: Path) -> None:
    """Draw time and added memory against the number of records: logarithmic axes, one line a job."""
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="no plot without matplotlib: make perf installs it")
    figure, (time_axes, memory_axes) = pyplot.subplots(1, 2, figsize=(11, 4.5))
    for job in JOBS:
        points = [cost for cost in costs if cost.job == job]
        sizes = [cost.records for cost in points]
        time_axes.loglog(sizes, [cost.seconds for cost in points], marker="o", label=job)
        memory_axes.loglog(sizes, [cost.resident / MIB for cost in points], marker="o", label=job)
    time_axes.set(xlabel="records of about 1 KiB", ylabel="seconds", title="What judging a data file costs")
    memory_axes.set(xlabel="records of about 1 KiB", ylabel="MiB of the largest process", title="Memory")
    for axes in (time_axes, memory_axes):
        axes.grid(visible=True, which="major", alpha=0.3)
    time_axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)
