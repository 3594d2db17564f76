"""Whole fields of view of a simulated smear, with the truth that detection and segmentation are measured by.

Simulated; not for diagnosis. A field shows many cells of one slide. Each cell comes with its class, its box and the
mask of its visible part, computed from what was drawn, so the truth is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset

from coursekit.data.drawing import Dice, pixel_grid
from coursekit.data.smear_sets import EVEN, SmearCells
from coursekit.data.smears import SIZE, Layers, draw_layers, photograph, slide_properties, spot

NEAREST = 38.0  # pixels between the centres of two cells: now and then two of them touch or overlap a little
MARGIN = 24  # pixels from a centre to the rim: a cell may be cut off, but not by more than half
TRIES = 40  # places tried for each cell before the field counts as full


@dataclass(frozen=True)
class Field:
    """One field of view and its truth, for ``N`` cells; as torchvision's detection models take and give it."""

    image: Tensor  # (3, H, W), float32 in 0..1
    boxes: Tensor  # (N, 4), float32, pixels: x1, y1, x2, y2, as in torchvision.ops
    labels: Tensor  # (N,), int64, in the order of smears.CLASSES
    masks: Tensor  # (N, H, W), bool: the visible part of each cell; no pixel is in two
    parasites: Tensor  # (N, H, W), bool: the part of it that holds a parasite
    slide: int

    def target(self) -> dict[str, Tensor]:
        """The truth as torchvision's detection models and torchmetrics want it."""
        return {"boxes": self.boxes, "labels": self.labels, "masks": self.masks}


def render_field(
    cells: int = 40, *, prevalence: Sequence[float] = EVEN, slide: int = 0, seed: int = 0, size: int = 384
) -> Field:
    """Draw a field of view.

    Args:
        cells: how many to place; fewer are there if the field is full before.
        prevalence: share of each class, in the order of ``smears.CLASSES``.
        slide: number of the slide, as in ``smears.render_cells``.
        seed: another seed draws other cells in other places, on the same slide.
        size: side of the field in pixels; a cell is about 40 across.

    Raises:
        ValueError: if the prevalence is none, or the field is smaller than a cell.
    """
    if size < 2 * MARGIN + 1:
        raise ValueError(f"a field must be more than {2 * MARGIN} pixels wide; seen {size}")
    generator = torch.Generator().manual_seed(seed)
    centers = _places(cells, size, generator)
    labels = SmearCells(len(centers), slides=1, prevalence=prevalence, seed=seed).labels
    glass = slide_properties(torch.full((len(centers),), slide))
    layers = draw_layers(labels, glass, Dice(len(centers), generator, torch.device("cpu")))

    image, owner, parasite = _lay(layers, centers, size, slide)
    numbers = torch.arange(len(centers))[:, None, None]
    masks = owner == numbers
    seen = masks.flatten(1).any(1)  # a cell may lie under others
    image = _finish(image, slide, generator)
    return Field(
        image=image,
        boxes=_boxes(masks[seen]),
        labels=labels[seen],
        masks=masks[seen],
        parasites=(masks & parasite)[seen],
        slide=slide,
    )


class SmearFields(Dataset[tuple[Tensor, dict[str, Tensor]]]):
    """Fields of view as a data set: item ``i`` is ``(image, target)``, drawn when it is asked for."""

    def __init__(
        self,
        fields: int = 20,
        *,
        cells: int = 40,
        prevalence: Sequence[float] = EVEN,
        slides: int = 5,
        first_slide: int = 0,
        seed: int = 0,
        size: int = 384,
    ) -> None:
        """Args are those of :func:`render_field`; field ``i`` is of slide ``first_slide + i % slides``."""
        self._count, self._cells, self._prevalence = fields, cells, tuple(prevalence)
        self._slides, self._first, self._seed, self._size = slides, first_slide, seed, size

    def __len__(self) -> int:
        return self._count

    def field(self, index: int) -> Field:
        """One field with all that is known of it.

        Raises:
            IndexError: if there is none.
        """
        if not 0 <= index < self._count:
            raise IndexError(f"there are {self._count} fields; seen index {index}")
        return render_field(
            self._cells,
            prevalence=self._prevalence,
            slide=self._first + index % self._slides,
            seed=self._seed * 1_000_003 + index,
            size=self._size,
        )

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
        field = self.field(index)
        return field.image, field.target()


def _places(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Centres in whole pixels, shape ``(N, 2)`` as x, y, none nearer to another than ``NEAREST``."""
    tries = torch.randint(MARGIN, size - MARGIN, (count * TRIES, 2), generator=generator)
    kept = torch.empty(0, 2, dtype=torch.int64)
    for place in tries:
        if len(kept) == count:
            break
        if not len(kept) or float((kept - place).float().norm(dim=1).min()) >= NEAREST:
            kept = torch.cat([kept, place[None]])
    return kept


def _lay(layers: Layers, centers: Tensor, size: int, slide: int) -> tuple[Tensor, Tensor, Tensor]:
    """Lay cells on the glass, the later over the earlier: the image, the number of the cell on top of each pixel
    (-1 for none), and where there is a parasite."""
    half = SIZE // 2
    glass = slide_properties(torch.tensor([slide]))
    image = glass.ground[0].expand(3, size + 2 * half, size + 2 * half).clone()
    owner = torch.full(image.shape[1:], -1)
    parasite = torch.zeros(image.shape[1:], dtype=torch.bool)
    for number, (x, y) in enumerate(centers.tolist()):
        part = (slice(y, y + SIZE), slice(x, x + SIZE))  # the image has a rim of half a cell, cut off below
        inside, dye = layers.inside[number], layers.parasite[number]
        under = torch.lerp(image[:, *part], layers.color[number], inside)
        image[:, *part] = torch.lerp(under, glass.dye[0], dye * inside)
        covered = inside > 0.5
        owner[part] = torch.where(covered, number, owner[part])
        parasite[part] = torch.where(covered, dye * inside > 0.15, parasite[part])
    inner = slice(half, half + size)
    return image[:, inner, inner], owner[inner, inner], parasite[inner, inner]


def _finish(image: Tensor, slide: int, generator: torch.Generator) -> Tensor:
    """Dirt on the glass, uneven light, focus and noise."""
    glass = slide_properties(torch.tensor([slide]))
    size = image.shape[-1]
    x, y = pixel_grid(size, "cpu")
    specks = Dice(max(1, size // 40), generator, torch.device("cpu"))
    radius = specks.uniform(0.03, 0.08) * SIZE / size
    dirt = spot(x, y, specks.uniform(-1, 1), specks.uniform(-1, 1), radius) * specks.uniform(0.3, 0.9)
    image = torch.lerp(image, glass.dye[0] * 0.9, dirt.amax(0))
    light = Dice(1, generator, torch.device("cpu"))
    image = image * (1 + 0.08 * (x * light.normal(1) + y * light.normal(1)))
    return photograph(image[None], glass, generator)[0]


def _boxes(masks: Tensor) -> Tensor:
    """The tightest boxes around masks; x2 and y2 lie one past the last pixel, so that an area is a count of pixels."""
    size = masks.shape[-1]
    places = torch.arange(size)
    columns, rows = masks.any(1), masks.any(2)

    def ends(line: Tensor) -> tuple[Tensor, Tensor]:
        first = torch.where(line, places, size).amin(1) if len(line) else torch.empty(0)
        last = torch.where(line, places + 1, 0).amax(1) if len(line) else torch.empty(0)
        return first, last

    (x1, x2), (y1, y2) = ends(columns), ends(rows)
    return torch.stack([x1, y1, x2, y2], 1).float()
