"""The deployed form of the real candidate answers the same in any company. Needs the store of ``make release``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import form, nf4
from harness.engines.answers import Answer
from harness.engines.form import Loaded
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.spec import load
from harness.spec.objects import Spec
from suites.selftest.sabotage import real_release
from suites.tiny.child import ROOT

ITEMS = 25
TOKENS = 16
"""Tokens of each answer: asked one at a time they are slow."""


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load.load(ROOT / "data" / "v3" / "release.toml")


@pytest.fixture(scope="module")
def items(spec: Spec) -> tuple[Item, ...]:
    """All in one batch, where batches may be that large."""
    return items_of(spec.tasks["style"], "dev")[:ITEMS]


@pytest.fixture(scope="module")
def deployed(spec: Spec) -> Iterator[Loaded]:
    base = form.load(nf4.FORM, real_release.artifact("base", ""), spec.threads)
    with mounted(base, real_release.candidate(spec)) as engine:
        yield engine


@pytest.fixture(scope="module")
def alone(deployed: Loaded, items: tuple[Item, ...]) -> list[Answer]:
    return answer_all(deployed, items, Decoding(1, TOKENS))


@pytest.mark.parametrize("size", [8, ITEMS])
def test_an_answer_does_not_depend_on_its_batch(
    deployed: Loaded, items: tuple[Item, ...], alone: list[Answer], size: int
) -> None:
    assert answer_all(deployed, items, Decoding(size, TOKENS)) == alone
