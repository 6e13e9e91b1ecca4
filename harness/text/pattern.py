"""Regular expressions that are compiled when they are first used.

There are ninety in this room, and compiling them takes a fifth of the time in which the plugin starts; a run that reads
no text needs none of them.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Later:
    """A regular expression that is compiled at its first use."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """An attribute of the compiled pattern; stored, so that the next use does not come here."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(re.compile(self._text, self._flags), name)
        self.__dict__[name] = found
        return found


def later(text: str, flags: int = 0) -> re.Pattern[str]:
    """As ``re.compile(text, flags)``, but compiled at the first use; `re` itself caches compiled patterns.

    Raises:
        re.error: at the first use, where the expression is wrong.
    """
    return cast("re.Pattern[str]", _Later(text, flags))
