"""Find secrets and personal data in training text: what a model learns, it may say to anyone.

Keys and tokens are found by detect-secrets, with its patterns and without its entropy and keyword guesses, which
in prose accuse every other word. It has no detector for personal data: e-mail and card numbers are this module's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.dataset.check import RecordsCheck, trained_files
from harness.dataset.findings import Finding
from harness.dataset.line import Record, texts

_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])")
_EXAMPLE = re.compile(r"@(?:[\w-]+\.)*(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$", re.IGNORECASE)
"""Domains that RFC 2606 and RFC 6761 keep free for examples: nobody's address."""

_CARD = re.compile(r"(?<![\d.,-])(?:\d[ -]?){12,18}\d(?![\d-]|[.,]\d)")
_ISSUERS = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6(?:011|5|4[4-9])|35|3(?:0|6|8)")
"""First digits of payment cards (Visa, Mastercard, American Express, Discover, JCB, Diners; ISO/IEC 7812-1)."""

_LEFT_OUT = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector"})
_HINT = re.compile(r"[@\d_]|-----|[A-Z]{16}")
"""What a text must have to be worth fifty patterns: each of them, by far the most times, wants one of these."""


@dataclass(frozen=True, slots=True)
class SecretsCheck:
    """Accuses every text of a record, its keys included, that holds a secret or personal data."""

    name: str = "secrets"

    def findings(self, path: Path, line: int, record: Record) -> Iterator[Finding]:
        for field, text in texts(record):
            if _HINT.search(text):
                for kind, what, found in secrets_in(text):
                    problem = f"holds what looks like {what} ({masked(found)}); remove it, or make it up"
                    yield Finding(path, line, field, problem, kind, 0, masked(found))


def secrets_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind of finding, what was found in words, and the found text itself."""
    for what, pattern in _patterns():
        if found := pattern.search(text):
            yield "secret", f"a secret: {what}", found.group()
    for match in _EMAIL.finditer(text):
        if not _EXAMPLE.search(match.group()):
            yield "e-mail", "an e-mail address", match.group()
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _ISSUERS.match(digits) and luhn(digits):
            yield "card-number", "a payment card's number", match.group()


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def masked(found: str) -> str:
    """Enough of a secret to find it in the file, too little to use it: a report is passed around."""
    return f"{found[:4]}... ({len(found)} characters)"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    known: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return tuple(
        (name, pattern)
        for name, detector in sorted(known.items())
        if detector.__name__ not in _LEFT_OUT
        for pattern in detector.denylist
    )


CHECK = RecordsCheck(
    name="secrets",
    holds="No training text holds a secret or personal data.",
    kinds=frozenset({"secret", "e-mail", "card-number"}),
    start=lambda task, template: SecretsCheck(),
    concerns=trained_files,
)
