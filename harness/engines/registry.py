"""The deployed forms by name."""

from __future__ import annotations

from collections.abc import Mapping

from harness.engines import float32, nf4
from harness.engines.form import Form

FORMS: Mapping[str, Form] = {form.name: form for form in (nf4.FORM, float32.FORM)}
