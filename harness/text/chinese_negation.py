"""How often Chinese characters beside a wording deny it: before it within its clause, or in what is said of it next.

Rules of thumb over a few characters and no grammar. What they get wrong stands in `suites/selftest/judged`.
"""

from __future__ import annotations

import re

_NEGATORS = re.compile("并非|绝非|毫无|[不没未无勿莫别]")
_IDIOMS = re.compile(
    "不仅|不但|不只|不光|不断|不同|不久|不少|不止|不停|不过|不妨|不禁|不料|不锈|不等|不得不|不由得|差不多|对不起"
    "|(?:不要|别|勿|不会|不能|没有?)(?:忘记|忘|错过)|不可避免|无论|不论|不管|毫?无疑问?|无非|莫非|无限|无线|无机|未来"
    "|是不是|能不能|会不会|有没有|要不要|可不可以|是否|能否|否则"
    "|没收|淹没|沉没|埋没|[区特分级性类个]别|别[的人处]|[诀告离]别"
)
"""Words that hold a negating character and deny nothing."""

_CLAUSE = re.compile("但是?|而是?|而且|却|可是|因为|所以|因此|并且|于是")

_DENIED_NEXT = re.compile("(?:的|都|也|从来?|并|根本|其实|就|才|还)*(?:不|没|未|无法|并非|绝非|毫无)")
_TAKEN_BACK = re.compile(
    "(?:的?(?:说法|观点|看法))?(?:这(?:一点|个?说法|种说法|种观点|句话|话)?|那)?(?:都|也|并|完全)?"
    "(?:是(?:错|假|谣言|谬误|误解|不(?:对|正确|成立|真实))|不(?:对|正确|成立|真实|存在)|有误)"
)

_MARKS = re.compile("[不没未无勿莫别非毫错假谣谬误]")

WINDOW = 12
"""Characters before a wording that are looked at."""


def may_deny(text: str) -> bool:
    """Whether anything in a text could deny anything: most answers are done with here."""
    return _MARKS.search(text) is not None


def denials(before: str, after: str, later: str) -> int:
    """Count the denials of a wording.

    Args:
        before: the characters before it in its clause, at most `WINDOW`, without blanks.
        after: the characters behind it in its clause.
        later: the characters behind it wherever a clause ends.
    """
    own = _CLAUSE.split(_IDIOMS.sub(" ", before))[-1]
    count = len(_NEGATORS.findall(own))
    if _TAKEN_BACK.match(later) or _DENIED_NEXT.match(_IDIOMS.sub(" ", after)):
        count += 1
    return count
