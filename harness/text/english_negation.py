"""Count the denials of a wording in English: before it within its clause, or in what is said of it next.

Rules of thumb over a few words, without grammar. Cases that they get wrong are listed in
`suites/selftest/metrics/judged`.
"""

from __future__ import annotations

from harness.text.pattern import later

_BANS = r"(?:forbade|forbid(?:s|den)?|prohibit(?:s|ed)?|ban(?:s|ned)?|prevent(?:s|ed)?)"
_NEGATORS = later(
    r"\b(?:not|no|never|neither|nor|none|nothing|nobody|nowhere|non|without|hardly|scarcely|barely|seldom|rarely"
    r"|unable to|fail(?:s|ed)? to|refus(?:es|ed?) to|lack(?:s|ed|ing)?|absence of|far from|anything but|instead of"
    r"|rather than|false|untrue|wrong|wrongly|incorrect|incorrectly|mistakenly|impossible|unlikely|doubts?|doubted"
    r"|den(?:y|ies|ied)|forbidden to)\b"
    rf"|\b{_BANS}(?: (?!in\b|on\b|at\b|by\b|for\b)\w+)* from$"
    rf"|\b(?:{_BANS}|avoid(?:s|ed)?|reject(?:s|ed)?|dismiss(?:es|ed)?|rul(?:e|es|ed) out)"
    r"(?: (?:any|all|the|a|an|every))?$"
)
"""Negators that deny the rest of their clause; bans and the like count only right before the wording: ``banned in
1972`` does not deny the year."""

_IDIOMS = later(
    r"\b(?:not (?:only|just|merely|simply|solely|least|to mention)|(?:if|or|why) not|can not (?:help )?but"
    r"|(?:not|never) (?:fail(?:s|ed)? to|forget|miss|hesitate)|never (?:mind|fear)"
    r"|no (?:doubt|wonder|question|matter|problem|worries|sooner|less|fewer|more|later|earlier)"
    r"|nothing (?:but|other than)|none other than|few (?:\w+ ){0,2}(?:deny|doubt|dispute)|contrary to"
    r"|without (?:question|fail|exception)"
    r"|(?:hardly any(?:one|body| 1)|nobody|no 1|few|not (?:many|every(?:one|body| 1))) (?:\w+ ){0,2}"
    r"(?:knew|know|knows|known|realised?|realized?|notice[sd]?|aware)(?! (?:\w+ )?whether)"
    r"|(?:that|who|which) (?:can|do|does|did|will|could|would|is|are|was|were|has|have|had) not \w+"
    r"|not (?:\w+ ){0,3}(?:until|unless|before|later than|earlier than))\b"
)
"""Phrases that look like a denial and are none."""

_NEEDED = r"(?:evidence|proof|signs?|need|reason|way|chance|trace|hint|question)"
_NOUN_ONLY = later(
    rf"\b(?:no|without|lack(?:s|ed|ing)?) (?!{_NEEDED}\b)(?:\w+ ){{1,4}}?"
    r"(?:on|at|in|by|for|from|to|with|after|during)\b"
)
"""Negators of a noun that do not deny what follows it: ``no class on Tuesday`` denies the class, not the day; ``no
evidence for it`` does deny what follows."""

_CLAUSE = later(
    r"\b(?:but|and|so|although|though|while|whereas|yet|however|since|which|who|because(?! of\b)|if|when)\b"
)
_NOT_BECAUSE = later(r"\bnot because\b")

_OBJECT = later(r"\b(?:of|on|at|in|by|for|from|to|with|into|over|under|about)(?: (?:a|an|the|its|their|this))?$")
"""The object of a preposition, of which the next verb does not speak."""

_ADVERB = r"(?:(?:\w+ly|also|even|still|just) )?"
_DENIED_NEXT = later(
    rf"{_ADVERB}(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|must|may|might|need) "
    rf"{_ADVERB}(?:not(?! (?:only|just|merely|simply)\b)|never|no longer|nothing)"
    r"|never|(?:is|are|was|were) (?:a myth|false|wrong|untrue|incorrect|nonsense|out of the question))\b"
    rf"|(?:(?:is|are|was|were|has|have) )?(?:been )?{_ADVERB}(?:forbidden|prohibited|banned|disproved|refuted|debunked"
    r"|ruled out|untenable)\b"
)
_TAKEN_BACK = later(
    r"(?:no )?(?:(?:that|this|which|it) (?:is|was|would be)|they are) "
    r"(?:wrong|false|untrue|incorrect|mistaken|nonsense|a myth|not (?:true|so|right|correct|the case))\b"
)

