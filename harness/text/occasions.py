"""Write dates, times and ranges in a list of words in one spelling: ``3 May 2026`` and ``2026-05-03`` become the
same."""

from __future__ import annotations

import re

from harness.text.pattern import later
from harness.text.quantities import Row, is_number

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = {name: n for n, name in enumerate(_MONTHS, 1)} | {name[:3]: n for n, name in enumerate(_MONTHS, 1)}
_MONTH["sept"] = 9

_DAY = later(r"0?([1-9]|[12]\d|3[01])(?:st|nd|rd|th)?")
_YEAR = later(r"1\d{3}|2\d{3}")
_CLOCK = later(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_DOTTED = later(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_BETWEEN = frozenset({"-", "to", "until", "till", "through", "\u81f3", "\u5230", "~"})
_BEGINS = frozenset({*_MONTH, *_BETWEEN, "between"})
_YEAR_OF, _MONTH_OF, _DAYS_OF, _HOUR_OF = "\u5e74", "\u6708", ("\u65e5", "\u53f7"), "\u70b9"

_MARKS = frozenset({_YEAR_OF, _MONTH_OF, _HOUR_OF, "/"})


def canonical(words: list[str], parted: list[str]) -> Row:
    """The words with each date as ``MM-DD`` and its year behind it, each time as ``H:MM``, and each range with
    ``to``."""
    numbers = [at for at, word in enumerate(words) if word[0].isdigit()]
    if (
        _BEGINS.isdisjoint(words)
        and _MARKS.isdisjoint(words)
        and not any("." in words[at] or ":" in words[at] or is_number(_at(words, at + 1)) for at in numbers)
    ):
        return words, parted
    found: Row = ([], [])
    at = 0
    while at < len(words):
        if words[at] not in _BEGINS and not words[at][0].isdigit():
            found[0].append(words[at])
            found[1].append(parted[at])
            at += 1
            continue
        for rule in (_date, _time, _range, _thousands):
            made, end = rule(words, parted, at)
            if made:
                break
        else:
            made, end = [words[at]], at + 1
        found[0].extend(made)
        found[1].extend([parted[at], *[""] * (len(made) - 1)])
        at = end
    return found


def _at(words: list[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _day_of(month: int, day: str, year: str = "") -> list[str]:
    number = _DAY.fullmatch(day)
    if number is None or not 1 <= month <= 12:
        return []
    return [f"{month:02}-{int(number[1]):02}", *([year] if year else [])]


def _date(words: list[str], parted: list[str], at: int) -> tuple[list[str], int]:
    word = words[at]
    if found := _DOTTED.fullmatch(word):
        return _day_of(int(found[2]), found[1], found[3]), at + 1
    if word in _MONTH and _DAY.fullmatch(_at(words, at + 1)) and not parted[at + 1]:
        return _with_year(_day_of(_MONTH[word], words[at + 1]), words, at + 2)
    if _DAY.fullmatch(word):
        month = at + 2 if _at(words, at + 1) == "of" else at + 1
        if _at(words, month) in _MONTH and not any(parted[at + 1 : month + 1]):
            return _with_year(_day_of(_MONTH[words[month]], word), words, month + 1)
    return _chinese_or_iso(words, at)


def _with_year(day: list[str], words: list[str], at: int) -> tuple[list[str], int]:
    if day and _YEAR.fullmatch(_at(words, at)):
        return [*day, words[at]], at + 1
    return day, at


def _chinese_or_iso(words: list[str], at: int) -> tuple[list[str], int]:
    row = [_at(words, at + n) for n in range(6)]
    if _YEAR.fullmatch(row[0]) and row[1] == row[3] and row[1] in ("-", "/") and row[2].isdigit():
        return _day_of(int(row[2]), row[4], row[0]), at + 5
    if _YEAR.fullmatch(row[0]) and row[1] == _YEAR_OF and row[3] == _MONTH_OF and row[2].isdigit():
        return _day_of(int(row[2]), row[4], row[0]), at + (6 if row[5] in _DAYS_OF else 5)
    if row[0].isdigit() and len(row[0]) <= 2 and row[1] == _MONTH_OF and row[3] in _DAYS_OF:
        return _day_of(int(row[0]), row[2]), at + 4
    return [], at


def _time(words: list[str], parted: list[str], at: int) -> tuple[list[str], int]:
    found = _CLOCK.fullmatch(words[at])
    if found:
        return [f"{int(found[1])}:{found[2]}"], at + 1
    if words[at].isdigit() and int(words[at]) < 24 and _at(words, at + 1) == _HOUR_OF:
        if _at(words, at + 2) == "\u534a":
            return [f"{int(words[at])}:30"], at + 3
        minutes = _at(words, at + 2)
        if minutes.isdigit() and int(minutes) < 60:
            end = at + 4 if _at(words, at + 3) == "\u5206" else at + 3
            return [f"{int(words[at])}:{int(minutes):02}"], end
    return [], at


def _range(words: list[str], parted: list[str], at: int) -> tuple[list[str], int]:
    """The word before the second number of a range; ``between`` is dropped."""
    word = words[at]
    if word == "between" and is_number(_at(words, at + 1)) and _at(words, at + 2) == "and":
        return ([words[at + 1], "to", words[at + 3]], at + 4) if is_number(_at(words, at + 3)) else ([], at)
    if at and is_number(words[at - 1]) and word in _BETWEEN and is_number(_at(words, at + 1)):
        return ["to"], at + 1
    return [], at


def _thousands(words: list[str], parted: list[str], at: int) -> tuple[list[str], int]:
    """Groups of three digits with blanks between as one number."""
    end = at + 1
    if not re.fullmatch(r"-?[1-9]\d{0,2}", words[at]):
        return [], at
    while re.fullmatch(r"\d{3}", _at(words, end)) and not parted[end]:
        end += 1
    return (["".join(words[at:end])], end) if end > at + 1 else ([], at)
