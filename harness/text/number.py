"""The quantity that a text gives as its answer, with its unit, as for a question "how many".

It is read from the words of `harness.text.words`, in which figures, words, Chinese numerals, thousands and percent have
one spelling. Units of one kind are converted; a number without a unit equals one with a unit, but not a percentage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException

from harness.text.pattern import later
from harness.text.quantities import SYMBOLS, is_number
from harness.text.words import Words, readings

_LARGEST = 30
"""Most digits of an exponent: a larger number is not a quantity that an answer means."""

_KINDS: dict[str, tuple[str, str]] = {
    "km": ("length", "1000"), "m": ("length", "1"), "cm": ("length", "0.01"), "mm": ("length", "0.001"),
    "mile": ("length", "1609.344"), "ft": ("length", "0.3048"),
    "t": ("mass", "1000000"), "kg": ("mass", "1000"), "g": ("mass", "1"), "mg": ("mass", "0.001"),
    "lb": ("mass", "453.59237"),
    "l": ("volume", "1"), "ml": ("volume", "0.001"),
    "week": ("time", "604800"), "day": ("time", "86400"), "h": ("time", "3600"), "min": ("time", "60"),
    "s": ("time", "1"), "ms": ("time", "0.001"),
    "kw": ("power", "1000"), "w": ("power", "1"),
}  # fmt: skip
"""Unit -> (kind, size in the basic unit of that kind)."""

_SHARES = {"%": Decimal("0.01"), "\u2030": Decimal("0.001")}
_EXPONENT = later(r"(?<![\w.])([-\u2212]?\d+(?:\.\d+)?)[eE]([-+\u2212]?\d{1,3})(?!\w)")
_ASIDE = later(r"[(\uff08][^()\uff08\uff09]*[)\uff09]")
_BOXED = later(r"\\boxed\{([^{}]*)\}")
_MARKED = later(
    r"(?:\banswer(?:\s+is)?\s*[:=]?|\bresult(?:\s+is)?\s*[:=]?|\btotal(?:\s+is)?\s*[:=]?|####|"
    r"(?:\u7b54\u6848|\u7ed3\u679c|\u4e00\u5171|\u603b\u5171)(?:\u662f|\u4e3a)?[:\uff1a]?)\s*(?=[^\n.!?]*\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit."""

    number: Decimal
    unit: str
    """As `harness.text.quantities` spells it; "" for a bare number."""

    def equals(self, other: Quantity, tolerance: Decimal = Decimal(0)) -> bool:
        """Whether both are the same quantity; `tolerance` is relative to `other`."""
        pair = _comparable(self, other)
        return pair is not None and abs(pair[0] - pair[1]) <= abs(pair[1]) * tolerance


def _comparable(one: Quantity, other: Quantity) -> tuple[Decimal, Decimal] | None:
    """Both numbers in one unit; None where the units are of different kinds."""
    if one.unit == other.unit:
        return one.number, other.number
    if not one.unit or not other.unit:
        return tuple(each.number * _SHARES.get(each.unit, Decimal(1)) for each in (one, other))  # type: ignore[return-value]
    if one.unit in _SHARES and other.unit in _SHARES:
        return one.number * _SHARES[one.unit], other.number * _SHARES[other.unit]
    (kind, factor), (other_kind, other_factor) = (_KINDS.get(each.unit, (each.unit, "1")) for each in (one, other))
    if kind != other_kind:
        return None
    return one.number * Decimal(factor), other.number * Decimal(other_factor)


def meant(text: str) -> frozenset[Quantity]:
    """The quantity that a text gives as its answer, once for each way to read the text; empty where it gives no single
    one.

    It is what stands in a box, what first follows words such as "the answer is", or else the last quantity of the text.
    Quantities in brackets only explain and do not count.
    """
    text = _EXPONENT.sub(_expanded, text)
    boxed = _BOXED.findall(text)
    if boxed and (found := _read(boxed[-1], -1)):
        return found
    marked = _MARKED.split(text)
    if len(marked) > 1 and (found := _read(marked[-1].strip().partition("\n")[0].rpartition("=")[2], 0)):
        return found
    return _read(_ASIDE.sub(" ", text), -1) or _read(text, -1)


def _read(text: str, place: int) -> frozenset[Quantity]:
    found = set()
    for words in readings(text):
        quantities = list(_quantities(words))
        bare_list = len(quantities) > 1 and all(is_number(word) for word in words.words)
        if quantities and not bare_list:
            found.add(quantities[place])
    return frozenset(found)


def _expanded(found: re.Match[str]) -> str:
    exponent = int(found[2].replace("\u2212", "-"))
    if abs(exponent) > _LARGEST:
        return found[0]
    return format(Decimal(found[1].replace("\u2212", "-")).scaleb(exponent), "f")


def _quantities(words: Words) -> Iterator[Quantity]:
    row, parted = words.words, words.parted
    at = 0
    while at < len(row):
        first = at
        value = _decimal(row[at]) if is_number(row[at]) else None
        at += 1
        if value is None:
            continue
        if row[at : at + 3 : 2] == ("*", "^") and row[at + 1] == "10" and at + 3 < len(row):
            value, at = value * (_applied("^", Decimal(10), _decimal(row[at + 3])) or Decimal(1)), at + 4
        while at + 1 < len(row) and row[at] in ("/", "^") and not parted[at] and is_number(row[at + 1]):
            value = _applied(row[at], value, _decimal(row[at + 1])) or value
            at += 2
        unit = row[at] if at < len(row) and not parted[at] else ""
        if unit == "\u00b0":
            unit = " ".join(row[at : at + 2]) if at + 1 < len(row) and row[at + 1] in ("c", "f", "k") else unit
        if not _denied(row, parted, first):
            yield Quantity(value, unit if unit in SYMBOLS or unit in _SHARES or " " in unit else "")


def _denied(row: tuple[str, ...], parted: tuple[str, ...], at: int) -> bool:
    """Whether a denial stands right before the number, which then is not the answer."""
    before = row[max(0, at - 2) : at]
    return not parted[at] and (before[-1:] in (("not",), ("\u975e",)) or before == ("\u4e0d", "\u662f"))


def _decimal(word: str) -> Decimal | None:
    try:
        return Decimal(word)
    except DecimalException:
        return None


def _applied(sign: str, value: Decimal, other: Decimal | None) -> Decimal | None:
    try:
        if other is None or (sign == "^" and abs(other) > _LARGEST):
            return None
        return value / other if sign == "/" else value**other
    except DecimalException:
        return None
