"""Forms of installed packages: entry points of the group ``greenrun.forms``, each a `Form`.

    [project.entry-points."greenrun.forms"]
    vllm = "acme_serving:FORM"

The entry point's name is the form's, as ``[release] deploy`` gives it. All of them can be used or no release begins:
one that cannot is a fault, and `harness.forms.registry.refuse_faults` names it before anything is judged.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from harness.forms.form import Direct, Form, FormError

GROUP = "greenrun.forms"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Installed:
    """A form and where it came from."""

    form: Form
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Found:
    installed: dict[str, Installed]
    faults: tuple[str, ...]
    """One sentence for each entry point that cannot be used, with its mend."""


def find(own: Container[str]) -> Found:
    """Load every entry point of the group, in the order of names and distributions.

    Args:
        own: names of the forms that greenrun brings itself.
    """
    installed: dict[str, Installed] = {}
    faults: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, _origin(point))):
        try:
            if point.name in own:
                raise FormError("its name is taken by greenrun itself; rename or uninstall one of them")
            if other := installed.get(point.name):
                taken = f"{other.distribution} {other.version}"
                raise FormError(f"its name is taken by {taken}; rename or uninstall one of them")
            installed[point.name] = Installed(_load(point), *_origin(point))
        except FormError as error:
            faults.append(f"{_place(point)}: {error}")
        except Exception as error:  # a foreign module may raise anything while it is imported
            faults.append(f"{_place(point)}: {type(error).__name__}: {error}; mend or uninstall the package")
    return Found(installed, tuple(faults))


def _load(point: EntryPoint) -> Form:
    if not _NAME.fullmatch(point.name):
        raise FormError("a form's name is lower-case letters, digits, - and _, and begins with a letter")
    loaded = point.load()
    if not isinstance(loaded, Form):
        raise FormError(f"it is a {type(loaded).__name__}; a harness.forms.form.Form is expected")
    if getattr(loaded, "name", None) != point.name:
        raise FormError(f"the form calls itself {getattr(loaded, 'name', None)!r}; the names must be the same")
    if not isinstance(getattr(loaded, "engine", None), str):
        raise FormError("it does not say which engine serves it; set its attribute engine")
    place = getattr(loaded, "place", None)
    if isinstance(loaded, Direct) and place != point.value:
        raise FormError(f"another process would look for it at {place!r}; set its attribute place to {point.value!r}")
    return loaded


def _place(point: EntryPoint) -> str:
    return f"form {point.name} ({GROUP}, {point.value}, of {' '.join(_origin(point)).strip()})"


def _origin(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("an unknown distribution", "")
