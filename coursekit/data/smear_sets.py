"""Sets of simulated blood cells with slides and a prevalence to choose, and two ways to split them.

The traps of real medical images are in here on purpose. With ``purity`` above 0 the cells of a slide tend to be of one
class, as when slides come from patients: then a model can read the class off the stain, a split by cell rewards it for
that, and a split by slide shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from coursekit.data.smears import CLASSES, SIZE, render_cells

EVEN = (0.2, 0.2, 0.2, 0.2, 0.2)
SCREENING = (0.96, 0.015, 0.01, 0.01, 0.005)  # as in a clinic: most cells are healthy


class SmearCells(Dataset[tuple[Any, int]]):
    """Simulated cells as a data set: item ``i`` is ``(image, label)``.

    Attributes:
        labels: class indices, shape ``(N,)``, in the order of ``classes``.
        slides: number of each cell's slide, shape ``(N,)``.
        classes: the names of the classes.
    """

    classes = CLASSES

    def __init__(
        self,
        cells: int = 1000,
        *,
        slides: int = 20,
        prevalence: Sequence[float] = EVEN,
        purity: float = 0.0,
        first_slide: int = 0,
        seed: int = 0,
        size: int = SIZE,
        transform: Callable[[Tensor], Any] | None = None,
    ) -> None:
        """Choose labels and slides; images are drawn when they are first asked for.

        Args:
            cells: how many, spread evenly over the slides.
            slides: how many slides.
            prevalence: share of each class among all cells, in the order of ``CLASSES``; adds up to 1.
            purity: 0 gives every slide the same mix of classes, 1 gives it one class.
            first_slide: number of the first slide; sets without a common slide share no stain.
            seed: another seed gives other cells, on the same slides.
            size: side of an image in pixels.
            transform: called with each image, a float tensor in 0..1 of shape ``(3, size, size)``.

        Raises:
            ValueError: if a number makes no sense; the message says which and what was expected.
        """
        shares = torch.as_tensor(prevalence, dtype=torch.float64)
        if shares.shape != (len(CLASSES),) or bool((shares < 0).any()) or abs(float(shares.sum()) - 1) > 1e-6:
            raise ValueError(
                f"prevalence must be {len(CLASSES)} shares of {', '.join(CLASSES)} that add up to 1; seen {prevalence}"
            )
        if cells < 0 or slides < 1:
            raise ValueError(f"cells must be 0 or more and slides 1 or more; seen cells={cells}, slides={slides}")
        if not 0 <= purity <= 1:
            raise ValueError(f"purity must lie in 0..1; seen {purity}")
        generator = torch.Generator().manual_seed(seed)
        place = torch.arange(cells) % slides
        own = _spread(shares, slides, generator)  # the class that a pure slide is of
        drawn = torch.multinomial(shares, max(cells, 1), replacement=True, generator=generator)[:cells]
        pure = torch.rand(cells, generator=generator) < purity
        self.labels = torch.where(pure, own[place], drawn)
        self.slides = place + first_slide
        self.size, self.transform, self._seed = size, transform, seed
        self._images: Tensor | None = None

    @property
    def images(self) -> Tensor:
        """All images without the transform, shape ``(N, 3, size, size)``, float32 in 0..1."""
        if self._images is None:
            self._images = render_cells(self.labels, self.slides, seed=self._seed, size=self.size)
        return self._images

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self.images[index]
        return self.transform(image) if self.transform else image, int(self.labels[index])


def split_by_cell(cells: SmearCells, share: float = 0.25, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Indices for training and for testing, drawn cell by cell: every slide is in both.

    Args:
        cells: the set to split.
        share: of the cells, for testing.
        seed: another seed, another split.
    """
    order = torch.randperm(len(cells), generator=torch.Generator().manual_seed(seed))
    count = round(len(cells) * share)
    return order[count:].sort().values, order[:count].sort().values


def split_by_slide(cells: SmearCells, share: float = 0.25, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Indices for training and for testing; all cells of a slide are on one side.

    Args:
        cells: the set to split.
        share: of the slides, for testing; at least one slide is on each side.
        seed: another seed, another split.

    Raises:
        ValueError: if there is one slide only.
    """
    slides = cells.slides.unique()
    if len(slides) < 2:
        raise ValueError(f"a split by slide needs two slides or more; seen {len(slides)}")
    order = slides[torch.randperm(len(slides), generator=torch.Generator().manual_seed(seed))]
    count = min(max(round(len(slides) * share), 1), len(slides) - 1)
    held_out = torch.isin(cells.slides, order[:count])
    return (~held_out).nonzero()[:, 0], held_out.nonzero()[:, 0]


def _spread(shares: Tensor, slides: int, generator: torch.Generator) -> Tensor:
    """A class for each slide, in numbers that follow the shares as closely as whole slides can."""
    marks = (torch.arange(slides, dtype=torch.float64) + 0.5) / slides
    classes = torch.searchsorted(shares.cumsum(0), marks).clamp(max=len(shares) - 1)
    return classes[torch.randperm(slides, generator=generator)]
