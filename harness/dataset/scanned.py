"""The data checks that the pass over a file always makes: encoding, parse and fields."""

from __future__ import annotations

from harness.dataset.check import RecordsCheck
from harness.dataset.line import ENCODING as OF_ONE_LINE

ENCODING = RecordsCheck(
    name="encoding",
    holds="The file is strict UTF-8 in whole lines, without marks and characters that other readers trip over.",
    kinds=OF_ONE_LINE | {"no-final-newline", "blank-line", "changed", "bomb", "broken-archive"},
    start=None,
)
PARSE = RecordsCheck(
    name="parse",
    holds="The file is of a format that is read; every line or row is one object, no key twice, every number finite.",
    kinds=frozenset(
        {
            "not-json",
            "too-deep",
            "duplicate-key",
            "not-finite",
            "not-object",
            "no-records",
            "line-too-long",
            "wrong-format",
            "broken-table",
        }
    ),
    start=None,
)
FIELDS = RecordsCheck(
    name="fields",
    holds="Every record fits the task's JSON Schema, and no text in it is empty.",
    kinds=frozenset({"schema", "empty-field"}),
    start=None,
)
