"""Count the denials of a wording in Chinese: before it within its clause, or in what is said of it next.

Rules of thumb over a few characters, without grammar. Cases that they get wrong are listed in
`suites/selftest/metrics/judged`.
"""

from __future__ import annotations

from harness.text.pattern import later

_NEGATORS = later(
    "并非|绝非|毫无|禁止|严禁|拒绝|拒不|否认|否定|怀疑|质疑|与其说?|误以为|误认为|谎称|难道|岂|谁说|何尝|何曾|哪里|哪有"
    "|怎么?(?:可能|会|能|敢)|[不没未无勿莫别]"
    "|(?:禁用|反对|杜绝|避免|防止|切忌|忌讳|取消|停止|缺乏|缺少|失去|丧失)(?:了|过|着|在|一切|任何|所有|的)?$"
)
"""Negators: the first ones deny the rest of their clause; those at the end of the pattern deny only their direct
object, since "prevents harm" does not deny a wording further on."""
_IDIOMS = later(
    "(?:不|没有?|未曾?)(?:知道|晓得|了解|明白|清楚|意识到|注意到|想到|料到|认识到|察觉)(?!.*(?:是否|会不会|能不能|是不是|有没有))"
    "|不仅|不但|不只|不光|不断|不同|不久|不少|不止|不停|不过|不妨|不禁(?!止)|不料|不锈|不等|不得不|不由得|差不多|对不起"
    "|(?:不要|别|勿|不会|不能|没有?)(?:忘记|忘|错过)|不可避免|无论|不论|不管|毫?无疑问?|无非|莫非|无限|无线|无机|未来"
    "|是不是|能不能|会不会|有没有|要不要|可不可以|是否|能否(?![认定])|否则"
    "|没收|淹没|沉没|埋没|[区特分级性类个]别|别[的人处]|[诀告离]别"
)
"""Words that contain a negating character and deny nothing."""

_CLAUSE = later("但是?|不如说?|其实|实际上|事实上|而是?|而且|却|可是|因为|所以|因此|并且|于是")

_DENIED_NEXT = later(
    "(?:的|都|也|从来?|并|根本|其实|就|才|还)*(?:不|没|未|无法|并非|绝非|毫无)"
    "|(?:是|被|均|一律|都|也|已|已经|受到?|遭到?)*(?:严格|明令|明文)?(?:禁止|严禁|拒绝|否认|取消|杜绝)(?!不了)"
)
_TAKEN_BACK = later(
    "(?:的?(?:说法|观点|看法))?(?:这(?:[一1]点|个?说法|种说法|种观点|句话|话)?|那)?(?:都|也|并|完全)?"
    "(?:是(?:[一1]?[个种])?(?:错|假|谣言|谬误|误解|不(?:对|正确|成立|真实))|不(?:对|正确|成立|真实|存在)|有误|站不住)"
)

_FRAME = later(
    "误以为|误认为|难道|谁说|岂|并(?:非|不是)(?:说|指|意味着)?$|(?:不要|别|切勿|勿|不能|不可|不应|不该)(?:以为|认为|说)|不等于|不代表|不意味着"
)
"""Openings that also deny the clauses after them, until one sets it right (`_SET_RIGHT`)."""
_SET_RIGHT = later("但|而是|其实|实际上|事实上|却|然而|不过")

_REFUSED = later("不(?!过|仅|但|禁|得了)|没有|并不|并非|当然不|绝不|否")

_TIME = later("[年月日号时点周天晚午晨季][前后初末中]?$|\\d$")
"""The end of a time. A verb behind a time does not speak of the time."""

_MARKS = later("[不没未无勿莫别非毫错假谣谬误禁拒否反杜避防忌取停缺失丧与谎难岂谁何哪怎疑]")


def may_deny(text: str) -> bool:
    """A quick test whether a text holds anything that could deny: most answers need no more."""
    return _MARKS.search(text) is not None


def denials(before: str, after: str, later: str, said: str = "") -> int:
    """Count the denials of a wording.

    Args:
        before: the characters before it in its clause, without blanks.
        after: the characters behind it in its clause.
        later: the characters behind it wherever a clause ends.
        said: the wording.
    """
    own = _CLAUSE.split(_IDIOMS.sub(" ", before))[-1]
    count = len(_NEGATORS.findall(own))
    if _TAKEN_BACK.match(later) or (not _TIME.search(said) and _DENIED_NEXT.match(_IDIOMS.sub(" ", after))):
        count += 1
    return count


def framed(clauses: list[str]) -> int:
    """1 where an earlier clause of the sentence denies what follows, and no clause in between sets it right; else 0.

    Args:
        clauses: the sentence up to the wording, by clauses; the last is the wording's own.
    """
    for at in range(len(clauses) - 2, -1, -1):
        if _SET_RIGHT.search(clauses[at + 1]):
            return 0
        if _FRAME.search(clauses[at]):
            return 1
    return 0


def refuses(reply: str) -> int:
    """1 where the words behind a question answer it with no, else 0."""
    return int(_REFUSED.match(reply) is not None)
