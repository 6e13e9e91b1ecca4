"""Logit parity: what is measured token by token, and what the summary makes of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import EmptySetError, EngineError
from harness.fidelity import summary
from harness.fidelity.figures import Labelled, PassageFigures, compare, stream
from harness.fidelity.summary import summarize
from harness.fidelity.survival import survival

VOCABULARY = 7
seeds = st.integers(0, 2**31 - 1)
unhurried = settings(max_examples=25, deadline=None)


def logits(seed: int, tokens: int = 4, vocabulary: int = VOCABULARY) -> torch.Tensor:
    return torch.randn(tokens, vocabulary, generator=torch.Generator().manual_seed(seed)) * 3


def passage(tokens: int = 4, name: str = "one", cluster: str = "") -> Labelled:
    return Labelled(name, cluster or name, tuple(range(tokens)))


def figures(seed: int, near: torch.Tensor | None = None, name: str = "one", cluster: str = "") -> PassageFigures:
    """Figures of a passage whose form equals adapter or base, as `near` says, or neither."""
    form = logits(seed + 2) if near is None else near
    return compare(passage(name=name, cluster=cluster), logits(seed), logits(seed + 1), form)


@unhurried
@given(seeds)
def test_a_form_that_is_the_adapter_is_no_way_from_it(seed: int) -> None:
    found = figures(seed, logits(seed))
    assert max(found.to_adapter) == 0.0
    assert all(found.same_top)
    assert found.form_likelihood == found.adapter_likelihood


@unhurried
@given(seeds, st.floats(-50, 50))
def test_logits_that_are_shifted_as_a_whole_are_the_same_distribution(seed: int, shift: float) -> None:
    found = figures(seed, logits(seed) + shift)
    assert max(found.to_adapter) < 1e-9


@unhurried
@given(seeds)
def test_divergence_is_never_negative(seed: int) -> None:
    found = figures(seed)
    assert min(*found.to_adapter, *found.to_base) >= 0.0


@unhurried
@given(seeds)
def test_divergence_is_that_of_the_definition(seed: int) -> None:
    adapter, form = logits(seed), logits(seed + 2)
    p, q = (np.exp(x.double().numpy()) for x in (adapter, form))
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    assert figures(seed).to_adapter == pytest.approx((p * np.log(p / q)).sum(1))


@unhurried
@given(seeds)
def test_likelihood_is_that_of_the_reference_token(seed: int) -> None:
    form = torch.log_softmax(logits(seed + 2).double(), -1)
    assert figures(seed).form_likelihood == pytest.approx([float(form[k, k]) for k in range(4)])


def test_logits_that_are_no_numbers_are_an_error() -> None:
    broken = logits(3)
    broken[1, 2] = math.nan
    with pytest.raises(EngineError, match="one: the form's logits hold NaN"):
        figures(1, broken)


def test_logits_over_another_vocabulary_are_an_error() -> None:
    with pytest.raises(EngineError, match=r"shape \(4, 8\), the adapter \(4, 7\)"):
        figures(1, logits(3, vocabulary=8))


def test_one_passage_is_finished_before_the_next_one_is_asked_for() -> None:
    asked: list[str] = []

    def source(name: str) -> Iterator[torch.Tensor]:
        for number in range(3):
            asked.append(f"{name}{number}")
            yield logits(number)

    found = stream([passage()] * 3, source("a"), source("b"), source("f"))
    next(found)
    assert asked == ["a0", "b0", "f0"]
    next(found)
    assert asked[3:] == ["a1", "b1", "f1"]


def test_a_form_that_skips_a_passage_is_an_error() -> None:
    one = [logits(1)]
    with pytest.raises(ValueError, match="shorter"):
        list(stream([passage()] * 2, one * 2, one * 2, one))


def known(item: str, kl: Sequence[float], cluster: str = "", **more: Any) -> PassageFigures:
    """A passage with these divergences from the adapter."""
    size = len(kl)
    return PassageFigures(
        item=item,
        cluster=cluster or item,
        to_adapter=tuple(kl),
        to_base=more.get("to_base", (1.0,) * size),
        same_top=more.get("same_top", (True,) * size),
        form_likelihood=more.get("form", (-1.0,) * size),
        adapter_likelihood=more.get("adapter", (-1.0,) * size),
    )


def test_a_mean_weighs_every_token_alike() -> None:
    found = summarize([known("long", [0.1] * 9), known("short", [1.1])])
    assert found.kl.value == pytest.approx(0.2)
    assert (found.items, found.clusters, found.tokens) == (2, 2, 10)


def test_the_perplexity_ratio_is_that_of_the_two_perplexities() -> None:
    found = summarize([known("one", [0.0] * 2, form=(-2.0, -3.0), adapter=(-1.0, -2.0)), known("two", [0.0] * 2)])
    assert found.perplexity_ratio.value == pytest.approx(math.exp((2 + 3 + 1 + 1) / 4) / math.exp((1 + 2 + 1 + 1) / 4))


def test_the_standard_error_is_that_of_a_mean_where_every_item_has_one_token() -> None:
    values = [0.1, 0.4, 0.2, 0.9, 0.5]
    found = summarize([known(str(k), [value]) for k, value in enumerate(values)])
    assert found.kl.error == pytest.approx(np.std(values, ddof=1) / math.sqrt(5))


def test_repeating_the_tokens_of_an_answer_proves_nothing_more() -> None:
    values = [0.1, 0.4, 0.2, 0.9, 0.5]
    once = summarize([known(str(k), [value]) for k, value in enumerate(values)])
    often = summarize([known(str(k), [value] * 50) for k, value in enumerate(values)])
    assert often.kl.error == pytest.approx(once.kl.error)
    assert often.kl_tail.error == pytest.approx(once.kl_tail.error, rel=0.1)


def test_items_of_one_topic_count_once() -> None:
    values = [0.1, 0.4, 0.2, 0.9, 0.5]
    apart = summarize([known(str(k), [value]) for k, value in enumerate(values)])
    together = summarize([known(f"{k} {turn}", [v], cluster=str(k)) for k, v in enumerate(values) for turn in (1, 2)])
    assert (together.items, together.clusters) == (10, 5)
    assert together.kl.error == pytest.approx(apart.kl.error)


def test_one_topic_says_nothing_about_others() -> None:
    found = summarize([known("one", [0.1, 0.2], cluster="same"), known("two", [0.3], cluster="same")])
    assert math.isinf(found.kl.error)
    assert found.kl.bound(1.6) == math.inf
    assert found.same_top.bound(-1.6) == -math.inf


@unhurried
@given(seeds)
def test_standard_errors_are_about_as_large_as_means_of_new_items_scatter(seed: int) -> None:
    chance = np.random.default_rng(seed)

    def mean() -> summary.Estimate:
        sizes = chance.integers(1, 9, size=40).astype(float)
        return summary.ratio(sizes * chance.exponential(size=40), sizes)

    scatter = float(np.std([mean().value for _ in range(200)]))
    assert np.mean([mean().error for _ in range(20)]) == pytest.approx(scatter, rel=0.35)


def test_the_percentile_and_its_error_are_the_same_every_time() -> None:
    passages = [known(str(k), [0.01 * k, 0.02 * k]) for k in range(20)]
    assert summarize(passages) == summarize(passages)
    assert summarize(passages).kl_tail.value == pytest.approx(
        np.percentile([*np.arange(20) / 100, *np.arange(20) / 50], 99)
    )
    assert summarize(passages).kl_tail.error > 0.0


@pytest.mark.parametrize("passages", [[], [known("empty", [])]])
def test_no_tokens_are_an_error_and_never_a_perfect_form(passages: list[PassageFigures]) -> None:
    with pytest.raises(EmptySetError):
        summarize(passages)
    with pytest.raises(EmptySetError):
        survival(passages, 0.95)


def test_a_form_beside_the_adapter_survives() -> None:
    found = survival([known(str(k), [0.05] * 3, to_base=(2.0,) * 3) for k in range(24)], 0.95)
    assert found.holds
    assert found.margin == pytest.approx(1.95 / 2.05)
    assert 0.0 < found.lower < found.margin


def test_a_form_that_is_the_base_again_did_not_survive() -> None:
    found = survival([known(str(k), [1.5] * 3, to_base=(0.1,) * 3) for k in range(24)], 0.95)
    assert not found.holds
    assert found.upper < 0.0


def test_a_form_half_way_between_has_not_been_shown_to_survive() -> None:
    sides = [((0.1,), (0.2,)), ((0.2,), (0.1,))]
    found = survival([known(str(k), sides[k % 2][0], to_base=sides[k % 2][1]) for k in range(24)], 0.95)
    assert not found.holds
    assert found.lower < 0.0 < found.upper


def test_a_few_items_do_not_show_that_an_adapter_survived() -> None:
    found = survival([known(str(k), [0.05], to_base=(2.0,)) for k in range(3)], 0.95)
    assert not found.holds


def test_one_answer_that_went_back_to_the_base_cannot_hide_among_many() -> None:
    fine = [known(str(k), [0.001], to_base=(0.01,)) for k in range(60)]
    assert not survival([*fine, known("lost", [9.0] * 20, to_base=(0.1,) * 20)], 0.95).holds


def test_the_items_nearest_to_the_base_are_named_first() -> None:
    passages = [known(str(k), [0.1 * k], to_base=(1.0,)) for k in range(6)]
    assert [name for name, _, _ in survival(passages, 0.95).nearest_base[:2]] == ["5", "4"]
