"""Find keys and tokens of vendors: by the patterns of detect-secrets, and by those of vendors that it does not know.

Of detect-secrets the patterns are used; its guesses by entropy and keyword are not, since they accuse every other word
of prose. The other patterns are documented forms of keys: a prefix that belongs to one vendor, and the characters
behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from harness.text.pattern import later

_LEFT_OUT = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector"})

_VENDORS = {
    "Anthropic": r"sk-ant-[a-z]{2,8}\d{2}-[\w-]{80,120}",
    "OpenAI": r"sk-(?:proj|svcacct|admin|None)-[\w-]{40,200}",
    "OpenRouter": r"sk-or-v1-[0-9a-f]{64}",
    "Stripe, test or live": r"[rs]k_(?:live|test)_[A-Za-z0-9]{24,99}",
    "an OpenAI-like service": r"sk-[A-Za-z0-9]{32,64}",
    "Google": r"AIza[\w-]{35}|GOCSPX-[\w-]{28}|ya29\.[\w-]{60,300}",
    "Hugging Face": r"(?:hf|api_org)_[A-Za-z]{34}",
    "Groq": r"gsk_[A-Za-z0-9]{52}",
    "xAI": r"xai-[A-Za-z0-9]{80}",
    "Replicate": r"r8_[A-Za-z0-9]{37}",
    "Perplexity": r"pplx-[A-Za-z0-9]{48}",
    "NVIDIA": r"nvapi-[\w-]{64}",
    "Fireworks": r"fw_[A-Za-z0-9]{22,24}",
    "Zhipu": r"[0-9a-f]{32}\.[A-Za-z0-9]{16}",
    "Amazon Bedrock": r"ABSK[A-Za-z0-9+/]{100,200}={0,2}",
    "Azure": r"[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}|AccountKey=[A-Za-z0-9+/]{86}==",
    "Alibaba Cloud": r"LTAI[A-Za-z0-9]{12,24}",
    "Tencent Cloud": r"AKID[A-Za-z0-9]{32}",
    "Volcengine": r"AKLT[A-Za-z0-9]{42,50}",
    "DigitalOcean": r"do[opr]_v1_[0-9a-f]{64}",
    "Databricks": r"dapi[0-9a-f]{32}(?:-\d)?",
    "Heroku": r"HRKU-[\w-]{36,64}",
    "Supabase": r"sbp_[0-9a-f]{40}",
    "GitHub": r"github_pat_[A-Za-z0-9_]{80,84}|gh[pousr]_[A-Za-z0-9]{36,251}",
    "GitLab": r"gl(?:pat|dt|ptt|rt|cbt|soat|ft|agent|oas)-[\w-]{20,64}",
    "Bitbucket": r"ATBB[A-Za-z0-9_=.-]{32,40}",
    "Atlassian": r"ATATT3[A-Za-z0-9_=-]{100,220}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "PyPI": r"pypi-AgE[\w-]{50,}",
    "Slack": r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{40,80}",
    "Shopify": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "Notion": r"ntn_[A-Za-z0-9]{40,50}",
    "Linear": r"lin_api_[A-Za-z0-9]{40}",
}  # fmt: skip
"""Vendor -> how its keys are written, as its documentation or its keys show."""

_BORDER = r"(?<![A-Za-z0-9_-])(?:{})(?![A-Za-z0-9_-])"
_ANY = later(_BORDER.format("|".join(f"(?P<v{n}>{form})" for n, form in enumerate(_VENDORS.values()))))
_NAMES = tuple(_VENDORS)

_EXAMPLE = later(
    r"example|sample|dummy|placeholder|redacted|your|x{6}|\*{3}|\.{3}|(?<!\d)0{8}|test_?key"
    r"|eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI"  # the token that explains what tokens of JSON are
    r"|://[\w.-]*:(?:p(?:ass(?:word|wd|phrase)?|w)|secret|<\w+>|\$?\{\w+\}|\w*token)@",
    re.IGNORECASE,
)
"""Words with which documentation marks a placeholder for a key."""
_FEWEST = 6
"""Fewest different characters of a real key. A text with fewer was filled in by hand, such as one letter many times."""


def keys_in(text: str) -> Iterator[tuple[str, str]]:
    """(vendor, key) of each key found, one a place."""
    told: list[tuple[int, int]] = []
    for found in _ANY.finditer(text):
        if not _made_up(found.group()):
            told.append(found.span())
            yield _NAMES[int((found.lastgroup or "v0")[1:])], found.group()
    for what, pattern in _patterns():
        for found in pattern.finditer(text):
            start, end = found.span()
            if not _made_up(found.group()) and not any(start < to and end > since for since, to in told):
                told.append((start, end))
                yield what, found.group()
                break


def _made_up(key: str) -> bool:
    return _EXAMPLE.search(key) is not None or len(set(key)) < _FEWEST


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
