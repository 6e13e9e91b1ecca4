"""Forms of installed packages: entry points of the group ``greenrun.forms``, each a `Form`.

    [project.entry-points."greenrun.forms"]
    vllm = "acme_serving:FORM"

The entry point's name is the form's, as ``[release] deploy`` gives it. One that cannot be used is a fault, and
`harness.forms.registry.refuse_faults` names it before anything is judged.
"""

from __future__ import annotations

from collections.abc import Container
from importlib.metadata import EntryPoint

from harness import entry_points
from harness.entry_points import EntryPointError, Found
from harness.forms.form import Direct, Form
from harness.gguf.files import F16, MERGED_Q4, Q4

GROUP = "greenrun.forms"

_TAKEN = ("base", "adapter", "merged", F16, Q4, MERGED_Q4)
"""Names of rows in the table of forms that no package may take."""


def find(own: Container[str]) -> Found[Form]:
    """Every installed form.

    Args:
        own: names of the forms that greenrun brings itself.
    """
    return entry_points.find(GROUP, "form", own, _usable)


def _usable(point: EntryPoint, loaded: object) -> Form:
    if not isinstance(loaded, Form):
        raise EntryPointError(f"it is a {type(loaded).__name__}; a harness.forms.form.Form is expected")
    name, engine, place = (getattr(loaded, attribute, None) for attribute in ("name", "engine", "place"))
    if name != point.name:
        raise EntryPointError(f"the form calls itself {name!r}; the names must be the same")
    if not isinstance(engine, str):
        raise EntryPointError("it does not say which engine serves it; set its attribute engine")
    if loaded.measured_as not in ("", name) or name in _TAKEN:
        row = loaded.measured_as or name
        raise EntryPointError(f"it would stand as {row!r} in the table of forms; name it otherwise")
    if isinstance(loaded, Direct) and place != point.value:
        raise EntryPointError(
            f"another process would look for it at {place!r}; set its attribute place to {point.value!r}"
        )
    return loaded
