"""What installed packages add to greenrun: the entry points of a group, each loaded, checked, and with its origin.

All of a group can be used or nothing is judged: one that cannot is a fault, told in one sentence with its mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from harness.errors import GreenrunError

Thing = TypeVar("Thing")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""Gate ids are dotted and tests are chosen by them: no dot, no blank, no capital."""


class EntryPointError(GreenrunError):
    """Raised when what an entry point names cannot be used."""


@dataclass(frozen=True, slots=True)
class Installed(Generic[Thing]):
    """What a package brings, and where it came from."""

    thing: Thing
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Found(Generic[Thing]):
    installed: dict[str, Installed[Thing]]
    faults: tuple[str, ...]
    """One sentence for each entry point that cannot be used, with its mend."""


class Registry(Mapping[str, Thing]):
    """Name -> thing: greenrun's own, then those of installed packages.

    Packages are looked for when a name is first asked for, and not while one of them imports the registry's module.
    """

    def __init__(self, own: Mapping[str, Thing], look: Callable[[], Found[Thing]]) -> None:
        self.own = own
        self._look = look

    @cached_property
    def _found(self) -> Found[Thing]:
        return self._look()

    @property
    def installed(self) -> Mapping[str, Installed[Thing]]:
        """Name -> what a package brings, with where it came from."""
        return self._found.installed

    @property
    def faults(self) -> tuple[str, ...]:
        """One sentence for each thing of a package that cannot be used."""
        return self._found.faults

    def __getitem__(self, name: str) -> Thing:
        return self.own[name] if name in self.own else self.installed[name].thing

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self.installed

    def __len__(self) -> int:
        return len(self.own) + len(self.installed)


def find(group: str, kind: str, own: Container[str], usable: Callable[[EntryPoint, object], Thing]) -> Found[Thing]:
    """Load every entry point of a group, in the order of names and distributions.

    Args:
        kind: what they are, for messages: ``metric``.
        own: names that greenrun has taken itself.
        usable: gives what was loaded, or raises EntryPointError where it is nothing of that kind.
    """
    installed: dict[str, Installed[Thing]] = {}
    faults: list[str] = []
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, _origin(point))):
        try:
            _check_name(point, kind, own, installed)
            installed[point.name] = Installed(usable(point, point.load()), *_origin(point))
        except EntryPointError as error:
            faults.append(f"{_place(point, kind)}: {error}")
        except Exception as error:  # a foreign module may raise anything while it is imported
            faults.append(f"{_place(point, kind)}: {type(error).__name__}: {error}; mend or uninstall the package")
    return Found(installed, tuple(faults))


def _check_name(point: EntryPoint, kind: str, own: Container[str], installed: dict[str, Installed[Thing]]) -> None:
    taken = "greenrun itself" if point.name in own else ""
    if other := installed.get(point.name):
        taken = f"{other.distribution} {other.version}"
    if taken:
        raise EntryPointError(f"its name is taken by {taken}; rename or uninstall one of them")
    if not _NAME.fullmatch(point.name):
        raise EntryPointError(f"a {kind}'s name is lower-case letters, digits, - and _, and begins with a letter")


def _place(point: EntryPoint, kind: str) -> str:
    return f"{kind} {point.name} ({point.group}, {point.value}, of {' '.join(_origin(point)).strip()})"


def _origin(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("an unknown distribution", "")
