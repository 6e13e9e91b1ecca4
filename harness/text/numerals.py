"""Convert numbers in words into figures, in English and Chinese, over a list of words.

``twelve hundred``, ``2.5 million`` and ``250`` before the character for ten thousand are one number each. Other words
stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from harness.text.pattern import later

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = {**{word: n for n, word in enumerate(_UNITS)}, **{word: 10 * n for n, word in enumerate(_TENS, 2)}}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_ORDINAL_UNITS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
_ORDINALS = {
    **{word: n for n, word in enumerate(_ORDINAL_UNITS)},
    **{word[:-1] + "ieth": 10 * n for n, word in enumerate(_TENS, 2)},
    "hundredth": 100,
    "thousandth": 1000,
}

_DIGITS = {sign: n for n, sign in enumerate("\u96f6\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d")}
_DIGITS |= {sign: n for n, sign in enumerate("\u58f9\u8d30\u53c1\u8086\u4f0d\u9646\u67d2\u634c\u7396", 1)}
_DIGITS |= {"\u3007": 0, "\u4e24": 2}
_LOW = {"\u5341": 10, "\u767e": 100, "\u5343": 1000, "\u62fe": 10, "\u4f70": 100, "\u4edf": 1000}
_HIGH = {"\u4e07": 10**4, "\u4ebf": 10**8}
_MEASURED = frozenset("\u514b\u7c73\u74e6\u5361\u8d6b\u5e15")
"""Units that form another unit with a thousand before them (kilogram), so that the thousand is not part of the
number."""
_POINT = "\u70b9"

FIGURE = later(r"[-+]?\d+(?:\.\d+)?")
WORDS = frozenset({*_SMALL, *_SCALES, *_ORDINALS})
CHARACTERS = frozenset({*_DIGITS, *_LOW, *_HIGH})


def plain(value: Decimal) -> str:
    """A number as figures, without an exponent and without zeros behind its point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(words: Sequence[str], start: int) -> tuple[str, int]:
    """The number in words that begins at `start`, as figures, and the index behind it; ("", start) where none begins
    there."""
    word = words[start]
    if word in _SMALL or word in _ORDINALS or word in _SCALES or word in ("a", "an"):
        return _english(words, start)
    if word in CHARACTERS:
        return _chinese(words, start)
    if FIGURE.fullmatch(word) and start + 1 < len(words):
        return _scaled(word, words, start + 1)
    return "", start


def _scaled(figure: str, words: Sequence[str], at: int) -> tuple[str, int]:
    """A figure with the scale words behind it (``2.5 million``), and the index behind them; ("", at - 1) without
    any."""
    value, first = Decimal(figure), at
    while at < len(words):
        scale = _SCALES.get(words[at]) or _HIGH.get(words[at]) or _LOW.get(words[at])
        if scale is None or _of_unit(words, at):
            break
        value, at = value * scale, at + 1
    return (plain(value), at) if at > first else ("", first - 1)


def _english(words: Sequence[str], start: int) -> tuple[str, int]:
    total = current = 0
    at = start
    if words[at] in ("a", "an"):
        if at + 1 >= len(words) or words[at + 1] not in _SCALES:
            return "", start
        current, at = 1, at + 1
    elif words[at] in _SCALES:
        return "", start
    last = 0  # of the number word before: what may follow it
    while at < len(words):
        word = words[at]
        if word in _ORDINALS and _fits(current, last, _ORDINALS[word]):
            value = total + (max(1, current) * 100 if word == "hundredth" else current + _ORDINALS[word])
            return f"{value}{_ending(value)}", at + 1
        if word in _SMALL and _fits(current, last, _SMALL[word]):
            current, last = current + _SMALL[word], _SMALL[word] or 1
        elif word == "hundred" and 0 < current < 100:
            current, last = current * 100, 100
        elif word in _SCALES and word != "hundred" and current:
            total, current, last = total + current * _SCALES[word], 0, 1000
        elif word == "and" and last >= 100 and at + 1 < len(words) and words[at + 1] in _SMALL:
            pass
        else:
            break
        at += 1
    return str(total + current), at


def _fits(current: int, last: int, value: int) -> bool:
    """Whether a small number may follow `last` within one number: one behind twenty, anything behind a hundred, nothing
    behind two."""
    return last == 0 or last >= 100 or (20 <= last < 100 and 0 < value < 10 and current % 10 == 0)


def _ending(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _chinese(words: Sequence[str], start: int) -> tuple[str, int]:
    end = start
    while end < len(words) and words[end] in CHARACTERS and not (end > start and _of_unit(words, end)):
        end += 1
    run = words[start:end]
    if all(sign in _DIGITS for sign in run):
        text, end = _positional(run, start)
        if len(run) == 1 and end < len(words) - 1 and words[end] == _POINT and _decimal(words, end + 1):
            stop = end + 1
            while stop < len(words) and words[stop] in _DIGITS:
                stop += 1
            return text + "." + "".join(str(_DIGITS[sign]) for sign in words[end + 1 : stop]), stop
        return text, end
    value = _value(run)
    return ("", start) if value is None else (str(value), end)


def _of_unit(words: Sequence[str], at: int) -> bool:
    """Whether the thousand at `at` belongs to the unit behind it."""
    return words[at] == "\u5343" and at + 1 < len(words) and words[at + 1] in _MEASURED


def _decimal(words: Sequence[str], at: int) -> bool:
    """Whether the digits behind a point are decimals, not minutes or a number with tens."""
    while at < len(words) and words[at] in _DIGITS:
        at += 1
        if at == len(words) or words[at] not in {*_LOW, "\u5206", *_DIGITS}:
            return True
    return False


def _positional(run: Sequence[str], start: int) -> tuple[str, int]:
    """Digits in a row: read together as a year or a code where there are three or a zero among them, else only the
    first."""
    if len(run) >= 3 or (len(run) == 2 and any(_DIGITS[sign] == 0 for sign in run)):
        return "".join(str(_DIGITS[sign]) for sign in run), start + len(run)
    return str(_DIGITS[run[0]]), start + 1


def _value(run: Sequence[str]) -> int | None:
    """The value of digits with their tens, hundreds and ten thousands; None where they make no number."""
    if run[0] in _HIGH or (run[0] in _LOW and _LOW[run[0]] != 10):
        return None
    total = section = digit = 0
    pending = False
    for sign in run:
        if sign in _DIGITS:
            if pending and digit:
                return None
            digit, pending = _DIGITS[sign], True
        elif sign in _LOW:
            section += (digit if pending else 1) * _LOW[sign]
            digit, pending = 0, False
        else:
            total = (total + section + digit) * _HIGH[sign]
            section = digit = 0
            pending = False
    return total + section + digit
