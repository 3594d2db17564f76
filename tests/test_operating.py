"""Every threshold at once, against scikit-learn and torchmetrics, and in words where the input makes no sense."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as some
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.classification import binary_calibration_error

from coursekit.operating import (
    calibration_error,
    cheapest,
    fit_temperature,
    precision_elsewhere,
    reliability,
    shift_prior,
    sweep,
)

ROUGH = some.integers(0, 20).map(lambda tick: tick / 20)  # many ties
FINE = some.floats(0, 1, width=32)
quick = settings(max_examples=60, deadline=None)  # one process of many on a small machine
COST = some.floats(0.01, 1000)
SHARE = some.floats(0.01, 0.99)


@some.composite
def scored(draw: Any, values: Any = ROUGH | FINE) -> tuple[Tensor, Tensor]:
    """Scores and truths with a case of each class at least."""
    truth = draw(some.lists(some.booleans(), min_size=2, max_size=40).filter(lambda one: 0 < sum(one) < len(one)))
    scores = draw(some.lists(values, min_size=len(truth), max_size=len(truth)))
    return torch.tensor(scores, dtype=torch.float64), torch.tensor(truth)


def total_cost(scores: Tensor, truth: Tensor, threshold: float, miss: float, alarm: float) -> float:
    flagged = scores >= threshold
    return miss * int((truth & ~flagged).sum()) + alarm * int((flagged & ~truth).sum())


@quick
@given(scored())
def test_both_curves_are_those_of_scikit_learn(case: tuple[Tensor, Tensor]) -> None:
    scores, truth = case
    every = sweep(scores, truth)
    across, up, thresholds = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(every.thresholds, thresholds)
    np.testing.assert_allclose(every.false_positive_rate, across)
    np.testing.assert_allclose(every.recall, up)
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    np.testing.assert_allclose(every.precision[1:].flip(0), precision[:-1])
    np.testing.assert_allclose(every.recall[1:].flip(0), recall[:-1])
    np.testing.assert_allclose(every.thresholds[1:].flip(0), thresholds)
    assert every.precision[0].isnan()


@quick
@given(scored())
def test_both_summaries_are_those_of_scikit_learn(case: tuple[Tensor, Tensor]) -> None:
    scores, truth = case
    every = sweep(scores, truth)
    assert every.area == pytest.approx(roc_auc_score(truth, scores))
    assert every.average_precision == pytest.approx(average_precision_score(truth, scores))


@quick
@given(scored(), some.floats(-0.5, 1.5))
def test_a_place_describes_its_threshold(case: tuple[Tensor, Tensor], threshold: float) -> None:
    scores, truth = case
    every = sweep(scores, truth)
    place = every.place(threshold)
    assert int(every.tp[place]) == int((truth & (scores >= threshold)).sum())
    assert int(every.fp[place]) == int((~truth & (scores >= threshold)).sum())


@quick
@given(scored(), COST, COST)
def test_no_threshold_is_cheaper_than_the_cheapest(case: tuple[Tensor, Tensor], miss: float, alarm: float) -> None:
    scores, truth = case
    found = cheapest(scores, truth, miss=miss, alarm=alarm)
    tried = [math.inf, 0.0, *scores.tolist(), *(scores + 1e-9).tolist()]
    best = min(total_cost(scores, truth, one, miss, alarm) for one in tried)
    assert total_cost(scores, truth, found, miss, alarm) == pytest.approx(best)
    costs = sweep(scores, truth).cost(miss=miss, alarm=alarm)
    assert float(costs.min()) == pytest.approx(best)


@quick
@given(scored(), SHARE)
def test_precision_elsewhere_is_what_copies_of_the_cases_give(case: tuple[Tensor, Tensor], prevalence: float) -> None:
    scores, truth = case
    every = sweep(scores, truth)
    weight = torch.where(truth, prevalence / every.positives, (1 - prevalence) / every.negatives).double()
    for place in range(1, len(every.thresholds)):
        flagged = scores >= every.thresholds[place]
        expected = float(weight[flagged & truth].sum() / weight[flagged].sum())
        found = precision_elsewhere(float(every.recall[place]), float(every.false_positive_rate[place]), prevalence)
        assert found == pytest.approx(expected)


@quick
@given(some.lists(SHARE, min_size=1, max_size=9), SHARE, SHARE)
def test_a_shift_there_and_back_changes_nothing_and_keeps_the_order(said: list[float], old: float, new: float) -> None:
    before = torch.tensor(said, dtype=torch.float64)
    after = shift_prior(before, old=old, new=new)
    torch.testing.assert_close(shift_prior(after, old=new, new=old), before)
    assert torch.equal(after.argsort(stable=True), before.argsort(stable=True)) or len(before.unique()) < len(before)
    odds = (after / (1 - after)) / (before / (1 - before))
    torch.testing.assert_close(odds, torch.full_like(odds, new / (1 - new) * (1 - old) / old))


@quick
@given(scored(FINE), some.sampled_from([1, 2, 5, 10, 15]))
def test_the_calibration_error_is_that_of_torchmetrics(case: tuple[Tensor, Tensor], bins: int) -> None:
    scores, truth = case
    edges = scores * bins
    assume(bool(((edges - edges.round()).abs() > 1e-4).all()))  # torchmetrics rounds the edges in float32
    points = reliability(scores, truth, bins=bins)
    expected = binary_calibration_error(scores.float(), truth.int(), n_bins=bins, norm="l1")
    assert calibration_error(points) == pytest.approx(expected.item(), abs=1e-5)
    assert sum(point.count for point in points) == len(scores)


@settings(max_examples=25, deadline=None)
@given(some.floats(0.3, 6), some.integers(0, 1000), some.sampled_from([1, 4]))
def test_a_temperature_is_found_again(hot: float, seed: int, classes: int) -> None:
    dice = torch.Generator().manual_seed(seed)
    true = torch.randn(4000, classes, generator=dice, dtype=torch.float64) * 2
    if classes == 1:
        true = true[:, 0]
        target = torch.bernoulli(true.sigmoid(), generator=dice)
    else:
        target = torch.multinomial(true.softmax(1), 1, generator=dice)[:, 0]
    found = fit_temperature(true * hot, target)
    assert found == pytest.approx(hot, rel=0.15)
    assert fit_temperature((true - 1) * hot, target, offset=1.0) == pytest.approx(hot, rel=0.15)


def test_a_temperature_has_the_lowest_cross_entropy_of_all() -> None:
    dice = torch.Generator().manual_seed(4)
    logits = torch.randn(300, 5, generator=dice) * 4
    target = (logits + 4 * torch.randn(300, 5, generator=dice)).argmax(1)
    found = fit_temperature(logits, target)
    tried = (found, 0.99 * found, 1.01 * found)
    loss = {one: float(functional.cross_entropy(logits.double() / one, target)) for one in tried}
    assert min(loss, key=lambda one: loss[one]) == found


def test_cases_that_are_all_told_apart_ask_for_the_coldest_temperature() -> None:
    assert fit_temperature(torch.tensor([3.0, -3.0]), torch.tensor([1, 0])) == pytest.approx(0.02, rel=1e-3)


TRUTH = torch.tensor([True, False, True])


@pytest.mark.parametrize(
    ("scores", "truth", "words"),
    [
        (torch.rand(3), torch.tensor([True] * 3), "3 positive and 0 negative"),
        (torch.rand(3), torch.tensor([0, 0, 0]), "0 positive and 3 negative"),
        (torch.rand(0), torch.zeros(0), "0 positive and 0 negative"),
        (torch.rand(2), TRUTH, r"seen \(2,\) and \(3,\)"),
        (torch.rand(3, 1), TRUTH, r"seen \(3, 1\) and \(3,\)"),
        (torch.tensor([0.1, math.nan, 0.3]), TRUTH, "1 of 3 scores are nan"),
        (torch.rand(3), torch.tensor([0, 1, 4]), "the truth is 1 or True"),
    ],
)
def test_what_no_curve_can_be_made_of_is_named(scores: Tensor, truth: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sweep(scores, truth)


@pytest.mark.parametrize(("miss", "alarm"), [(-1, 1), (1, math.nan), (math.inf, 1), (0, 0)])
def test_costs_that_choose_nothing_are_refused(miss: float, alarm: float) -> None:
    with pytest.raises(ValueError, match="cost"):
        cheapest(torch.rand(3), TRUTH, miss=miss, alarm=alarm)


@pytest.mark.parametrize("prevalence", [0, 1, -0.1, 1.5, math.nan])
def test_a_prevalence_that_is_no_share_is_refused(prevalence: float) -> None:
    with pytest.raises(ValueError, match="prevalence lies between 0 and 1"):
        precision_elsewhere(0.9, 0.1, prevalence)
    with pytest.raises(ValueError, match="prevalence lies between 0 and 1"):
        shift_prior(torch.rand(2), old=0.5, new=prevalence)


def test_other_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"recall is a share in 0\.\.1; seen 1\.2"):
        precision_elsewhere(1.2, 0.1, 0.5)
    with pytest.raises(ValueError, match="1 bin or more; seen 0"):
        reliability(torch.rand(3), TRUTH, bins=0)
    with pytest.raises(ValueError, match=r"Logits go through a sigmoid first"):
        reliability(torch.tensor([-2.0, 0.1, 3.0]), TRUTH)
    with pytest.raises(ValueError, match="seen 2 and 3"):
        fit_temperature(torch.rand(2), TRUTH)
    with pytest.raises(ValueError, match="a threshold is a number; seen nan"):
        sweep(torch.rand(3), TRUTH).place(math.nan)


def test_nothing_flagged_has_no_precision_elsewhere() -> None:
    assert math.isnan(precision_elsewhere(0.0, 0.0, 0.1))


def test_the_cheapest_can_be_to_flag_none_or_all() -> None:
    scores, truth = torch.tensor([0.9, 0.1]), torch.tensor([False, True])
    assert cheapest(scores, truth, miss=1, alarm=3) == math.inf
    assert cheapest(scores, truth, miss=3, alarm=1) <= float(scores.min())
