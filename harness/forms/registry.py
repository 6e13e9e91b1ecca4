"""The deployed forms by name: greenrun's own, then those of installed packages.

A new one is a module and a line in `OWN`, or an entry point of an installed package (`harness.forms.installed`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.entry_points import Installed, Registry
from harness.errors import SpecError
from harness.forms import float32, gguf, nf4, vllm
from harness.forms.form import Form, FormError
from harness.forms.installed import find
from harness.spec import nearest
from harness.spec.objects import Spec

OWN: dict[str, Form] = {form.name: form for form in (nf4.FORM, float32.FORM, gguf.FORM, vllm.FORM)}
"""The forms that greenrun brings."""


FORMS = Registry(OWN, lambda: find(OWN))
"""Name -> form: greenrun's own, then those of installed packages."""


def installed() -> Mapping[str, Installed[Form]]:
    """Name -> form of an installed package, with where it came from."""
    return FORMS.installed


def refuse_faults() -> None:
    """Refuse to judge beside an installed form that cannot be used.

    Raises:
        FormError: names every such form, its package and the mend.
    """
    if FORMS.faults:
        raise FormError("\n".join(FORMS.faults))


def deployed(spec: Spec) -> Form:
    """The form that ships and is judged.

    Raises:
        SpecError: there is none of that name.
    """
    if spec.deploy not in FORMS:
        raise SpecError(spec.path, *next(wrong(spec)))
    return FORMS[spec.deploy].serving(spec.serve)


def wrong(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, what is wrong and the mend) for each setting that does not fit the spec's form, or for an unknown form."""
    if spec.deploy in FORMS:
        yield from FORMS[spec.deploy].problems(spec)
        yield from _others_tables(spec)
    else:
        yield "release.deploy", f"unknown form {spec.deploy!r}; {nearest.mend(spec.deploy, FORMS)}"


def _others_tables(spec: Spec) -> Iterator[tuple[str, str]]:
    """Tables that are there for other forms, and say something: nothing of what they ask for would ship."""
    own = FORMS[spec.deploy].tables
    for form in FORMS.values():
        for table in form.tables:
            given = getattr(spec, table)
            if table not in own and given != type(given)():
                yield table, f"is for deploy = {form.name!r}, and {spec.deploy!r} ships; remove the table"


def described(spec: Spec) -> dict[str, object]:
    """The deployed form for the report: name and settings, and of an installed one its package and version."""
    form, origin = deployed(spec), installed().get(spec.deploy)
    where = {} if origin is None else {"distribution": origin.distribution, "version": origin.version}
    return {"name": form.name, **form.settings(spec), **where}
