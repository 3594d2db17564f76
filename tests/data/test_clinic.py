"""The capstone's archive has the traps that it promises, and the judge's slides have none of them."""

from __future__ import annotations

import pytest
import torch

from coursekit.data.clinic import ARCHIVE, COPIES, FRESH, Cells, clinic_cells, fresh_cells


def different(cells: Cells) -> int:
    return len({image.numpy().tobytes() for image in cells.images})


def test_copies_lie_on_another_slide_and_have_the_same_pixels() -> None:
    cells = clinic_cells(60, slides=6, seed=2)
    assert len(cells) == 60 + round(COPIES * 60)
    assert different(cells) == 60
    for index in cells.index.unique(return_counts=True)[0]:
        rows = (cells.index == index).nonzero()[:, 0]
        assert len(rows) <= 2
        if len(rows) == 2:
            assert cells.slides[rows[0]] != cells.slides[rows[1]]
            assert torch.equal(cells.images[rows[0]], cells.images[rows[1]])


def test_most_slides_hold_mostly_one_class() -> None:
    cells = clinic_cells(480, slides=24, seed=1)
    largest = []
    for slide in cells.source.slides.unique():
        labels = cells.source.labels[cells.source.slides == slide]
        largest.append(labels.bincount().max() / len(labels))
    assert torch.stack(largest).median() > 0.7


def test_infected_cells_are_the_smaller_part_and_fresh_ones_half() -> None:
    archived, fresh = clinic_cells(900, slides=90, seed=3), fresh_cells(2000, seed=3)
    assert abs(archived.infected.float().mean() - (1 - ARCHIVE[0])) < 0.06
    assert abs(fresh.infected.float().mean() - 0.5) < 0.04
    assert sum(FRESH) == pytest.approx(1)
    ratio = [new / old for new, old in zip(FRESH[1:], ARCHIVE[1:], strict=True)]
    assert ratio == pytest.approx([ratio[0]] * 4), "the same mix of stages"


def test_no_fresh_slide_is_in_any_archive_and_seeds_differ() -> None:
    archives = [clinic_cells(30, slides=10, seed=seed) for seed in (0, 1, 999, 12_345)]
    fresh = [fresh_cells(30, slides=10, seed=seed) for seed in (0, 1, 999, 12_345)]
    numbers = [set(cells.slides.tolist()) for cells in (*archives, *fresh)]
    assert len(set.union(*numbers)) == sum(map(len, numbers))
    again = clinic_cells(30, slides=10, seed=1)
    assert torch.equal(again.slides, archives[1].slides)
    assert torch.equal(again.images, archives[1].images)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="2 to 90 slides; seen 1"):
        clinic_cells(slides=1)
    with pytest.raises(ValueError, match="seen 5 cells and 10 slides"):
        clinic_cells(5, slides=10)
    with pytest.raises(ValueError, match="at most 90 slides; seen 91"):
        fresh_cells(slides=91)
