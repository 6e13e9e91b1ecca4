"""Find a wording in a text, whatever its case, Unicode form, punctuation and line breaks, and see if it is denied.

A wording is words in a row: inflections and other words count where they are declared, and none is guessed. A denial
beside it is judged against the declared wording: one that holds its own negation ("does not move") is not denied by it,
and a wording that the reference answer itself denies is wanted denied.
"""

from __future__ import annotations

from functools import lru_cache

from harness.text import chinese_negation, english_negation
from harness.text.units import is_character
from harness.text.words import Words, readings

_BEHIND = 8
"""Words behind a wording that are searched for denials."""

_BEFORE = 60
"""Words of its sentence before a wording that are searched for denials."""


def holds(text: str, wording: str) -> bool:
    """Whether `wording` stands in `text` as whole words, denied or not; False for an empty wording."""
    return bool(_senses(text, wording))


def says(text: str, wording: str, reference: str = "") -> bool:
    """Whether `text` says `wording` as the reference answer does: affirmed, unless the reference denies it too."""
    found = _senses(text, wording)
    if not found:
        return False
    wanted = _senses_of_reference(reference, wording) or frozenset({True})
    return not wanted.isdisjoint(found)


@lru_cache(maxsize=65_536)
def _senses_of_reference(reference: str, wording: str) -> frozenset[bool]:
    return _senses(reference, wording)


def _senses(text: str, wording: str) -> frozenset[bool]:
    """True for each affirmed and False for each denied occurrence of `wording` in `text`, as a set."""
    wanted = _wording(wording)
    return frozenset(
        _affirmed(words, first, end) for words in readings(text) for one in wanted for first, end in words.places(one)
    )


@lru_cache(maxsize=65_536)
def _wording(wording: str) -> tuple[Words, ...]:
    return readings(wording)


def _affirmed(words: Words, first: int, end: int) -> bool:
    """Whether the number of denials of the words from `first` up to `end` is even, such as 0."""
    if not _may_deny(words.joined):
        return True
    stop = end
    while stop < min(len(words.words), end + _BEHIND) and not words.parted[stop]:
        stop += 1
    after, later = words.words[end:stop], words.words[end : end + _BEHIND]
    clauses = _clauses(words, first)
    replied = _reply(words, end)
    count = 0
    if _chinese(words, first, end):
        count += chinese_negation.denials(
            "".join(clauses[-1]), "".join(after), "".join(later), "".join(words.words[first:end])
        )
        count += chinese_negation.framed(["".join(clause) for clause in clauses])
        count += chinese_negation.refuses("".join(replied))
    if any(word.isascii() and word.isalpha() for word in (*clauses[-1], *after, *words.words[first:end])):
        count += english_negation.denials(" ".join(clauses[-1]), " ".join(after), " ".join(later))
        count += english_negation.framed([" ".join(clause) for clause in clauses])
        count += english_negation.refuses(" ".join(replied))
    return count % 2 == 0


@lru_cache(maxsize=4096)
def _may_deny(text: str) -> bool:
    return english_negation.may_deny(text) or chinese_negation.may_deny(text)


def _chinese(words: Words, first: int, end: int) -> bool:
    """Whether the words, or a neighbour of them in their clause, are characters of a script without spaces."""
    low, high = max(0, first - 1), min(len(words.words), end + 1)
    low += bool(low < first and words.parted[first])
    high -= bool(high > end and words.parted[end])
    return any(is_character(word) for word in words.words[low:high])


def _clauses(words: Words, first: int) -> list[tuple[str, ...]]:
    """The words of the sentence before `first`, at most `_BEFORE`, clause by clause; the last may be empty."""
    found, end = [], first
    start = first
    while start > max(0, first - _BEFORE):
        if words.parted[start]:
            found.append(words.words[start:end])
            end = start
            if words.parted[start] != ",":
                return found[::-1]
        start -= 1
    found.append(words.words[start:end])
    return found[::-1]


def _reply(words: Words, end: int) -> tuple[str, ...]:
    """The first clause (at most three words) behind the question that contains the words up to `end`; () where no
    question does."""
    for at in range(end, min(len(words.words), end + _BEFORE)):
        if words.parted[at] == "?":
            stop = at + 1
            while stop < min(len(words.words), at + 3) and not words.parted[stop]:
                stop += 1
            return words.words[at:stop]
        if words.parted[at] == ".":
            break
    return ()
