"""End a run: verdict, reports, exit status, and, last of all, the published bundle."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import partial as partial_of
from pathlib import Path

from harness.errors import GreenrunError
from harness.gates import waivers
from harness.gates.entry import every
from harness.gates.records import Warned
from harness.gates.verdict import Verdict, first_line, reach
from harness.project import ROOT
from harness.releases import bundle, signature
from harness.report import document, escape, files, outside, sarif
from harness.report.page import shown, view
from harness.run import journal as evidence
from harness.run import provenance, retention, steps
from harness.run.run import Run
from harness.spec import papers as spec_papers

NOTHING_RELEASED = 6
"""Exit status where no gate failed and nothing was released, so that a stray ``-k`` does not look like a release."""


@dataclass(frozen=True, slots=True)
class Ending:
    verdict: Verdict
    exitstatus: int
    report_failure: bool
    """True where pytest itself saw nothing wrong, and the terminal and JUnit must be told."""
    text: str


def conclude(run: Run, exitstatus: int, partial: bool) -> Ending:
    """Judge the run from its journal and write its reports (`harness.report.files`)."""
    if partial:
        run.journal.taint("restricted on purpose (--partial)")
    for name in provenance.changed(run):
        run.journal.taint(f"{name} changed while the run was under way: run again")
    verdict = reach(run.gates, evidence.read(run.evidence))
    if verdict.word == "released" and exitstatus != 0:
        run.journal.taint(f"pytest ended with exit status {exitstatus}")
        verdict = reach(run.gates, evidence.read(run.evidence))
    _write(run, verdict)
    return Ending(
        verdict=verdict,
        exitstatus=exitstatus if partial else _status(verdict, exitstatus),
        report_failure=verdict.word != "released" and exitstatus == 0,
        text=f"{verdict.word}: {'; '.join(verdict.reasons[:3])}",
    )


def _status(verdict: Verdict, exitstatus: int) -> int:
    if verdict.word == "released":
        return 0
    if exitstatus not in (0, 1, 5):
        return exitstatus
    return 1 if verdict.word == "refused" else NOTHING_RELEASED


def publish(run: Run, ending: Ending, status: int) -> tuple[str, int]:
    """The run's last line and its final exit status; a released bundle appears by one rename.

    Anything that went wrong after the verdict withdraws it.
    """
    verdict = ending.verdict
    if verdict.word == "released" and status != 0:
        verdict = _withdraw(run, f"pytest ended with exit status {status} after the verdict")
    release = run.release(verdict)
    if verdict.word == "released":
        try:
            papers = [*_papers(run), *outside.write(run.folder, run.staged, run.key)]
            sign = None if run.key is None else partial_of(signature.sign_folder, key=run.key)
            bundle.publish(run.staged, release, papers, run.spec.candidate, sign)
        except (OSError, ValueError, GreenrunError) as error:
            verdict = _withdraw(run, f"the bundle could not be published: {error}")
            status = 1
        except BaseException as error:  # Ctrl-C, or a SIGTERM, which pytest makes an exception of its own
            if not release.exists():  # after its rename it is whole, whatever comes
                _withdraw(run, f"publishing was ended by {type(error).__name__}")
            raise
    if verdict.word == "released":
        stamps = "".join(f" {stamp.replace('-', ' ')}" for stamp in verdict.stamps)
        why = [*verdict.doubts[:1], *(waivers.said(one.waiver) for one in verdict.waived if one.waiver is not None)]
        told = f" ({escape.clean(first_line('; '.join(why)))})" if why else ""
        return f"RELEASED{stamps} {release}{told}", status
    status = status or ending.exitstatus  # a plugin may have set pytest's own to 0
    reason = escape.clean(first_line(verdict.reasons[0])) if verdict.reasons else "no reason recorded"
    word = "REFUSED" if verdict.word == "refused" else "INCOMPLETE"
    if (other := other_base(run)) and other not in reason:
        reason = f"{reason}; {other}"
    return f"{word} {reason} (verdict: {run.folder / 'verdict.json'})", status


def other_base(run: Run) -> str:
    """That the command line put another base in place of the spec's, in words; "" where it did not."""
    return escape.clean(provenance.origin(run.spec).overridden)


def warnings(run: Run) -> list[str]:
    """Warnings from the start of the run that no gate repeats, such as that there is no earlier release."""
    return [warned.text for warned in every(evidence.read(run.evidence), Warned)]


def tidy(run: Run) -> str:
    """Remove what killed publications left and what the spec does not keep. Returns a message, "" where nothing was
    removed."""
    for left in retention.abandoned(run.out):
        shutil.rmtree(left, ignore_errors=True)
    told = []
    try:
        if (freed := steps.empty(run.out, run.id, run.spec.keep)) > 0:
            told.append(f"{freed / 2**20:.1f} MiB of steps on the way to a GGUF file ([store] keep)")
        if run.spec.keep_last is not None:
            freed = retention.remove(retention.survey(run.out, run.spec.keep_last, run.id))
            told += [f"{freed / 2**20:.1f} MiB that only older runs used"] if freed else []
    except OSError as error:
        return f"the store could not be tidied: {error}"
    return f"removed from the store: {', '.join(told)}" if told else ""


def _withdraw(run: Run, reason: str) -> Verdict:
    run.journal.taint(reason)
    withdrawn = reach(run.gates, evidence.read(run.evidence))
    _write(run, withdrawn)
    return withdrawn


def _write(run: Run, verdict: Verdict) -> None:
    run.folder.mkdir(parents=True, exist_ok=True)
    answers = shown.judged(
        run.spec, run.out, run.id, evidence.read(run.evidence), run.earlier.items if run.earlier else ()
    )
    run.journal.write(shown.write(run.folder, answers))
    journal = evidence.read(run.evidence)
    paper = document.build(verdict, journal, evidence.digests_of(run.evidence))
    if run.spec.path.is_file():
        shutil.copyfile(run.spec.path, run.folder / "release.toml")
    notes = ""
    if run.spec.notes is not None and run.spec.notes.is_file():
        notes = run.spec.notes.read_text(encoding="utf-8")
        shutil.copyfile(run.spec.notes, run.folder / run.spec.notes.name)
    files.write(run.folder, paper, notes, view.of(answers, run.out, paper, journal), run.spec.languages)
    with suppress(OSError):  # no room for it: what was found stands in the gates' messages
        sarif.write(run.folder, {gate.id: gate.blocking for gate in run.gates}, ROOT)


def _papers(run: Run) -> list[Path]:
    """Files of the run's folder that go into its bundle: the papers, and the reports in further languages."""
    return [run.folder / name for name in (*spec_papers.PAPERS, *spec_papers.translated(run.spec.languages))]
