"""``float32``: the base in full precision, the adapter mounted on it."""

from __future__ import annotations

from harness.engines import float32
from harness.forms.mounted import Mounted

FORM = Mounted("float32", "harness.forms.float32:FORM", float32.FORM, ("harness.engines.float32",))
