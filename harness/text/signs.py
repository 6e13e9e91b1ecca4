"""Recognise signs that change the meaning, as words of their own: ``3 + 4``, ``x > 3``, ``C++``, ``.NET``, ``10^3``.

A dash, an asterisk or a slash in prose is not one; the characters on both sides decide.
"""

from __future__ import annotations

from html import unescape

from harness.text.pattern import later

MINUS = "\ue001"
"""Placeholder for a minus between operands until the text is cut into words, since a hyphen is punctuation."""
BEHIND = "\ue000"
"""Placeholder for the minus of a grade or a charge, ``A-``, which belongs to the word before it."""

_SUPERSCRIPTS = str.maketrans(
    "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207f", "0123456789+-n"
)
_RAISED = later("(?<=[\\w)\\]])[\u2070\xb9\xb2\xb3\u2074-\u207b\u207f]+|<sup>([^<]{1,9})</sup>")
_POWER = later(r"(?<=\d)\*\*(?=\d)")
_FRACTION = later("(\\d?)([\xbc-\xbe\u2150-\u215e])")
_GRADE = later(r"(?<![\w-])([A-FO]|AB|Cl|Br|OH)[-\u2212](?=[\s.,;:!?)]|$)(?!\s+[-\u2013]?\d)")
_TEX = {
    "le": "\u2264", "leq": "\u2264", "ge": "\u2265", "geq": "\u2265", "ne": "\u2260", "neq": "\u2260",
    "times": "\xd7", "cdot": "\xd7", "div": "\xf7", "pm": "\xb1", "to": "\u2192", "rightarrow": "\u2192",
    "lt": "<", "gt": ">", "approx": "\u2248",
}  # fmt: skip
_TEX_COMMAND = later(rf"\s*\\({'|'.join(sorted(_TEX, key=len, reverse=True))})(?![a-zA-Z])\s*")
_TEX_FRAME = later(r"\$(?! )([^$\n]*[=<>^\\_+*/\u2264\u2265\u2260\xd7\xf7][^$\n]*)(?<! )\$(?!\d)|\\[()\[\]]")
_MAY_WRITE = later(
    "&[a-z#]|\\d[*][*]\\d|[\\\\$<\u2070\xb9\xb2\xb3\u2074-\u207f\xbc-\xbe\u2150-\u215e]|[A-Zlr][-\u2212](?:[\\W_]|$)"
)

_MINUS = later(
    r"(?<=\d)[-\u2212\u2013](?=\d)|(?<=[\d)\]]) [-\u2212\u2013] (?=[\d(])"
    r"|(?<![^\W_][ ])(?<=[ (=]) ?[\u2212] (?=\w)"
    r"|(?<![\w-])(?P<left>[a-z]|\d+) ?[\u2212] ?(?=(?:[a-z]|\d+)(?!\w))"
    r"|(?<![\w-])(?P<one>[a-z]|\d+) - (?=(?:[a-z]|\d+)(?!\w))|(?<![\w-])(?P<variable>[nxyz])-(?=\d)"
)

_TO = later("(?<=\\d) ?[~\u301c\uff5e\u2014] ?(?=\\d)")
"""Signs of a range between numbers, which are read as a dash."""

_OPERATOR = "(?:<=|>=|!=|==|=>|->|[=<>\u2264\u2265\u2260\u2248\u2a7d\u2a7e+*/\xd7\xf7\xb1\u2192])"
TOKEN = (
    rf"(?<=[\w)\]}}`]){_OPERATOR}(?=[\w(\[{{\-.$`])|(?<=[\w)\]}}`] ){_OPERATOR}(?= [\w(\[{{\-.$`])"
    rf"|[<>]=?(?=\d)|(?<=\S )[<>]=?(?= \d)|[\u2264\u2265\u2a7d\u2a7e\u2260\u2248\xb1]|\^(?=[\w({{])|{MINUS}"
)
"""Pattern of an operator in a folded text."""

_ONE = {
    "<=": "\u2264", ">=": "\u2265", "!=": "\u2260", "==": "=", "\xd7": "*", "\xf7": "/", MINUS: "-",
    "->": "\u2192", "=>": "\u2192", "\u2a7d": "\u2264", "\u2a7e": "\u2265",
}  # fmt: skip


def written(text: str) -> str:
    """`text` with superscripts, fractions, grades and TeX as plain signs; folding would turn them into digits."""
    if _MAY_WRITE.search(text) is None:
        return text
    text = _POWER.sub("^", unescape(text))
    text = _TEX_FRAME.sub(lambda found: f" {found[1]} " if found[1] else " ", text)
    text = _TEX_COMMAND.sub(lambda found: f" {_TEX[found[1]]} ", text)
    text = _RAISED.sub(lambda found: f"^{found[1] or found[0].translate(_SUPERSCRIPTS)}", text)
    text = _FRACTION.sub(lambda found: f"{found[1]} {found[2]}" if found[1] else found[0], text)
    return _GRADE.sub(rf"\1{BEHIND}", text)


def subtracted(text: str) -> str:
    """A folded text with `MINUS` in place of each minus between two operands."""
    text = _TO.sub(f" {MINUS} ", text)
    if "-" not in text and "\u2212" not in text and "\u2013" not in text:
        return text
    return _MINUS.sub(lambda found: f"{found['left'] or found['one'] or found['variable'] or ''} {MINUS} ", text)


def one_spelling(operator: str) -> str:
    """The operator in one spelling: ``<=`` as the single sign."""
    return _ONE.get(operator, operator)


def joins_words(words: list[str], at: int) -> bool:
    """Whether the slash or asterisk at `at` only joins two words, as in ``and/or``."""
    if words[at] not in ("/", "*") or not 0 < at < len(words) - 1:
        return words[at] in ("/", "*")
    left, right = words[at - 1], words[at + 1]
    if not (left.isalpha() and right.isalpha()) or (len(left) == 1 and len(right) == 1):
        return False
    return not (at > 1 and words[at - 2][-1:].isdigit())
