"""The page in a real Chromium: read, searched, printed, by keyboard and on a phone, without a request or an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("released", "refused", "zh", "large")
WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}


class Opened:
    """A page with what it asked for and what it complained about."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda told: self.errors.append(told.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))


@contextmanager
def opened(chromium: Any, path: Path, **how: Any) -> Iterator[Opened]:
    context = chromium.new_context(**{"viewport": WIDE, **how})
    found = Opened(context.new_page())
    found.page.goto(path.as_uri())
    if how.get("java_script_enabled", True):
        found.page.wait_for_selector("#rows article")
    try:
        yield found
    finally:
        context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_but_itself_and_complains_of_nothing(
    name: str, chromium: Any, pages: dict[str, Path]
) -> None:
    with opened(chromium, pages[name]) as found:
        assert (found.requests, found.errors) == ([pages[name].as_uri()], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["released", "refused", "zh"])
def test_contrast_landmarks_and_labels_meet_wcag(
    name: str, scheme: str, chromium: Any, pages: dict[str, Path], axe: str
) -> None:
    with opened(chromium, pages[name], color_scheme=scheme, bypass_csp=True) as found:
        found.page.evaluate(axe)
        told = found.page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    assert [(one["id"], [node["target"] for node in one["nodes"][:3]]) for one in told["violations"]] == []


@pytest.mark.parametrize("name", ["refused", "zh"])
def test_a_phone_scrolls_the_page_in_one_direction(name: str, chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages[name], viewport=PHONE) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_hostile_answers_and_messages_are_text(chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages["refused"]) as found:
        found.page.fill("input[name=text]", "greet-3")
        said = found.page.locator(".said").first
        assert said.inner_text().startswith("<img src=x")
        assert found.page.title() not in ("1", "2")
        assert found.page.locator("main img").count() == 0


def test_answers_are_chosen_by_adapter_kind_score_change_and_text(chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages["released"]) as found:
        page, count = found.page, found.page.locator("#count")
        assert count.inner_text() == "Answers shown: 30 of 90"
        page.select_option("select[name=adapter]", "duo")
        assert count.inner_text().endswith("of 45")
        page.check("input[name=changed]")
        assert count.inner_text().endswith("of 27")
        page.select_option("select[name=metric]", "coverage")
        wrong = page.locator("#rows article")
        assert all("coverage 0" in wrong.nth(k).inner_text() for k in range(wrong.count()))
        page.fill("input[name=text]", "no such words")
        assert count.inner_text() == "Answers shown: 0 of 0"


def test_the_keyboard_alone_reaches_the_filter_and_more_answers(chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages["released"]) as found:
        page = found.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.focus("input[name=text]")
        page.keyboard.type("guest")
        page.focus("#more")
        page.keyboard.press("Enter")
        assert page.locator("#count").inner_text().startswith("Answers shown: 60 of ")


def test_without_scripts_everything_but_the_answers_is_read(chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages["refused"], java_script_enabled=False) as found:
        text = found.page.inner_text("body")
        assert "refused" in text
        assert "answers.jsonl" in text
        assert "bnb.duo_mount_ok" in text
        assert found.page.locator("form").is_hidden()


def test_ten_thousand_answers_are_searched(chromium: Any, pages: dict[str, Path]) -> None:
    assert pages["large"].stat().st_size < 15 * 2**20
    with opened(chromium, pages["large"]) as found:
        found.page.fill("input[name=text]", "guest number 9999,")
        assert found.page.locator("#count").inner_text() == "Answers shown: 1 of 1"


@pytest.mark.parametrize(("name", "how"), [
    ("refused", {"color_scheme": "light"}),
    ("released", {"color_scheme": "dark"}),
    ("zh", {"viewport": PHONE}),
])  # fmt: skip
def test_a_screenshot_shows_the_verdict_in_its_colour(
    name: str, how: dict[str, Any], chromium: Any, pages: dict[str, Path], tmp_path: Path
) -> None:
    with opened(chromium, pages[name], **how) as found:
        heading = found.page.locator("header h1")
        box = heading.bounding_box()
        found.page.screenshot(path=tmp_path / "page.png")
        colour = heading.evaluate("element => getComputedStyle(element).color")
    assert (tmp_path / "page.png").stat().st_size > 10_000
    assert box is not None
    assert 0 <= box["y"] < 400
    assert colour != json.loads('"rgb(0, 0, 0)"')
