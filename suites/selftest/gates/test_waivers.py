"""A waiver excuses the one failure that it names, until its date, loudly, and nothing that the evidence rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness import gates
from harness.errors import SpecError
from harness.gates import shipping, waivers
from harness.gates.gate import Outcome
from harness.releases import earlier, weakened
from harness.report import catalogue, conclusions, document, markdown, rejudge
from harness.report.page import render
from harness.report.page.view import View
from harness.spec import load
from harness.spec.waiver import Waiver
from suites.selftest.report import small_run
from suites.selftest.report.small_run import build, journal
from suites.tiny.child import Finished, Line, release

SCHEMA = json.loads(document.SCHEMA.read_text(encoding="utf-8"))
CANDIDATE = small_run.GATES["candidate"].id
LATER = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
WHO = {"reason": "the customer accepts it", "by": "Ann Chen"}


def record(gate: str = CANDIDATE, until: str = "1970-01-01") -> dict[str, Any]:
    """A `Waived` record for the small run's journal, which ends a minute into 1970."""
    return {"kind": "waiver", "process": "main", "at": 10.6, "gate": gate, **WHO, "until": until}


def table(gate: str, until: str = LATER) -> str:
    said = {"gate": gate, **WHO, "until": until}
    return "\n".join(["[[waiver]]", *(f"{key} = {json.dumps(one)}" for key, one in said.items()), ""])


@pytest.mark.parametrize("outcome", ["failed", "inconclusive"])
def test_a_waived_failure_is_released_and_told_in_every_report(outcome: Outcome) -> None:
    paper = build([*journal(candidate=outcome), record()])
    jsonschema.validate(paper, SCHEMA)
    assert (paper["verdict"], paper["reasons"]) == ("released", [])
    assert paper["waivers"] == [{"gate": CANDIDATE, **WHO, "until": "1970-01-01", "used": True}]
    assert [gate["id"] for gate in paper["gates"] if gate["waived"]] == [CANDIDATE]
    for language in catalogue.languages():
        text = markdown.render(paper, "", language)
        assert text.index("RELEASED WITH WAIVER") < text.index("\n## ")
        assert "Ann Chen" in text
        page = render.render(paper, View(), language)
        assert "WITH WAIVER" in page[: page.index("<nav")]
        assert "the customer accepts it" in page[: page.index("<nav")]


def test_a_report_says_a_waiver_as_the_last_line_does() -> None:
    waiver = {"gate": CANDIDATE, **WHO, "until": "2026-12-31"}
    assert conclusions.waived(waiver, catalogue.Say()) == waivers.said(waiver)


@pytest.mark.parametrize("outcome", ["error", "blocked"])
def test_what_was_not_measured_is_not_waived(outcome: Outcome) -> None:
    paper = build([*journal(candidate=outcome), record()])
    assert (paper["verdict"], paper["waivers"][0]["used"]) == ("refused", False)


def test_a_gate_that_did_not_run_is_not_waived() -> None:
    kept = [one for one in journal() if one.get("gate") != CANDIDATE]
    assert build([*kept, record()])["verdict"] == "incomplete"


def test_a_waiver_serves_no_other_gate() -> None:
    paper = build([*journal(candidate="failed", data="failed"), record()])
    assert paper["verdict"] == "refused"
    jsonschema.validate(paper, SCHEMA)


def test_a_waiver_past_its_date_is_named_with_its_gate() -> None:
    paper = build([*journal(candidate="failed"), record(until="1969-12-31")])
    assert paper["verdict"] == "refused"
    assert "its waiver by Ann Chen expired on 1969-12-31; this was judged on 1970-01-01" in paper["reasons"][0]


@pytest.mark.parametrize("until", ["soon", "1970-02-30", "", "19700301", "1970-W01-1"])
def test_a_date_that_no_calendar_has_is_past(until: str) -> None:
    assert build([*journal(candidate="failed"), record(until=until)])["verdict"] == "refused"


@pytest.mark.parametrize("key", ["mount", "bundle", "selection"])
def test_a_waiver_written_into_the_journal_does_not_excuse_what_nobody_may_waive(key: str) -> None:
    paper = build([*journal(**{key: "failed"}), record(small_run.GATES[key].id)])
    assert paper["verdict"] == "refused"
    assert "no waiver excuses it" in paper["reasons"][0]


def test_the_journal_alone_gives_the_same_verdict_again(tmp_path: Path) -> None:
    folder = small_run.write(tmp_path / "run_1", [*journal(candidate="failed"), record()])
    assert rejudge.judge(folder) == json.loads((folder / "verdict.json").read_text(encoding="utf-8"))


def expect(line: Line) -> None:
    gates.expected(load.load(line.spec))


@pytest.fixture
def waived(line: Line, tmp_path: Path) -> Callable[..., Line]:
    """``waived(gate, until)``: a copy of the tiny line with that waiver."""

    def waived(gate: str, until: str = LATER) -> Line:
        copied = line.copy(tmp_path / "waived")
        copied.edit("[gates.data]", f"{table(gate, until)}\n[gates.data]")
        return copied

    return waived


