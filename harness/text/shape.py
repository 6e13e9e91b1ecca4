from __future__ import annotations

from functools import lru_cache

import regex

from harness.errors import StageTimeoutError

SECONDS = 2.0
"""Time limit for matching one text. Regular expressions without nested repetitions take microseconds."""


def is_whole(form: str, text: str) -> bool:
    """Whether the regular expression matches the whole text.

    Raises:
        StageTimeoutError: the form did not decide in time; the text is neither in form nor out of it.
    """
    try:
        return _compiled(form).fullmatch(text, timeout=SECONDS) is not None
    except TimeoutError as error:
        raise _slow(form, text) from error


def opens(form: str, text: str) -> bool:
    """Whether the regular expression matches at the text's beginning.

    Raises:
        StageTimeoutError: as `is_whole`.
    """
    try:
        return _compiled(form).match(text, timeout=SECONDS) is not None
    except TimeoutError as error:
        raise _slow(form, text) from error


def holds(form: str, text: str) -> bool:
    """Whether the regular expression matches anywhere in the text.

    Raises:
        StageTimeoutError: as `is_whole`.
    """
    try:
        return _compiled(form).search(text, timeout=SECONDS) is not None
    except TimeoutError as error:
        raise _slow(form, text) from error


@lru_cache(maxsize=64)
def _compiled(form: str) -> regex.Pattern[str]:
    return regex.compile(form)


def _slow(form: str, text: str) -> StageTimeoutError:
    return StageTimeoutError(
        f"the form {form!r} had not decided on a text of {len(text)} characters after {SECONDS:.0f} s; write it "
        "without a repetition inside a repetition"
    )
