"""The deployed form of the real candidate answers the same in any company. Needs the store of ``make release``.

The same comparison finds the difference that it is there to find: bitsandbytes' own path of packed weights and
bfloat16 products, which this form switches off, gives other answers in other batches.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitsandbytes.functional import has_avx512bf16

from harness import spec_file
from harness.answers import Answer
from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import form, nf4
from harness.engines.form import Loaded
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.spec import Spec
from suites.selftest.child import ROOT
from suites.selftest.sabotage import real_release

ITEMS = 25
TOKENS = 16
"""Of each answer; one at a time they are slow."""


@pytest.fixture(scope="module")
def spec() -> Spec:
    return spec_file.load(ROOT / "data" / "v3" / "release.toml")


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


@pytest.fixture
def packed(spec: Spec) -> Iterator[Loaded]:
    """The candidate as bitsandbytes serves it by default on a CPU with AVX512-BF16."""
    base = form.load(nf4.FORM, real_release.artifact("base", ""), spec.threads)
    for module in nf4.four_bit_modules(base.model):
        module.support_avx512bf16_for_cpu = True
    with mounted(base, real_release.candidate(spec)) as engine:
        yield engine


@pytest.mark.skipif(not has_avx512bf16(), reason="bitsandbytes packs weights on CPUs with AVX512-BF16 alone")
def test_with_packed_weights_answers_depend_on_their_batch(packed: Loaded, items: tuple[Item, ...]) -> None:
    alone, together = (answer_all(packed, items, Decoding(size, TOKENS)) for size in (1, ITEMS))
    differing = sum(one.ids != other.ids for one, other in zip(alone, together, strict=True))
    assert 0 < differing < ITEMS, "some answers, by rounding; not all, as another model would"
