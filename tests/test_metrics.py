"""Counts and averages agree with scikit-learn and torchmetrics on any answers; intervals cover what they promise."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from torch import Tensor
from torchmetrics.functional import classification as tm

from coursekit.metrics import Counts, Interval, Scores, accuracy, bootstrap, confusion, scores

AVERAGES = ("macro", "micro", "weighted")
counts = st.integers(0, 60)


@st.composite
def answered(draw: Any, classes: int | None = None) -> tuple[Tensor, Tensor, int]:
    """Predictions and truth of one to sixty images; some classes may be missing from either."""
    number = draw(st.integers(2, 6)) if classes is None else classes
    pairs = draw(st.lists(st.tuples(st.integers(0, number - 1), st.integers(0, number - 1)), min_size=1, max_size=60))
    predicted, target = (torch.tensor(one) for one in zip(*pairs, strict=True))
    return predicted, target, number


def spread(tp: int, fp: int, fn: int, tn: int) -> tuple[Tensor, Tensor]:
    """Predictions and truth that have these four counts."""
    return torch.tensor([1] * (tp + fp) + [0] * (fn + tn)), torch.tensor([1] * tp + [0] * fp + [1] * fn + [0] * tn)


def same(one: float | Tensor, other: float) -> bool:
    return math.isclose(float(one), float(other), abs_tol=1e-5) or (math.isnan(float(one)) and math.isnan(float(other)))


@given(answered())
@settings(deadline=None)
def test_the_matrix_is_scikit_learns(answers: tuple[Tensor, Tensor, int]) -> None:
    predicted, target, classes = answers
    matrix = confusion(predicted, target, classes)
    assert matrix.tolist() == sk.confusion_matrix(target, predicted, labels=range(classes)).tolist()
    assert matrix.sum(dim=1).tolist() == torch.bincount(target, minlength=classes).tolist()


@given(answered())
@settings(deadline=None)
def test_each_class_is_as_in_scikit_learn_with_nan_for_nothing(answers: tuple[Tensor, Tensor, int]) -> None:
    predicted, target, classes = answers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sk.precision_recall_fscore_support(target, predicted, labels=range(classes), zero_division=np.nan)
    for ours, theirs in zip(scores(predicted, target, classes), expected[:3], strict=True):
        assert all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    for place in range(classes):
        own = Counts.of(predicted, target, positive=place)
        for value, theirs in zip((own.precision, own.recall, own.f1), expected[:3], strict=True):
            assert same(value, theirs[place])


@given(answered(), st.sampled_from(AVERAGES))
@settings(deadline=None)
def test_averages_are_as_in_both_libraries(answers: tuple[Tensor, Tensor, int], average: Any) -> None:
    predicted, target, classes = answers
    ours = scores(predicted, target, classes, average=average, undefined=0)
    theirs = sk.precision_recall_fscore_support(target, predicted, average=average, zero_division=0)[:3]
    functions = (tm.multiclass_precision, tm.multiclass_recall, tm.multiclass_f1_score)
    for one, other, function in zip(ours, theirs, functions, strict=True):
        assert same(one, other)
        assert same(one, function(predicted, target, num_classes=classes, average=average).item())


@given(answered())
@settings(deadline=None)
def test_an_average_over_a_class_without_a_value_has_none_and_micro_is_the_accuracy(
    answers: tuple[Tensor, Tensor, int],
) -> None:
    predicted, target, classes = answers
    present = torch.cat([predicted, target]).unique()
    each, macro = scores(predicted, target, classes), scores(predicted, target, classes, average="macro")
    for values, mean in zip(each, macro, strict=True):
        assert same(values[present].mean(), mean)
    assert all(same(one, accuracy(predicted, target)) for one in scores(predicted, target, classes, average="micro"))
    assert same(scores(predicted, target, classes, average="weighted").recall, accuracy(predicted, target))


@given(counts, counts, counts, counts)
@settings(deadline=None)
def test_the_hand_count_agrees_with_both_libraries(tp: int, fp: int, fn: int, tn: int) -> None:
    own = Counts(tp, fp, fn, tn)
    assert Counts.of(*spread(tp, fp, fn, tn)) == own
    if own.total == 0:
        assert all(math.isnan(one) for one in (own.accuracy, own.precision, own.recall, own.f1, own.prevalence))
        return
    predicted, target = spread(tp, fp, fn, tn)
    functions = {
        "precision": (sk.precision_score, tm.binary_precision),
        "recall": (sk.recall_score, tm.binary_recall),
        "f1": (sk.f1_score, tm.binary_f1_score),
    }
    for name, (in_sklearn, in_torchmetrics) in functions.items():
        value = getattr(own, name)
        assert same(value, in_sklearn(target, predicted, zero_division=np.nan)), name
        if not math.isnan(value):
            assert same(value, in_torchmetrics(predicted, target).item()), name
    assert same(own.accuracy, sk.accuracy_score(target, predicted))
    assert same(own.specificity, Counts(tn, fn, fp, tp).recall)


def test_the_founding_example() -> None:
    own = Counts(tp=40, fp=10, fn=5, tn=45)
    assert (own.accuracy, own.precision, round(own.recall, 2), round(own.f1, 2)) == (0.85, 0.8, 0.89, 0.84)


@given(counts, counts, counts, counts)
def test_precision_at_the_own_prevalence_is_the_precision(tp: int, fp: int, fn: int, tn: int) -> None:
    own = Counts(tp, fp, fn, tn)
    if tp + fn and fp + tn:
        assert same(own.precision_at(own.prevalence), own.precision)
        assert own.precision_at(0.0) == 0 or math.isnan(own.precision_at(0.0))


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40), st.floats(0, 1))
@settings(deadline=None)
def test_a_threshold_is_reached_by_its_own_value(pairs: list[tuple[float, int]], threshold: float) -> None:
    probabilities, target = (
        torch.tensor([p for p, _ in pairs], dtype=torch.float64),
        torch.tensor([t for _, t in pairs]),
    )
    own = Counts.at(threshold, probabilities, target)
    assert own.tp + own.fp == sum(p >= threshold for p, _ in pairs)
    assert own.tp + own.fn == sum(t for _, t in pairs)


def test_costs_count_each_error_once() -> None:
    assert Counts(80, 10, 20, 890).cost(miss=10, alarm=1) == 210


@given(answered(), st.integers(0, 5))
@settings(deadline=None, max_examples=25)
def test_an_interval_is_in_order_and_repeats(answers: tuple[Tensor, Tensor, int], seed: int) -> None:
    predicted, target, _ = answers
    first = bootstrap(accuracy, predicted, target, draws=50, seed=seed)
    assert 0 <= first.low <= first.high <= 1
    assert first == bootstrap(accuracy, predicted, target, draws=50, seed=seed)
    assert first.value == accuracy(predicted, target)


@pytest.mark.parametrize(("right", "total"), [(85, 100), (340, 400), (50, 100)])
def test_the_width_is_that_of_the_binomial(right: int, total: int) -> None:
    predicted, target = (torch.arange(total) < right).long(), torch.ones(total, dtype=torch.int64)
    found = bootstrap(accuracy, predicted, target, draws=2000)
    share = right / total
    expected = 2 * 1.96 * math.sqrt(share * (1 - share) / total)
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    generator = torch.Generator().manual_seed(0)
    held = 0
    for seed in range(200):
        predicted = (torch.rand(150, generator=generator) < 0.8).long()
        found = bootstrap(accuracy, predicted, torch.ones_like(predicted), draws=200, seed=seed)
        held += found.low <= 0.8 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_on_clustered_images_only_drawing_slides_covers() -> None:
    generator = torch.Generator().manual_seed(1)
    held = {"images": 0, "slides": 0}
    for seed in range(200):
        rates = torch.where(torch.rand(20, generator=generator) < 0.8, 1.0, 0.0)  # a slide is right, or it is not
        hits = rates.repeat_interleave(10).long()
        slides = torch.arange(20).repeat_interleave(10)
        for name, groups in {"images": None, "slides": slides}.items():
            found = bootstrap(accuracy, hits, torch.ones_like(hits), groups=groups, draws=200, seed=seed)
            held[name] += found.low <= 0.8 <= found.high
    assert held["images"] / 200 < 0.7
    assert held["slides"] / 200 > 0.85


def test_a_group_is_drawn_with_all_its_images() -> None:
    groups = torch.tensor([0, 0, 0, 1, 1, 7])
    seen = []
    bootstrap(lambda rows: seen.append(rows) or 0.0, torch.arange(6), groups=groups, draws=40)
    members = {0: {0, 1, 2}, 1: {3, 4}, 7: {5}}
    for rows in seen:
        numbers = rows.tolist()
        assert all(numbers.count(a) == numbers.count(b) for one in members.values() for a in one for b in one)
    assert len({len(rows) for rows in seen[:-1]}) > 1  # groups differ in size, so draws do


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    generator = torch.Generator().manual_seed(2)
    target = torch.ones(400, dtype=torch.int64)
    one = (torch.rand(400, generator=generator) < 0.85).long()
    other = torch.where(torch.rand(400, generator=generator) < 0.05, 1 - one, one)
    paired = bootstrap(lambda a, b, t: accuracy(a, t) - accuracy(b, t), one, other, target)
    alone = bootstrap(accuracy, one, target)
    assert paired.high - paired.low < alone.high - alone.low


def test_draws_without_a_value_are_left_out_and_counted() -> None:
    target = torch.tensor([1] + [0] * 9)
    found = bootstrap(lambda p, t: Counts.of(p, t).recall, target, target, draws=500)
    assert found.low == found.high == 1
    assert 100 < found.undefined < 250  # 0.9 ** 10 of the draws hold no positive
    nothing = torch.zeros(5, dtype=torch.int64)
    with pytest.raises(ValueError, match="no value in any of 20 draws"):
        bootstrap(lambda p, t: Counts.of(p, t).recall, nothing, nothing, draws=20)


def test_no_images_give_no_value_and_no_error() -> None:
    empty = torch.zeros(0, dtype=torch.int64)
    assert Counts.of(empty, empty) == Counts(0, 0, 0, 0)
    assert confusion(empty, empty, 3).tolist() == [[0] * 3] * 3
    assert math.isnan(accuracy(empty, empty))
    assert isinstance(scores(empty, empty, 3), Scores)
    assert scores(empty, empty, 3).recall.isnan().all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Counts(-1, 0, 0, 0), "tp counts images"),
        (lambda: Counts(1, 1, 1, 1).precision_at(1.5), "lies in 0..1; seen 1.5"),
        (
            lambda: confusion(torch.tensor([0, 3]), torch.tensor([0, 1]), 3),
            r"predicted holds class indices 0..2; seen 0..3",
        ),
        (lambda: confusion(torch.tensor([0]), torch.tensor([0, 1]), 3), r"seen \(1,\) and \(2,\)"),
        (lambda: scores(torch.tensor([0.2]), torch.tensor([0]), 3), "argmax"),
        (lambda: bootstrap(accuracy), "needs images"),
        (lambda: bootstrap(accuracy, torch.ones(3), torch.ones(2)), "seen 3 and 2 rows"),
        (lambda: bootstrap(accuracy, torch.ones(3), torch.ones(3), level=95), "level=95"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_an_interval_unpacks() -> None:
    value, low, high, undefined = Interval(0.9, 0.8, 0.95)
    assert (value, low, high, undefined) == (0.9, 0.8, 0.95, 0)
