"""Find secrets and personal data in the texts of a file: a model may repeat to anyone what it was trained on.

Keys are found by `harness.dataset.secret_keys`, numbers by `harness.dataset.personal_numbers`, e-mail addresses here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.dataset.check import RecordsCheck
from harness.dataset.findings import Finding
from harness.dataset.line import Record, texts
from harness.dataset.personal_numbers import ENOUGH, numbers_in
from harness.dataset.secret_keys import keys_in

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
"""An e-mail address in ASCII letters. Ideographs on either side end it as a space does."""
_EXAMPLE = re.compile(
    r"^(?:git@|(?:your|my)[\w.-]*@)"  # where code lies, and whoever reads
    r"|@(?:[\w-]+\.)*(?:example(?:\.[a-z]{2,3}(?:\.[a-z]{2})?)?|test|invalid|localhost"
    r"|(?:your|my)?-?(?:domain|company|email|host|server|site)\.(?:com|net|org|tld))$",
    re.IGNORECASE,
)
"""Addresses that belong to nobody: in domains that RFC 2606 and RFC 6761 reserve for examples, and names that stand for
one."""

_HINT = re.compile(r"[@\d_]|-----|[A-Z]{16}")
"""A quick test of a text before fifty patterns are tried: nearly all of them need one of these characters."""

UNSOUGHT = (
    "looked for: keys of vendors and code hosts, private keys, e-mail addresses, telephone, card, bank (IBAN) and "
    "identity numbers; not looked for: names, postal addresses, dates of birth, passwords in words, health, account "
    "numbers without check digits, and text in pictures"
)
"""What the check looks for, for the report of a pass."""


@dataclass(frozen=True, slots=True)
class SecretsCheck:
    """A check of single records: secrets and personal data in every text, keys included."""

    name: str = "secrets"

    def findings(self, path: Path, line: int, record: Record) -> Iterator[Finding]:
        for field, text in texts(record):
            if _HINT.search(text):
                for kind, what, found in secrets_in(text):
                    problem = f"holds what looks like {what} ({masked(found)}); remove it, or make it up"
                    yield Finding(path, line, field, problem, kind, 0, masked(found))


def secrets_in(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind of finding, description, the secret as written) for each secret."""
    for what, found in keys_in(text):
        yield "secret", f"a secret: {what}", found
    for match in _EMAIL.finditer(text):
        if not _EXAMPLE.search(match.group()):
            yield "e-mail", "an e-mail address", match.group()
    if ENOUGH.search(text):
        yield from numbers_in(text)


def masked(found: str) -> str:
    """A secret with most characters hidden: enough to find it in the file, too little to use it, since reports are
    passed around."""
    return f"{found[:4]}... ({len(found)} characters)"


CHECK = RecordsCheck(
    name="secrets",
    holds="No text of the file holds a secret or personal data.",
    kinds=frozenset({"secret", "e-mail", "card-number", "bank-account", "identity-number", "phone-number"}),
    start=lambda task, template: SecretsCheck(),
    note=UNSOUGHT,
)