_NOT_DENIED_NEXT = later(
    rf"{_ADVERB}(?:is|are|was|were|has|have) {_ADVERB}(?:not|never) (?:been )?{_ADVERB}"
    r"(?:forbidden|prohibited|banned|disproved|refuted|debunked|ruled out|denied|impossible|false|wrong|untrue)\b"
)

_MARKS = later(
    r"\b(?:out of the question|rul(?:e|es|ed) out|untenable|myth|nonsense|mistak|reject|dismiss|refus"
    r"|avoid|forb|prohib|ban|bans|banned|prevent|disprove|refute|debunk)"
)
"""Beginnings of further words that may deny."""

_FRAME = later(
    r"\b(?:(?:not|never) (?:\w+ ){0,2}(?:true|the case|so|right|correct|believe[sd]?|think|thinks|thought|say|says|said"
    r"|mean|means|claim|claims|show|shows|follow|follows)|no (?:\w+ )?(?:evidence|proof|sign|reason|indication)"
    r"|(?:nobody|no 1|no one|none|few|hardly anyone)|myth|nonsense|false|untrue|wrong|incorrect|forbidden"
    r"|mistakes?|mistaken|disproved?|refuted?|debunked|reject(?:s|ed)?|dismiss(?:es|ed)?|rul(?:e|es|ed) out"
    r"|den(?:y|ies|ied)|doubts?|doubted|refus(?:es|ed?) to (?:accept|believe|think|admit))\b"
    r"(?: (?!(?:so|because|if|when)\b)\w+){0,14} (?:that|whether)\b"
)
"""Openings that deny the clause behind their ``that``, however far away."""
_CUT_OFF = later(r"\b(?:not|never|neither)$")
_SET_RIGHT = later(r"\b(?:but|however|yet|in fact|actually)\b")
_REFUSED = later(r"(?:no|nope|never|not at all|certainly not|of course not|not|hardly)$|no (?:it|they|he|she|we|i)\b")


def may_deny(text: str) -> bool:
    """A quick test whether a text holds anything that could deny: most answers need no more."""
    return _NEGATORS.search(text) is not None or _MARKS.search(text) is not None


def denials(before: str, after: str, later: str) -> int:
    """Count the denials of a wording.

    Args:
        before: the words before it in its clause, with single blanks.
        after: the words behind it in its clause.
        later: the words behind it wherever a clause ends.
    """
    count = len(_NEGATORS.findall(_own(before)))
    if _NOT_DENIED_NEXT.match(after):
        return count
    if _TAKEN_BACK.match(later) or (_DENIED_NEXT.match(after) and not _OBJECT.search(before)):
        count += 1
    return count


def _own(before: str) -> str:
    """The words before a wording that bear on it: its own clause, without phrases that only look like a denial."""
    return _CLAUSE.split(_NOUN_ONLY.sub(" ", _IDIOMS.sub(" ", _NOT_BECAUSE.sub("not", before))))[-1]


def framed(clauses: list[str]) -> int:
    """1 where a denial outside of the wording's own clause bears on it, else 0: ``not true, as many say, that``.

    Args:
        clauses: the sentence up to the wording, by commas and brackets; the last is the wording's own.
    """
    if len(clauses) > 2 and _CUT_OFF.search(clauses[-3]):
        return 1
    sentence = _IDIOMS.sub(" ", " ".join(clauses))
    own = _own(clauses[-1])
    found = _FRAME.search(sentence)
    if found is None or _SET_RIGHT.search(sentence[found.start() :]):
        return 0
    return int(not _NEGATORS.search(own))


def refuses(reply: str) -> int:
    """1 where the clause behind a question says no to it, else 0; ``no dogs`` says no to dogs alone."""
    return int(_REFUSED.match(reply) is not None)
