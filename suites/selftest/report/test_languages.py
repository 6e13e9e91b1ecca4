"""Both reports of a run hold the same sections in every language, and leave no sentence of ours in English."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.report import catalogue, markdown
from harness.report.catalogue import Say
from harness.report.page import render
from harness.report.page.view import View
from suites.selftest.report.small_run import build, journal
from suites.selftest.report.test_page import Tags

LANGUAGES = catalogue.languages()
OTHERS = [language for language in LANGUAGES if language != catalogue.ENGLISH]
ENGLISH_REPORT = Path(__file__).parent / "small_run.md"
NOTES: dict[str, Any] = {
    "limits": ["注一"],
    "backups": ["注二"],
    "next_steps": ["注三"],
    "problems": [{"现象": "注四"}],
}
TOML = 'limits = ["注一"]\nbackups = ["注二"]\nnext_steps = ["注三"]\n[[problems]]\n"现象" = "注四"\n'

IDS = {
    "Summary": "summary",
    "Experiment matrix": "experiments",
    "Evaluation": "evaluation",
    "Quantization": "quantization",
    "Data": "data",
    "Backup and verification": "backup",
    "Problems": "problems",
    "Recommendation": "recommendation",
    "Limits": "limits",
    "Next steps": "next-steps",
    "Appendix": "appendix",
}
"""Section -> its place in the page."""

SURROUNDINGS = {"python": "3", "threads": 2, "git_commit": "unknown", "git_dirty": "unknown", "device": "cuda"}
WAIVER = {"gate": "bnb.duo_mount_ok", "by": "甲", "reason": "原因", "until": "2026-12-31", "used": True}
UNCOUNTED = {
    **dict.fromkeys(("judged_at_error", "ceiling", "if_independent")),
    "adapters": "unknown",
    "stated_error": 0.05,
}
SERVING = {"base": {"path": "b", "size": 1, "sha256": "a"}, "lora": {"path": "l", "size": 1, "sha256": "b"}}
MORE: dict[str, Any] = {
    "environment": SURROUNDINGS,
    "waivers": [WAIVER],
    "doubts": ["疑"],
    "not_judged": ["未"],
    "warnings": ["警"],
    "asked": [{"adapter": "duo", "task": "greet", "asked": 3, "of": 9}],
    "artifacts": [{"name": "adapter given duo"}],
    "seeds": {"seeds": [0], "metrics": [{"key": "k", "values": [0.5], "threshold": 0.4}], "qualified": [True]},
}


@cache
def papers() -> dict[str, Any]:
    """Runs whose reports say nearly all that a report can say; every foreign string is Chinese."""
    red = build(journal("文", candidate="inconclusive", single="failed", mount="error"))
    red["environment"] = SURROUNDINGS
    green = {**build(journal("文")), **MORE}
    return {
        "red": red,
        "green": {**green, "forms": {**green["forms"], "serving": SERVING}},
        "not fit": {**green, "packed": [], "environment": {"device": "cpu", "git_dirty": True}},
        "no ledger": {**green, "attempts": UNCOUNTED, "environment": {}},
        "spend": {**green, "attempts": {"adapters": 1, "mode": "spend", "stated_error": 0.1, "judged_at_error": 0.1}},
        "nothing": {},
        "nothing compared": {**green, "regression": {"against": {}, "weakened": ["弱"], "comparisons": []}},
        "new waiver": {**green, "regression": {"against": {}, "weakened": [f"{markdown.regression.NEW_WAIVER} 弱"]}},
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(papers()))
def test_markdown_has_every_section_in_order(language: str, name: str) -> None:
    told = markdown.render(papers()[name], TOML, language)
    found = re.findall(r"^## (.*)$", told, re.MULTILINE)
    assert found == [Say(language)(title) for title in IDS]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(papers()))
def test_the_page_has_every_section_and_leads_to_it(language: str, name: str) -> None:
    page = render.render(papers()[name], View(), language, NOTES)
    tags = Tags(page).tags
    places = {str(attributes["id"]) for _, attributes in tags if "id" in attributes}
    links = [str(attributes.get("href")) for tag, attributes in tags if tag == "a"]
    for title, place in IDS.items():
        assert place in places
        assert f"#{place}" in links
        assert f'<a href="#{place}">{Say(language)(title)}</a>' in page


def test_the_list_of_sections_is_the_reports_own() -> None:
    assert list(IDS) == list(markdown.SECTIONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_and_advice_stand_in_the_page_as_in_markdown(language: str) -> None:
    paper = papers()["green"]
    page, told = render.render(paper, View(), language, NOTES), markdown.render(paper, TOML, language)
    own = Say(language)("ship %(name)s.", name="duo")
    for text in ("注一", "注二", "注三", "注四", own, Say(language)("Not proved: %(what)s.", what="疑")):
        assert text in page
        assert text in told


FIXED = re.compile(r"```.*?```|`[^`]*`|<(script|style)\b.*?</\1>|<[^>]+>|&#?\w+;|[\w./-]*[._/][\w./-]*", re.DOTALL)
"""What counts as no sentence: fenced evidence, code, tags, ids and names of files."""
NAMES = frozenset({"RELEASED WITH WAIVER", "WITH WAIVER", "teacher forcing", "adapter given duo", "form name"})
"""English words and names that stay, such as those that the run gave to its artifacts."""


def english_left(text: str) -> list[str]:
    """Runs of two or more English words."""
    bare = FIXED.sub("\n", text)
    runs = re.findall(r"[A-Za-z][A-Za-z']+(?: [A-Za-z][A-Za-z']+)+", bare)
    return [run for run in runs if run not in NAMES]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", list(papers()))
def test_no_english_sentence_of_ours_is_left(language: str, name: str) -> None:
    paper = {**papers()[name], "reasons": ["因"]}  # why a run was not released is evidence, in English
    if name == "nothing":
        paper = {}
    assert english_left(markdown.render(paper, TOML, language)) == []
    assert english_left(render.render(paper, View(no_answers="无"), language, NOTES)) == []


def test_an_english_sentence_would_be_seen() -> None:
    assert english_left("- 一 not translated yet 二\n| a b | `in code` |") == ["not translated yet"]
    assert english_left(markdown.render(papers()["red"], TOML, "en")) != []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_that_is_not_english_says_why_evidence_is(language: str) -> None:
    told = Say(language)(markdown.EVIDENCE)
    paper = build(journal())
    for text in (markdown.render(paper, "", language), render.render(paper, View(), language)):
        assert (told in text) is (language != catalogue.ENGLISH)


def test_the_english_report_is_what_it_was_byte_for_byte() -> None:
    """A change of it is meant: write the file anew then (`python -m suites.selftest.report.test_languages`)."""
    assert english_report() == ENGLISH_REPORT.read_text(encoding="utf-8")


def english_report() -> str:
    red = build(journal(candidate="inconclusive", single="failed", mount="error"))
    return markdown.render({**red, **MORE, "environment": SURROUNDINGS}, TOML)


if __name__ == "__main__":
    ENGLISH_REPORT.write_text(english_report(), encoding="utf-8")
