"""What a clinic hands over for the capstone: simulated cells with the traps that real archives have.

Slides tend to hold one class, infected cells are rare, and some images were filed twice, the second time under another
slide. The judge draws other slides, with no trap in them. Simulated; not for diagnosis.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.data.smear_sets import SmearCells

PREVALENCE = 0.04  # share of infected cells where the model will be used
MISS, ALARM = 50, 1  # what a missed infected cell costs, and a healthy cell that is flagged
ARCHIVE = (0.7, 0.1, 0.08, 0.07, 0.05)  # share of each class among the cells that were labelled
INFECTED = 1 - ARCHIVE[0]
FRESH = (0.5, *(0.5 * share / INFECTED for share in ARCHIVE[1:]))  # the judge's: more infected ones, same mix of stages
PURITY = 0.7  # share of the archive's cells that are of their slide's own class
COPIES = 0.3  # of the archive's images are there a second time
FRESH_SLIDE = 100_000  # the judge's slides begin here, the archives' below


@dataclass(frozen=True)
class Cells:
    """Labelled cells. Images are drawn when they are first asked for.

    Attributes:
        source: the cells as they were simulated.
        index: the cell of each row in ``source``, shape ``(N,)``.
        slides: number of the slide under which each row was filed, shape ``(N,)``.
    """

    source: SmearCells
    index: Tensor
    slides: Tensor

    @property
    def images(self) -> Tensor:
        """Shape ``(N, 3, 64, 64)``, float32 in 0..1, not normalised."""
        return self.source.images[self.index]

    @property
    def labels(self) -> Tensor:
        """Class indices in the order of ``coursekit.data.smears.CLASSES``, shape ``(N,)``; 0 is healthy."""
        return self.source.labels[self.index]

    @property
    def infected(self) -> Tensor:
        """True for a cell with a parasite of any stage, shape ``(N,)``."""
        return self.labels > 0

    def __len__(self) -> int:
        return len(self.index)


def clinic_cells(cells: int = 300, *, slides: int = 24, seed: int = 0) -> Cells:
    """The raw archive, in no order: different images, and copies of some of them that were filed under other slides.

    Args:
        cells: how many different images; the copies come on top.
        slides: how many slides they are from, at most 90.
        seed: another seed gives another archive, on other slides.

    Raises:
        ValueError: if a number makes no sense; the message says which and what was expected.
    """
    if not 2 <= slides <= 90:
        raise ValueError(f"an archive has 2 to 90 slides; seen {slides}")
    if cells < slides:
        raise ValueError(f"an archive needs a cell of each slide; seen {cells} cells and {slides} slides")
    first = 100 * (seed % (FRESH_SLIDE // 100))
    source = SmearCells(cells, slides=slides, prevalence=ARCHIVE, purity=PURITY, first_slide=first, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    copied = torch.randperm(cells, generator=generator)[: round(COPIES * cells)]
    steps = torch.randint(1, slides, (len(copied),), generator=generator)  # to another slide, in a circle
    numbers = first + (source.slides[copied] - first + steps) % slides
    order = torch.randperm(cells + len(copied), generator=generator)
    index = torch.cat([torch.arange(cells), copied])[order]
    return Cells(source, index, torch.cat([source.slides, numbers])[order])


def fresh_cells(cells: int = 300, *, slides: int = 30, seed: int = 0) -> Cells:
    """Cells of slides that no archive has, half of them infected; weight them to the clinic's prevalence.

    Args:
        cells: how many, spread evenly over the slides.
        slides: how many slides, at most 90.
        seed: another seed gives other cells on other slides.

    Raises:
        ValueError: if there are more slides than have numbers of their own.
    """
    if slides > 90:
        raise ValueError(f"fresh cells come from at most 90 slides; seen {slides}")
    first = FRESH_SLIDE + 100 * (seed % 10_000)
    source = SmearCells(cells, slides=slides, prevalence=FRESH, first_slide=first, seed=seed)
    return Cells(source, torch.arange(cells), source.slides)
