"""Remove what an answer only repeats of its prompt: the question itself, or the list of all options that it offers.

Both contain the right answer without giving it. What remains beside them is the answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.text.pattern import later
from harness.text.script import simplified
from harness.text.units import UNSPACED

_UNIT = later(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")
_SENTENCE = later(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f]?")
_ASKS = later(
    r"^(?:who|whom|whose|what|when|where|why|which|how|is|are|was|were|do|does|did|can|could|will|would|shall|should"
    r"|has|have|had|may|might|must|am)\b|[\u5417\u5462\u54ea\u8c01\u600e\u51e0]|\u4ec0\u4e48|\u8fd8\u662f|\u591a\u5c11"
    r"|\u662f\u5426|(\w)\u4e0d\1|\u6709\u6ca1\u6709|\u4e3a\u4f55|\u4f55\u65f6",
    re.IGNORECASE,
)
_FEWEST = 3
"""Fewest units of a question that count as repeated: an answer may share fewer by chance."""
_TAIL = 4
"""Fewest units of a question that begins again at the answer's end and is cut off there, for it to count as
repeated."""

_LETTERED = later(r"(?m)^[ \t]*(?:[-*] )?[(\uff08]?([A-Ja-j]|\d{1,2})[).:\uff09\uff0e\u3001][ \t]*(\S[^\n]*)$")
_MARK = r"(?:(?<![\w(])[A-J][).\uff09\uff0e\u3001]|[(\uff08][A-Ja-j1-9][)\uff09])"
_INLINE = later(rf"(?:^|(?<=[\s;,:\uff1a])){_MARK}[ \t]*([^\n;]+?)(?=[;,]?\s*{_MARK}|$|\n|[?;])")
_EITHER = later(r",\s*(?:or\s+)?|;\s*(?:or\s+)?|\s+or\s+|\u3001|\uff0c|\u8fd8\u662f|\u6216\u8005?|\s+vs\.?\s+")
_EACH = later(r",\s*(?:and\s+)?|\s+and\s+|\u3001|\u548c|\u4e0e|\u4ee5\u53ca")
_CHOSEN = later(
    r"\b(?:of|among|between)\s+([^,?]+(?:,[^,?]+)*,?\s+and\s+[^,?]+),?\s*(?:which|what|who)?\b"
    r"|^([^\uff0c,?]+?(?:\u3001[^\uff0c,?]+?)*[\u548c\u4e0e\u3001][^\uff0c,?]+?)[\uff0c,]?\s*(?:\u4e2d)?\u54ea"
)
"""Options that a question lists and does not part by "or": ``which of iron, copper and zinc``."""
_LEADS = frozenset(["which", "what", "who", "whom", "whose", "where", "when", "how", "why"])
_OFFERS = later(r"\bor\b|\u8fd8\u662f|\u6216")
_CONNECTORS = frozenset(
    [
        "and",
        "or",
        "the",
        "a",
        "an",
        "either",
        "both",
        "of",
        "is",
        "it",
        "also",
        "nor",
        "with",
        "to",
        "as",
        "well",
        "和",
        "或",
        "者",
        "还",
        "是",
        "与",
        "及",
        "以",
        "其",
        "option",
        "options",
    ]
)
_DENIERS = frozenset(["not", "neither", "never", "no", "不", "非"])
"""Negators before a list of options, which deny them one by one or together."""
_GAP = 4
"""Most connecting units between two options of one list, its letters and numbers included."""


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    units: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    def find(self, wanted: Sequence[str], start: int = 0) -> int:
        """The first index of `wanted` from `start` on; -1 where there is none."""
        size = len(wanted)
        return next((at for at in range(start, len(self.units) - size + 1) if self.units[at : at + size] == wanted), -1)


@lru_cache(maxsize=4096)
def _text(text: str) -> _Text:
    plain = simplified(unicodedata.normalize("NFKC", text))
    found = list(_UNIT.finditer(plain))
    return _Text(plain, tuple(one.group().casefold() for one in found), tuple(one.span() for one in found))


@lru_cache(maxsize=4096)
def own_words(answer: str, prompt: str) -> str:
    """`answer` without the questions and lists of options that it only repeats from `prompt`.

    Returns:
        The answer itself where it repeats none; else its own words, in compatibility form and Simplified characters.
    """
    rest = _without_echo(answer, prompt)
    for options in _options(prompt):
        rest = _without_list(rest, options)
    return rest


def _questions(prompt: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """(units, whether the words ask without a question mark) of each question of the prompt; the whole prompt comes
    first."""
    whole = _text(prompt)
    if len(whole.units) >= _FEWEST:
        yield whole.units, "?" not in whole.text or _ASKS.search(whole.text) is not None
    for found in _SENTENCE.finditer(whole.text):
        if found.group().rstrip().endswith("?"):
            units = _text(found.group()).units
            # What introduces a question, such as a label, is no part of it.
            words = found.group().rpartition(":")[2].strip() or found.group()
            for one in dict.fromkeys((units, _text(words).units)):
                if len(one) >= _FEWEST:
                    yield one, _ASKS.search(words) is not None


def _without_echo(answer: str, prompt: str) -> str:
    given = _text(answer)
    asked = _text(prompt)
    cut: list[tuple[int, int]] = []
    for question, asks in _questions(prompt):
        place = asked.find(question)
        at = given.find(question)
        while at >= 0:
            end = at + len(question)
            if asks or given.text[given.spans[end - 1][1] :].lstrip(" *_\"'").startswith("?"):
                low, high = _extended(given, asked, at, end, place)
                cut.append((low, high))
                end = high
            at = given.find(question, end)
    if not cut:
        return answer
    open_end = given.text.rstrip(" *_\"'")[-1:] not in ".!?\u3002"
    for question, _ in _questions(prompt) if open_end else ():
        for size in range(len(question) - 1, _TAIL - 1, -1):
            if given.units[-size:] == question[:size]:
                cut.append((len(given.units) - size, len(given.units)))
                break
    return _cut(given, cut)


def _extended(given: _Text, asked: _Text, at: int, end: int, place: int) -> tuple[int, int]:
    """The run of the answer around a repeated question, extended on both sides as long as it is the prompt's own
    text."""
    low, high = place, place + end - at
    while at > 0 and low > 0 and given.units[at - 1] == asked.units[low - 1]:
        at, low = at - 1, low - 1
    while end < len(given.units) and high < len(asked.units) and given.units[end] == asked.units[high]:
        end, high = end + 1, high + 1
    return at, end


def _cut(given: _Text, runs: Sequence[tuple[int, int]]) -> str:
    """The text without some runs of its units; each is replaced by a line end."""
    kept, done = [], 0
    for first, end in sorted(runs):
        start = given.spans[first][0]
        if start >= done:
            kept.append(given.text[done:start])
        done = max(done, given.spans[end - 1][1])
    kept.append(given.text[done:].lstrip("?.!\u3002 "))
    return "\n".join(kept)


@lru_cache(maxsize=4096)
def _options(prompt: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Each list of options that the prompt offers, every option as its units."""
    text = _text(prompt).text
    found = []
    for pattern in (_LETTERED, _INLINE):
        options = [_text(one[one.re.groups].strip(" .;,")).units for one in pattern.finditer(text)]
        if len(options) > 1:
            found.append(tuple(options))
            break
    for sentence in _SENTENCE.finditer(text):
        words = sentence.group()
        if (_OFFERS.search(words) or _CHOSEN.search(words)) and (
            words.rstrip().endswith("?") or _ASKS.search(words.strip())
        ):
            found.append(_alternatives(words))
    return tuple(one for one in found if len(set(one)) > 1 and all(one))


