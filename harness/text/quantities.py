"""Write the quantities in a list of words in one spelling: numbers, signs in words, percent, units and currencies.

Every rule looks at a number and the words beside it, so ``in`` stays a word and ``5 m`` becomes a length.
"""

from __future__ import annotations

from harness.text import numerals

_NAMES = {
    "km": "km kms kilometre kilometres kilometer kilometers \u516c\u91cc \u5343\u7c73",
    "m": "metre metres meter meters \u7c73",
    "cm": "centimetre centimetres centimeter centimeters \u5398\u7c73 \u516c\u5206",
    "mm": "millimetre millimetres millimeter millimeters \u6beb\u7c73",
    "mile": "mi miles \u82f1\u91cc",
    "ft": "foot feet \u82f1\u5c3a",
    "kg": "kgs kilo kilos kilogram kilograms kilogramme kilogrammes \u516c\u65a4 \u5343\u514b",
    "g": "gram grams gramme grammes \u514b",
    "mg": "milligram milligrams \u6beb\u514b",
    "lb": "lbs \u78c5",
    "t": "tonne tonnes \u5428",
    "l": "litre litres liter liters \u5347",
    "ml": "millilitre millilitres milliliter milliliters \u6beb\u5347",
    "h": "hr hrs hour hours \u5c0f\u65f6 \u4e2a\u5c0f\u65f6 \u949f\u5934 \u4e2a\u949f\u5934",
    "min": "mins minute minutes \u5206\u949f",
    "s": "sec secs second seconds \u79d2 \u79d2\u949f",
    "ms": "millisecond milliseconds \u6beb\u79d2",
    "day": "days \u5929",
    "week": "weeks \u5468 \u661f\u671f \u4e2a\u661f\u671f",
    "month": "months \u4e2a\u6708",
    "year": "years yr yrs",
    "kb": "kilobyte kilobytes",
    "mb": "megabyte megabytes",
    "gb": "gigabyte gigabytes",
    "tb": "terabyte terabytes",
    "w": "watt watts \u74e6",
    "kw": "kilowatt kilowatts \u5343\u74e6",
    "v": "volt volts \u4f0f",
    "hz": "hertz \u8d6b\u5179",
    "%": "percent pct",
    "\u2030": "permille",
    "\u00b0": "degree degrees \u5ea6",
    "$": "dollar dollars usd \u7f8e\u5143 \u7f8e\u91d1",
    "\u20ac": "euro euros eur \u6b27\u5143",
    "\u00a3": "gbp \u82f1\u9551",
    "\u00a5": "yuan rmb cny \u5143 \u5757 \u5757\u94b1 \u4eba\u6c11\u5e01",
}
_UNITS = {tuple(name) if not name.isascii() else (name,): unit for unit, of in _NAMES.items() for name in of.split()}
_UNITS |= {(unit,): unit for unit in _NAMES if unit.isalpha()}
_UNITS |= {("per", "cent"): "%", ("per", "mille"): "\u2030", tuple("\u6444\u6c0f\u5ea6"): "\u00b0 c"}
_UNITS |= {("kph",): "km / h", ("kmh",): "km / h", ("mph",): "mile / h"}
_UNITS |= {tuple(name): "m ^ 2" for name in ("\u5e73\u65b9\u7c73", "\u5e73\u7c73")}
_UNITS |= {tuple("\u7acb\u65b9\u7c73"): "m ^ 3"}
_UNITS |= {tuple("\u534e\u6c0f\u5ea6"): "\u00b0 f", ("pounds", "sterling"): "\u00a3"}
_TIMES = {"hour": "h", "second": "s", "minute": "min", "day": "day", "week": "week", "year": "year", "month": "month"}
_LONGEST = max(map(len, _UNITS))
_BEGINS = frozenset(name[0] for name in _UNITS)

SYMBOLS = frozenset({*_NAMES, "c", "f"})
"""Symbols of units, as this module writes them."""

_SCALE_NAMES = {"celsius": "c", "centigrade": "c", "fahrenheit": "f", "kelvin": "k"}
_CURRENCIES = frozenset("$\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9")
_WORDED = {
    "plus": "+",
    "minus": "-",
    "times": "*",
    "over": "/",
    "\u52a0": "+",
    "\u52a0\u4e0a": "+",
    "\u51cf": "-",
    "\u51cf\u53bb": "-",
    "\u4e58": "*",
    "\u4e58\u4ee5": "*",
    "\u9664\u4ee5": "/",
}
_OPERATES = frozenset({"divided", "multiplied", *(name if name.isascii() else name[0] for name in _WORDED)})
_NEGATIVE = (("minus",), ("negative",), ("\u8d1f",), ("\u96f6", "\u4e0b"))
_COUNTS = numerals.WORDS | numerals.CHARACTERS | {"a", "an", *(one[0] for one in _NEGATIVE)}
_ENDS = frozenset("0123456789\u00b0")
_FIGURES = frozenset("-0123456789")
"""First characters of a number in figures."""
_SHARES = {"\u767e": "%", "\u5343": "\u2030"}
"""Characters of a Chinese share, ``(number) parts of a hundred``, -> its sign."""

Row = tuple[list[str], list[str]]
"""(words, what ends before each of them): "" nothing, "," a clause, "." or "?" a sentence."""


def is_number(word: str) -> bool:
    """Whether the word is a number in figures, with or without its sign."""
    return word[-1:].isdigit() and word.lstrip("-")[:1].isdigit()


def canonical(words: list[str], parted: list[str]) -> Row:
    """The row with every quantity in one spelling."""
    return _measured(*_signed(*_counted(words, parted)))


