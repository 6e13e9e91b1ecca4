"""A call that can travel to another process: the place of a function, and its arguments as JSON.

The function's annotations say what the JSON is read back as: dataclasses, tuples and paths come out as they went in. A
table of the spec keeps to the ranges of its keys on the way, whoever made it.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints


@dataclass(frozen=True, slots=True)
class Call:
    """A function with keyword arguments, both by value."""

    place: str
    """``module:name`` of the function, importable by whoever calls it."""
    given: Mapping[str, Any]
    """Argument -> JSON value."""

    @classmethod
    def of(cls, function: Callable[..., Any], **arguments: Any) -> Call:
        """The call of a module's function with these arguments, whose types the function's annotations name.

        Relative paths are made absolute, since another process may stand elsewhere.
        """
        from pydantic_core import to_jsonable_python

        given = {name: one.absolute() if isinstance(one, Path) else one for name, one in arguments.items()}
        return cls(f"{function.__module__}:{function.__qualname__}", to_jsonable_python(given))

    @property
    def module(self) -> str:
        return self.place.partition(":")[0]

    def __call__(self, *leading: Any) -> Any:
        """Import the function, and call it with `leading` before the arguments of its own."""
        function = pkgutil.resolve_name(self.place)
        hints = get_type_hints(function)
        return function(*leading, **{name: _read(hints[name], one) for name, one in self.given.items()})


def _read(hint: Any, value: Any) -> Any:
    return _adapter(hint).validate_json(json.dumps(value))


@lru_cache
def _adapter(hint: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(hint)