NEVER = (
    "eval.both.sea.determinism",
    "data.sea.text_apart",
    "data.sea.topics_apart",
    "data.sea.ids_unique",
    "data.train-sea.parse",
    "bnb.base_quant_load_ok",
    "bnb.both_lora_mount_ok",
    "bundle.checksums_ok",
    "bundle.archives_complete",
    "bundle.answers_equal",
    "base.tokenizer_ok",
    "training.selection.qualified",
    "training.both.intact",
    "training.sample.runs",
    "training.sea.template_ids",
)


@pytest.mark.parametrize("gate", NEVER)
def test_gates_that_the_evidence_rests_on_cannot_be_waived(waived: Callable[..., Line], gate: str) -> None:
    with pytest.raises(SpecError, match="cannot be waived") as refused:
        expect(waived(gate))
    assert refused.value.key == "waiver.0.gate"


def test_every_gate_is_waivable_or_says_why_not(line: Line) -> None:
    """And of every area that judges answers or data some are."""
    loaded = load.load(line.spec)
    free = {gate.area for gate in gates.expected(loaded, {}) if not waivers.refusal(gate)}
    assert free == {"data", "eval", "regression", "training"}


def test_a_waiver_of_an_advisory_gate_is_refused(waived: Callable[..., Line]) -> None:
    with pytest.raises(SpecError, match="it only advises"):
        expect(waived("eval.sea.sea.coverage"))


def test_a_waiver_of_no_gate_names_the_one_that_may_be_meant(waived: Callable[..., Line]) -> None:
    with pytest.raises(SpecError, match=r"did you mean 'eval\.both\.sea\.coverage'"):
        expect(waived("eval.both.sea.coverag"))


@pytest.mark.parametrize("until", ["2031-02-30", "2031-13-01", "tomorrow", "2031-1-1", "20310101"])
def test_a_day_that_there_is_not_is_refused_by_its_key(waived: Callable[..., Line], until: str) -> None:
    with pytest.raises(SpecError) as refused:
        expect(waived("eval.both.sea.coverage", until))
    assert refused.value.key == "waiver.0.until"


@pytest.mark.parametrize("key", ["reason", "by"])
def test_a_waiver_without_a_reason_or_a_name_is_refused(waived: Callable[..., Line], key: str) -> None:
    copied = waived("eval.both.sea.coverage")
    copied.edit(f"{key} = {json.dumps(WHO[key])}", f'{key} = "  "')
    with pytest.raises(SpecError) as refused:
        expect(copied)
    assert refused.value.key == f"waiver.0.{key}"


def test_one_gate_is_waived_once(waived: Callable[..., Line]) -> None:
    copied = waived("eval.both.sea.coverage")
    copied.edit("[gates.data]", f"{table('eval.both.sea.coverage')}\n[gates.data]")
    with pytest.raises(SpecError, match="waived twice"):
        expect(copied)


def test_a_waiver_holds_on_its_last_day_and_not_on_the_next() -> None:
    one = Waiver(gate="g", until="2031-03-01", **WHO)
    assert waivers.in_force(one, date(2031, 3, 1))
    assert not waivers.in_force(one, date(2031, 3, 2))


def test_a_run_with_an_expired_waiver_does_not_begin(waived: Callable[..., Line]) -> None:
    copied = waived("eval.both.sea.coverage", "2020-01-31")
    done = release(copied, "expired")
    assert (done.status, done.run.exists()) == (4, False), done.output
    assert "the waiver of eval.both.sea.coverage by Ann Chen expired on 2020-01-31" in done.output


def test_a_release_with_a_waived_gate_is_stamped_wherever_it_is_named(
    waived: Callable[..., Line], green: Finished, tmp_path: Path
) -> None:
    """A count of training items that does not hold: trained all the same, packed, published, exit status 0."""
    gate = "data.train-sea.counts"
    copied = waived(gate).copy_with_store(tmp_path)  # runs of its own: the session's line is not compared with this one
    before, loaded = earlier.read(green.release), load.load(copied.spec)
    assert weakened.weaker(before, loaded, gates.expected(loaded, before.table), {}) == []
    copied.edit("counts.train = { items = 16", "counts.train = { items = 17")
    copied.edit("[gates.data]", f"{table('data.train-shore.counts')}\n[gates.data]")
    copied.edit("margin = 0.3", 'margin = 0.3\naccept_weaker = "the counts were corrected"')
    done = release(copied, "waived", f"--against={green.release}")
    assert done.status == 0, done.output
    assert (done.gate(gate)["outcome"], done.gate(gate)["waived"]) == ("failed", True)
    assert done.last.startswith("RELEASED WITH WAIVER "), done.last
    assert done.release.name == f"tiny-waived-{shipping.WITH_WAIVER}"
    assert any(one.startswith(weakened.NEW_WAIVER) for one in done.verdict["regression"]["weakened"])
    assert rejudge.judge(done.run) == done.verdict
    assert earlier.read(done.run).run_id == "waived"
    assert not (copied.out / "releases" / "tiny-waived").exists()
