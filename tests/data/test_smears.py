"""Simulated smears: the slide shows in every cell of it, the class in the dye."""

from __future__ import annotations

import pytest
import torch

from coursekit.data.smears import CLASSES, render_cells


def test_cells_are_reproducible_rgb_images() -> None:
    labels, slides = torch.arange(5), torch.tensor([3, 3, 4, 4, 4])
    images = render_cells(labels, slides, seed=2)
    assert images.shape == (5, 3, 64, 64)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert torch.equal(images, render_cells(labels, slides, seed=2))
    assert not torch.equal(images, render_cells(labels, slides, seed=3))


def test_a_slide_keeps_its_stain_over_seeds() -> None:
    def mean_color(slide: int, seed: int) -> torch.Tensor:
        images = render_cells(torch.zeros(30, dtype=torch.int64), torch.full((30,), slide), seed=seed)
        return images.mean((0, 2, 3))

    between = torch.stack([mean_color(slide, 0) for slide in range(6)])
    within = torch.stack([mean_color(0, seed) for seed in range(6)])
    assert between.std(0).mean() > 3 * within.std(0).mean()


def test_a_parasite_darkens_the_middle() -> None:
    slides = torch.arange(100) % 10
    darkest = [
        float(render_cells(torch.full((100,), label), slides)[:, 1, 16:48, 16:48].flatten(1).quantile(0.03, 1).mean())
        for label in range(len(CLASSES))
    ]
    assert all(value < darkest[0] - 0.03 for value in darkest[1:])


def test_bad_labels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.4; seen 5\.\.5"):
        render_cells(torch.tensor([5]), torch.tensor([0]))
    with pytest.raises(ValueError, match="same length"):
        render_cells(torch.tensor([1]), torch.tensor([0, 1]))
