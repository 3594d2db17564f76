"""Sets of simulated cells: prevalence and purity are what was asked for, and only one of the splits leaks slides."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.data.smear_sets import EVEN, SCREENING, SmearCells, split_by_cell, split_by_slide
from coursekit.data.smears import CLASSES


def test_a_set_is_a_seed_and_a_function() -> None:
    one, same, other = (SmearCells(30, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.images, same.images)
    assert torch.equal(one.labels, same.labels)
    assert not torch.equal(one.images, other.images)
    image, label = one[7]
    assert torch.equal(image, one.images[7])
    assert label == int(one.labels[7])
    assert len(one) == 30


def test_a_transform_is_applied_to_items_and_not_to_the_images() -> None:
    cells = SmearCells(4, transform=lambda image: image.mean())
    assert cells[0][0].ndim == 0
    assert cells.images.shape == (4, 3, 64, 64)


@pytest.mark.parametrize("purity", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("prevalence", [EVEN, SCREENING])
def test_the_prevalence_is_the_one_asked_for_whatever_the_purity(prevalence: tuple[float, ...], purity: float) -> None:
    cells = SmearCells(40_000, slides=2_000, prevalence=prevalence, purity=purity)
    seen = cells.labels.bincount(minlength=len(CLASSES)) / len(cells)
    assert torch.allclose(seen, torch.tensor(prevalence), atol=0.01)


def test_purity_says_how_much_a_slide_tells_of_its_cells() -> None:
    def share_of_the_commonest(purity: float) -> float:
        cells = SmearCells(10_000, slides=20, purity=purity)
        table = torch.zeros(20, len(CLASSES)).index_put_(
            (cells.slides, cells.labels), torch.ones(len(cells)), accumulate=True
        )
        return float((table.amax(1) / table.sum(1)).mean())

    assert share_of_the_commonest(0.0) < 0.35
    assert 0.5 < share_of_the_commonest(0.5) < 0.75
    assert share_of_the_commonest(1.0) == 1.0


@settings(max_examples=50, deadline=None)
@given(count=st.integers(2, 300), slides=st.integers(2, 40), share=st.floats(0.05, 0.95), seed=st.integers(0, 2**31))
def test_a_split_by_slide_shares_no_slide_and_loses_no_cell(count: int, slides: int, share: float, seed: int) -> None:
    cells = SmearCells(max(count, slides), slides=slides, seed=seed)
    train, test = split_by_slide(cells, share, seed=seed)
    assert not set(cells.slides[train].tolist()) & set(cells.slides[test].tolist())
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(cells)))
    assert len(train) > 0
    assert len(test) > 0
    train, test = split_by_cell(cells, share, seed=seed)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(cells)))


def test_a_split_by_cell_has_every_slide_on_both_sides() -> None:
    cells = SmearCells(2_000, slides=10)
    train, test = split_by_cell(cells)
    assert len(test) == 500
    assert set(cells.slides[train].tolist()) == set(cells.slides[test].tolist()) == set(range(10))


def test_a_later_first_slide_gives_other_slides() -> None:
    assert SmearCells(10, slides=5, first_slide=100).slides.unique().tolist() == [100, 101, 102, 103, 104]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"prevalence": (0.5, 0.5)}, "5 shares of healthy"),
        ({"prevalence": (0.5, 0.5, 0.5, 0.5, -1.0)}, "add up to 1"),
        ({"prevalence": (0.1,) * 5}, "add up to 1"),
        ({"purity": 1.5}, r"purity must lie in 0\.\.1; seen 1\.5"),
        ({"cells": -1}, "seen cells=-1"),
        ({"slides": 0}, "slides=0"),
    ],
)
def test_a_number_that_makes_no_sense_is_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SmearCells(**{"cells": 10, **wrong})


def test_one_slide_cannot_be_split_by_slide() -> None:
    with pytest.raises(ValueError, match="seen 1"):
        split_by_slide(SmearCells(5, slides=1))
