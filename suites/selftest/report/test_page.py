"""The page says what the document says, in each language, and nothing in it can break out, call out or be lost."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report import catalogue
from harness.report.page import packed, picture, render
from harness.report.page.answers import Row, slice_fields
from harness.report.page.history import releases
from harness.report.page.view import View, heats
from suites.selftest.dataset.made_items import item
from suites.selftest.report.hostile_text import hostile, hostile_paper, many
from suites.selftest.report.small_run import build, journal

LANGUAGES = catalogue.languages()


def row(answer: str = "a", **changed: object) -> Row:
    fields = {
        "adapter": "duo",
        "task": "greet",
        "item": "greet-1",
        "kind": "plain",
        "slices": {"chapter": "ch1"},
        "prompt": (("user", "hello"),),
        "reference": "r",
        "answer": answer,
        "cut": False,
        "scores": {"coverage": 0.5},
        "said": (),
        "missed": ("p",),
    }
    return Row(**{**fields, **changed})  # type: ignore[arg-type]


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the text that stands in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_and_its_first_reason_stand_before_any_gate(language: str) -> None:
    page = render.render(build(journal(candidate="failed")), View(), language)
    heading, reason, gates = (page.index(text) for text in ("<h1>", 'class="reason"', 'id="gates"'))
    assert heading < reason < gates
    assert catalogue.Say(language)("refused") in page


def test_what_failed_stands_before_what_is_inconclusive_and_that_before_what_passed() -> None:
    page = render.render(build(journal(mount="failed", candidate="inconclusive")), View())
    places = [page.index(f"<code>{name}</code>") for name in ("bnb.duo_mount_ok", "eval.duo.greet.coverage")]
    assert places[0] < places[1] < page.index("<code>data.train-greet.parse</code>")


def test_an_advisory_failure_is_not_shown_among_what_stands_in_the_way() -> None:
    page = render.render(build(journal(single="failed")), View())
    assert page.index("No blocking gate failed.") < page.index("Failed, advisory (1)")


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    page = render.render(build(journal()), View(rows=(row(),), no_answers=""))
    policy = next(a["content"] for tag, a in Tags(page).tags if a.get("http-equiv") == "Content-Security-Policy")
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(inline) == 1
        digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in str(policy)
    assert str(policy).startswith("default-src 'none'")
    assert "unsafe" not in str(policy)


def test_the_page_names_no_place_outside_of_itself() -> None:
    page = render.render(build(journal()), View(rows=(row(),), no_answers=""))
    for tag, attributes in Tags(page).tags:
        for name in ("src", "href", "srcset", "action", "data", "style"):
            assert attributes.get(name) is None or str(attributes[name]).startswith("#"), (tag, attributes)
    assert not re.search(r"url\(|@import|https?://", page)


def test_every_inner_link_of_a_fragment_leads_to_a_place_of_the_page() -> None:
    found = Tags(render.render(build(journal()), View())).tags
    ids = {attributes["id"] for _, attributes in found if "id" in attributes}
    sections = [a["href"] for tag, a in found if tag == "a" and not str(a.get("href")).startswith("#bytes-")]
    assert {str(href).removeprefix("#") for href in sections} <= {str(one) for one in ids}


ACTIVE = ("script", "style", "img", "iframe", "object", "form", "link", "base", "svg", "a")
PLAIN = [tag for tag, _ in Tags(render.render(hostile_paper("plain"), View())).tags if tag in ACTIVE]


@given(text=hostile)
@many
def test_texts_from_elsewhere_add_no_tag_and_no_control_character(text: str) -> None:
    told = render.render(hostile_paper(text), View(no_answers=text))
    found = Tags(told)
    assert [tag for tag, _ in found.tags if tag in ACTIVE] == PLAIN
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", told)


@given(texts=st.lists(st.text(), min_size=1, max_size=5))
@many
def test_answers_come_out_of_the_page_as_they_went_in(texts: list[str]) -> None:
    rows = [row(text) for text in texts]
    page = render.render(build(journal()), View(rows=tuple(rows), no_answers=""))
    held = re.search(r'id="packed">([A-Za-z0-9+/=]*)</script>', page)
    assert held is not None
    unpacked = json.loads(zlib.decompress(base64.b64decode(held.group(1)), -15))
    assert [one["answer"] for one in unpacked] == texts
    assert [json.loads(line)["answer"] for line in packed.lines(rows).split("\n") if line] == texts


def test_ten_thousand_answers_take_less_than_fifteen_megabytes() -> None:
    numbers = [hashlib.sha256(str(k).encode()).hexdigest() for k in range(10_000)]
    rows = [row(f"{one} " * 12, prompt=(("user", f"{one[::-1]} " * 8),), reference=one) for one in numbers]
    assert len(packed.pack(rows)) < 15 * 2**20


def test_without_answers_the_page_says_why() -> None:
    page = render.render(build(journal()), View(no_answers="they are no longer in the store"))
    assert "they are no longer in the store" in page
    assert 'id="packed"' not in page


def test_what_was_not_measured_is_named() -> None:
    told = render.not_measured(build(journal()), View())
    assert {"gguf", "forgetting", "regression", "seeds", "history"} <= set(told)
    assert "bnb" not in told


def test_fields_that_group_the_items_are_slices_and_texts_are_not() -> None:
    fields = [{"id": str(k), "level": "ab"[k % 2], "question": f"q{k}", "only": "one"} for k in range(6)]
    items = [replace(item(k, "p", "a"), fields=own) for k, own in enumerate(fields)]
    assert slice_fields(items) == ("level",)


def test_a_heat_map_has_the_mean_and_the_number_of_items_by_value() -> None:
    rows = [
        row(scores={"coverage": score}, slices={"chapter": name})
        for name, score in [("a", 1.0), ("a", 0.0), ("b", 1.0)]
    ]
    (kinds, chapters) = heats(rows)
    assert kinds.rows == (("plain", ((2 / 3, 3),)),)
    assert chapters.rows == (("a", ((0.5, 2),)), ("b", ((1.0, 1),)))


@pytest.mark.parametrize("value", [None, "nan", True, float("inf")])
def test_a_gate_without_a_figure_has_no_picture(value: object) -> None:
    assert picture.interval({"value": value, "threshold": 0.9}) == ""


@given(value=st.floats(-5, 5), lower=st.floats(-5, 5), threshold=st.floats(-5, 5))
def test_an_interval_lies_inside_its_picture(value: float, lower: float, threshold: float) -> None:
    drawn = picture.interval({"value": value, "lower_bound": min(lower, value), "threshold": threshold})
    places = [float(one) for one in re.findall(r'(?:x1|x2|cx)="([-\d.]+)"', drawn)]
    assert all(0 <= one <= picture.WIDTH for one in places)


def test_earlier_figures_come_from_bundles_of_the_same_release_and_damaged_ones_are_passed_over(tmp_path: Path) -> None:
    paper = {**build(journal()), "run_id": "run_0", "concluded_at": "2026-01-01"}
    for name, text in (
        ("demo-run_0", json.dumps(paper)),
        ("demo-cut", json.dumps(paper)[:40]),
        ("other-run_9", json.dumps({**paper, "release": "other"})),
        ("demo-run_1", json.dumps({**paper, "run_id": "run_1"})),
    ):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / "verdict.json").write_text(text)
    (past,) = releases(tmp_path, build(journal()))
    assert past.run_id == "run_0"
    assert set(past.gates) == {"eval.duo.greet.coverage"}
