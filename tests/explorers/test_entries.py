"""The front holds exactly the points that nothing beats, and the best under a budget is on it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.explorers import catalogue, pareto_front
from coursekit.explorers.entries import best_within

POINTS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=25)


def _beats(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[0] and one[1] >= other[1] and one != other


@given(POINTS)
def test_the_front_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    front = pareto_front([cost for cost, _ in points], [value for _, value in points])
    unbeaten = {point for point in points if not any(_beats(other, point) for other in points)}
    assert {points[index] for index in front} == unbeaten
    assert len(front) == len(unbeaten), "of equal points only one is on the front"


@given(POINTS)
def test_the_front_rises_in_cost_and_value(points: list[tuple[int, int]]) -> None:
    front = [points[index] for index in pareto_front([c for c, _ in points], [v for _, v in points])]
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in itertools.pairwise(front))


@given(POINTS, st.integers(-1, 9))
def test_the_best_within_a_budget_is_the_best_of_all_that_fit(points: list[tuple[int, int]], budget: int) -> None:
    best = best_within([cost for cost, _ in points], [value for _, value in points], budget)
    fitting = [value for cost, value in points if cost <= budget]
    assert (best is None) == (not fitting)
    if best is not None:
        assert points[best][0] <= budget
        assert points[best][1] == max(fitting)


def test_as_many_costs_as_values() -> None:
    with pytest.raises(ValueError, match="2 costs and 1 values"):
        pareto_front([1, 2], [1])


def test_the_catalogue_is_every_classification_entry_as_its_meta_says() -> None:
    from torchvision.models import ResNet18_Weights, get_weight

    entries = catalogue()
    assert len({entry.weights for entry in entries}) == len(entries) > 100
    one = next(entry for entry in entries if entry.weights == "ResNet18_Weights.IMAGENET1K_V1")
    meta = ResNet18_Weights.IMAGENET1K_V1.meta
    assert (one.model, one.gflops, one.mb) == ("resnet18", meta["_ops"], meta["_file_size"])
    assert one.params * 1e6 == pytest.approx(meta["num_params"])
    assert all(get_weight(entry.weights).meta["_metrics"]["ImageNet-1K"]["acc@1"] == entry.acc1 for entry in entries)
    assert all(math.isfinite(entry.acc1 + entry.acc5 + entry.gflops + entry.params + entry.mb) for entry in entries)
    assert "VGG16_Weights.IMAGENET1K_FEATURES" not in {entry.weights for entry in entries}, "it has no accuracy"
    assert "course_resnet18" not in {entry.model for entry in entries}, "its score is on other images"
