"""The digest of the code that a form answers with, for the keys of its answers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from harness.errors import EngineError
from harness.forms import registry
from harness.forms.form import Form
from harness.store import digests

_OWN = ("harness", "training", "fixtures")


def digest_of(form: Form) -> str:
    """SHA-256 over the modules of `Form.code`: the project's own with all that they import, any other by its file and
    the version of the package that brings the form.

    Raises:
        EngineError: a module cannot be found.
    """
    own = sorted(name for name in form.code if name.split(".")[0] in _OWN)
    others = {name: digests.of_file(_file(form, name)) for name in form.code if name not in own}
    if not others:
        return digests.of_code(*own)
    origin = registry.installed().get(form.name)
    version = "" if origin is None else f"{origin.distribution} {origin.version}"
    return digests.of_value({"own": digests.of_code(*own), "others": others, "version": version})


def _file(form: Form, module: str) -> Path:
    found = find_spec(module)
    if found is None or found.origin is None or not Path(found.origin).is_file():
        raise EngineError(f"form {form.name}: its code names the module {module}, which has no file")
    return Path(found.origin)
