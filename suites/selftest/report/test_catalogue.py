"""A catalogue has every message that reports show and no other, and says it so that it can stand in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from babel import numbers
from babel.messages.catalog import Message

from harness.report import catalogue
from harness.report.catalogue import Say
from suites.selftest.report import messages

OTHERS = [language for language in catalogue.languages() if language != catalogue.ENGLISH]
other_languages = pytest.mark.parametrize("language", OTHERS)


def entries(language: str) -> list[Message]:
    return [message for message in catalogue.read(language) if message.id]


def pairs(language: str) -> Iterator[tuple[str, str]]:
    """Each English text, singular or plural, with each form of its translation."""
    for message in entries(language):
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        told = message.string if isinstance(message.string, tuple) else (message.string,)
        yield from ((one, form) for one in english for form in told)


@other_languages
def test_a_catalogue_has_every_message_and_no_other(language: str) -> None:
    assert {message.id for message in entries(language)} == messages.used()


@other_languages
def test_every_message_is_translated_and_none_is_marked_as_a_guess(language: str) -> None:
    assert [message.id for message in entries(language) if message.fuzzy] == []
    assert [english for english, told in pairs(language) if not told] == []


@other_languages
def test_a_message_that_counts_has_every_plural_form_of_its_language(language: str) -> None:
    wanted = catalogue.read(language).num_plurals
    counting = [message for message in entries(language) if isinstance(message.id, tuple)]
    assert counting
    assert {len(message.string) for message in counting} == {wanted}


@other_languages
def test_a_translation_keeps_the_places_for_what_is_given(language: str) -> None:
    places = r"%\(\w+\)s"
    assert [
        one for one, told in pairs(language) if sorted(re.findall(places, one)) != sorted(re.findall(places, told))
    ] == []


@other_languages
def test_a_translation_has_the_markup_of_its_message_and_no_other(language: str) -> None:
    """Translations are not escaped: a stray pipe would end a table's cell, a stray ``<`` open a tag."""
    markup = r"\*\*|[`|<>\[\]\n#~\\]"
    assert [one for one, told in pairs(language) if re.findall(markup, one) != re.findall(markup, told)] == []


def literal_calls() -> Iterator[tuple[str, ...]]:
    """The texts of every ``say("...")`` and ``say.many("...", "...", n)``, wherever Python allows one."""
    for path in catalogue.HERE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            plural = isinstance(node.func, ast.Attribute) and node.func.attr == "many"
            if plural or (isinstance(node.func, ast.Name) and node.func.id == "say"):
                texts = [one.value for one in node.args[: 2 if plural else 1] if isinstance(one, ast.Constant)]
                if texts:
                    yield tuple(map(str, texts))


def test_babel_sees_every_message_of_the_modules() -> None:
    """It passes over what stands inside of an f-string, and such a sentence would stay English."""
    found = {one if isinstance(one, tuple) else (one,) for one in messages.used()}
    assert set(literal_calls()) - found == set()


def test_babel_would_not_see_a_message_that_no_catalogue_has() -> None:
    assert "a sentence that nobody translated" not in messages.used()
    assert Say("zh")("a sentence that nobody translated") == "a sentence that nobody translated"


@pytest.mark.parametrize("language", catalogue.languages())
def test_figures_are_written_alike_in_every_language(language: str) -> None:
    """So that Python's own formatting serves all of them; a language with other signs needs more than a catalogue."""
    signs = (numbers.get_decimal_symbol, numbers.get_minus_sign_symbol, numbers.get_plus_sign_symbol)
    assert [sign(language) for sign in signs] == [".", "-", "+"]
    assert numbers.format_percent(0.123, "0.0%", locale=language) == f"{0.123:.1%}"


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 0, "seconds, over 0 workers"),
        ("en", 1, "seconds, over 1 worker"),
        ("en", 2, "seconds, over 2 workers"),
        ("zh", 1, "秒\N{FULLWIDTH LEFT PARENTHESIS}1 个工作进程合计\N{FULLWIDTH RIGHT PARENTHESIS}"),
        ("zh", 2, "秒\N{FULLWIDTH LEFT PARENTHESIS}2 个工作进程合计\N{FULLWIDTH RIGHT PARENTHESIS}"),
    ],
)
def test_what_is_counted_takes_the_form_of_its_number(language: str, n: int, said: str) -> None:
    assert Say(language).many("seconds, over %(n)s worker", "seconds, over %(n)s workers", n) == said


@pytest.mark.parametrize(
    ("language", "iso", "said"),
    [
        ("en", "2026-12-31", "2026-12-31"),
        ("en", "2026-12-31T08:05:00", "2026-12-31T08:05:00"),
        ("zh", "2026-12-31", "2026年12月31日"),
        ("zh", "2026-12-31T08:05:00", "2026年12月31日 08:05:00"),
        ("zh", "when it is mended", "when it is mended"),
        ("zh", "", ""),
    ],
)
def test_dates_are_written_as_the_language_writes_them(language: str, iso: str, said: str) -> None:
    assert Say(language).date(iso) == said


def test_what_is_given_to_a_sentence_is_put_in_as_it_is() -> None:
    assert Say("zh")("ship %(name)s.", name="%(x)s 100%") == "发布 %(x)s 100%。"
