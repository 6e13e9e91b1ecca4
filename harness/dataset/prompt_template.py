"""Prompt templates: Jinja templates that come with the data, compiled in a sandbox, so that they can do nothing but
render."""

from __future__ import annotations

from functools import lru_cache

import jinja2
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def compile_template(source: str) -> jinja2.Template:
    """A template that fails on an unknown field and cannot run code from a data file."""
    return ENVIRONMENT.from_string(source)


@lru_cache(maxsize=32)
def compiled(source: str) -> tuple[jinja2.Template, tuple[str, ...]]:
    """A template and the fields that it names."""
    return compile_template(source), tuple(sorted(meta.find_undeclared_variables(ENVIRONMENT.parse(source))))