def _counted(words: list[str], parted: list[str]) -> Row:
    """Numbers in words as figures, each within its clause."""
    found: Row = ([], [])
    at = 0
    while at < len(words):
        if words[at] not in _COUNTS and words[at][0] not in _FIGURES:
            found[0].append(words[at])
            found[1].append(parted[at])
            at += 1
            continue
        figure, end = "", at
        negative = next((one for one in _NEGATIVE if _stands(words, parted, at, one)), ())
        if _shares(words, parted, at):
            figure, end = _count(words, parted, at + 3)
            if figure:
                found[0].extend((figure, _SHARES[words[at]]))
                found[1].extend((parted[at], ""))
                at = end
                continue
        if negative and not (found[0] and is_number(found[0][-1]) and not parted[at]):
            figure, end = _count(words, parted, at + len(negative))
            figure = f"-{figure}" if is_number(figure) and not figure.startswith("-") else ""
        if not figure:
            figure, end = _count(words, parted, at)
        if not figure:
            figure, end = words[at], at + 1
        found[0].append(figure)
        found[1].append(parted[at])
        at = end
    return found


def _shares(words: list[str], parted: list[str], at: int) -> bool:
    return words[at] in _SHARES and _stands(words, parted, at + 1, ("\u5206", "\u4e4b"))


def _count(words: list[str], parted: list[str], at: int) -> tuple[str, int]:
    """The number that begins at `at`, in figures or words, and the index behind it; no clause ends within it."""
    stop = at + 1
    while stop < len(words) and not parted[stop] and stop - at < 16:
        stop += 1
    if at >= len(words):
        return "", at
    figure, end = numerals.read(words[at:stop], 0)
    if figure:
        return figure, at + end
    return (words[at], at + 1) if is_number(words[at]) else ("", at)


def _stands(words: list[str], parted: list[str], at: int, wanted: tuple[str, ...]) -> bool:
    """Whether the words `wanted` stand at `at` with no end of a clause inside, and a word behind them."""
    end = at + len(wanted)
    return end < len(words) and tuple(words[at:end]) == wanted and not any(parted[at + 1 : end + 1])


def _signed(words: list[str], parted: list[str]) -> Row:
    """The row with operators in words between two numbers as signs."""
    if _OPERATES.isdisjoint(words):
        return words, parted
    found: Row = ([], [])
    at = 0
    while at < len(words):
        word, end = words[at], at + 1
        if found[0] and not parted[at] and is_number(found[0][-1]):
            for length in (2, 1):
                name = "".join(words[at : at + length])
                stop = at + length
                if words[at:stop] == ["divided", "by"] or words[at:stop] == ["multiplied", "by"]:
                    name = {"divided": "/", "multiplied": "*"}[words[at]]
                else:
                    name = _WORDED.get(name, "")
                if name and stop < len(words) and is_number(words[stop]) and not any(parted[at : stop + 1]):
                    word, end = name, stop
                    break
        found[0].append(word)
        found[1].append(parted[at])
        at = end
    return found


def _measured(words: list[str], parted: list[str]) -> Row:
    """The row with units behind numbers as symbols, and currencies behind their number."""
    places = {at for at, word in enumerate(words) if word[-1] in _ENDS or word in _CURRENCIES}
    first = max(0, min(places, default=len(words)) - 1)
    found: Row = (words[:first], parted[:first])
    at = first
    while at < len(words):
        word = words[at]
        if at not in places and at - 1 not in places and (not found[0] or found[0][-1] != "\u00b0"):
            found[0].append(word)
            found[1].append(parted[at])
            at += 1
            continue
        before = found[0][-1] if found[0] and not parted[at] else ""
        if word in _CURRENCIES and not is_number(before) and _counts(words, parted, at + 1):
            found[0].extend((_exact(words[at + 1]), word))
            found[1].extend((parted[at], ""))
            at += 2
            continue
        if is_number(before) and word in _BEGINS:
            unit, end = _unit(words, parted, at)
            if unit:
                found[0][-1] = _exact(before)
                symbols = unit.split()
                if (
                    end + 1 < len(words)
                    and words[end] == "per"
                    and words[end + 1] in _TIMES
                    and not any(parted[end : end + 2])
                ):
                    symbols += ["/", _TIMES[words[end + 1]]]
                    end += 2
                found[0].extend(symbols)
                found[1].extend("" for _ in symbols)
                at = end
                continue
        if is_number(before) and (word in _CURRENCIES or word in "%\u2030\u00b0"):
            found[0][-1] = _exact(before)
        if before == "\u00b0" and word in _SCALE_NAMES:
            word = _SCALE_NAMES[word]
        found[0].append(word)
        found[1].append(parted[at])
        at += 1
    return found


def _exact(figure: str) -> str:
    """A number with a unit, without zeros at its end. Without a unit they stay, since ``3.10`` may be a version."""
    return figure.rstrip("0").rstrip(".") if figure.count(".") == 1 and ":" not in figure else figure


def _counts(words: list[str], parted: list[str], at: int) -> bool:
    """Whether a number stands at `at`, in the clause of the word before it."""
    return at < len(words) and is_number(words[at]) and not parted[at]


def _unit(words: list[str], parted: list[str], at: int) -> tuple[str, int]:
    """The symbol of the longest unit that begins at `at`, and where it ends; ("", at) where none does."""
    for length in range(_LONGEST, 0, -1):
        end = at + length
        unit = _UNITS.get(tuple(words[at:end]))
        if unit and not any(parted[at + 1 : end]):
            return unit, end
    return "", at