def _alternatives(question: str) -> tuple[tuple[str, ...], ...]:
    """The options of a question such as ``is it red, green or blue?``. The last one is taken whole; of the first as
    many units from its end, since the question leads to it."""
    asked = question.rstrip("?. ").rpartition(":")[2]
    chosen = _CHOSEN.search(asked)
    split = (_EITHER, asked) if chosen is None else (_EACH, chosen[1] or chosen[2])
    parts = [_bare(_text(part).units) for part in split[0].split(split[1])]
    parts = [part for part in parts if part and (part[0] not in _LEADS or chosen is not None)]
    if len(parts) < 2:
        return ()
    size = len(parts[-1])
    return (parts[0][-size:] if chosen is None else parts[0], *parts[1:])


def _bare(units: tuple[str, ...]) -> tuple[str, ...]:
    """Units without the article that they begin with."""
    return units[1:] if units[:1] in (("the",), ("a",), ("an",)) else units


def _without_list(answer: str, options: Sequence[tuple[str, ...]]) -> str:
    """`answer` without a list of all of the options with nothing but connecting words between."""
    given = _text(answer)
    places = sorted(
        (at, at + len(option), number)
        for number, option in enumerate(options)
        for at in range(len(given.units) - len(option) + 1)
        if given.units[at : at + len(option)] == option
    )
    for first in range(len(places)):
        if _DENIERS.intersection(given.units[max(0, places[first][0] - 2) : places[first][0]]):
            continue
        seen, end = {places[first][2]}, places[first][1]
        for at, stop, number in places[first + 1 :]:
            if at < end:
                continue
            between = given.units[end:at]
            if len(between) > _GAP or not all(_connects(unit) for unit in between):
                break
            seen.add(number)
            end = stop
            if len(seen) == len(options):
                return _without_list(_cut(given, [(places[first][0], end)]), options)
    return answer


def _connects(unit: str) -> bool:
    return unit in _CONNECTORS or unit.isdigit() or (len(unit) == 1 and unit.isascii())
