"""A pytest plugin: an archive changes after its gates were green and before it is published."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from harness.plugin.stash import RUN


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> Generator[None]:
    archive = min(config.stash[RUN].staged.glob("adapter_*.tar.gz"))
    archive.write_bytes(archive.read_bytes() + b"\0")
    return (yield)
