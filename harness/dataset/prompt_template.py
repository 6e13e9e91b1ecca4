"""Prompt templates: Jinja texts that come with data, compiled so that they can render and do nothing else."""

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
