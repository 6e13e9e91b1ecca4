"""How often English words beside a wording deny it: before it within its clause, or in what is said of it next.

Rules of thumb over a few words and no grammar. What they get wrong stands in `suites/selftest/judged`.
"""

from __future__ import annotations

import re

_NEGATORS = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nothing|nobody|nowhere|non|without|hardly|scarcely|barely|seldom|rarely"
    r"|unable to|fail(?:s|ed)? to|refus(?:es|ed?) to|lack(?:s|ed|ing)?|absence of|far from|anything but|instead of"
    r"|rather than|false|untrue|wrong|wrongly|incorrect|incorrectly|mistakenly|impossible|unlikely|doubts?|doubted"
    r"|den(?:y|ies|ied))\b"
)
_IDIOMS = re.compile(
    r"\b(?:not (?:only|just|merely|simply|solely|least|to mention)|(?:if|or|why) not|can not (?:help )?but"
    r"|(?:not|never) (?:fail(?:s|ed)? to|forget|miss|hesitate)|never (?:mind|fear)"
    r"|no (?:doubt|wonder|question|matter|problem|worries|sooner|less|fewer|more|later|earlier)"
    r"|nothing (?:but|other than)|none other than|not (?:\w+ ){0,3}(?:until|unless|before|later than|earlier than))\b"
)
"""What looks like a denial and is none."""

_NEEDED = r"(?:evidence|proof|signs?|need|reason|way|chance|trace|hint|question)"
_NOUN_ONLY = re.compile(
    rf"\b(?:no|without|lack(?:s|ed|ing)?) (?!{_NEEDED}\b)(?:\w+ ){{1,4}}?"
    r"(?:on|at|in|by|for|from|to|with|after|during)\b"
)
"""``no class on Tuesday`` denies the class and not the day; ``no evidence for it`` denies it."""

_CLAUSE = re.compile(
    r"\b(?:but|and|so|although|though|while|whereas|yet|however|since|which|who|because(?! of\b)|if|when)\b"
)
_NOT_BECAUSE = re.compile(r"\bnot because\b")

_OBJECT = re.compile(r"\b(?:of|on|at|in|by|for|from|to|with|into|over|under|about)(?: (?:a|an|the|its|their|this))?$")
"""What stands behind a preposition is not what the next verb speaks of."""

_ADVERB = r"(?:(?:\w+ly|also|even|still|just) )?"
_DENIED_NEXT = re.compile(
    rf"{_ADVERB}(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|must|may|might|need) "
    rf"{_ADVERB}(?:not(?! (?:only|just|merely|simply)\b)|never|no longer|nothing)"
    r"|never|(?:is|are|was|were) (?:a myth|false|wrong|untrue|incorrect|nonsense|out of the question))\b"
)
_TAKEN_BACK = re.compile(
    r"(?:no )?(?:that|this|which|it) (?:is|was|would be) "
    r"(?:wrong|false|untrue|incorrect|nonsense|a myth|not (?:true|so|right|correct|the case))\b"
)

_NEXT = re.compile(r"\b(?:myth|nonsense|out of the question)\b")

WINDOW = 8
"""Words before a wording that are looked at: farther off, a denial is hardly about it."""


def may_deny(text: str) -> bool:
    """Whether anything in a text could deny anything: most answers are done with here."""
    return _NEGATORS.search(text) is not None or _NEXT.search(text) is not None


def denials(before: str, after: str, later: str) -> int:
    """Count the denials of a wording.

    Args:
        before: the words before it in its clause, at most `WINDOW`, with single blanks.
        after: the words behind it in its clause.
        later: the words behind it wherever a clause ends.
    """
    clause = _NOUN_ONLY.sub(" ", _IDIOMS.sub(" ", _NOT_BECAUSE.sub("not", before)))
    own = _CLAUSE.split(clause)[-1]
    count = len(_NEGATORS.findall(own))
    if _TAKEN_BACK.match(later) or (_DENIED_NEXT.match(after) and not _OBJECT.search(before)):
        count += 1
    return count
