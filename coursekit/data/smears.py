"""Blood smears drawn by code: red blood cells, some with a parasite. Simulated; not for diagnosis.

Every cell belongs to a slide, and every slide has its own stain, light, focus and noise, as glass slides have. So a
split by cell leaks what a split by slide does not. Everything is a seed and a function.

Here is how one cell looks. Sets of cells are in ``smear_sets``, whole fields of view in ``smear_fields``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from coursekit.data.drawing import Dice, pixel_grid

CLASSES = ("healthy", "ring", "trophozoite", "schizont", "gametocyte")
SIZE = 64  # side of a cell's image in pixels
SLIDE_SEED = 7_000_003
BLOCK = 128  # cells drawn at a time: larger batches leave the processor's cache and take longer


@dataclass(frozen=True)
class Glass:
    """What all cells of a slide share. Colours have shape ``(N, 3, 1, 1)``, the rest ``(N, 1, 1, 1)``."""

    ground: Tensor
    cell: Tensor
    dye: Tensor
    blur: Tensor  # 0 in focus, 1 not
    noise: Tensor  # standard deviation

    def rows(self, index: Tensor | slice) -> Glass:
        """The same for some of the cells."""
        return Glass(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Layers:
    """A batch of cells before it is laid on the glass. Shape ``(N, H, W)``; ``color`` is ``(N, 3, H, W)``."""

    inside: Tensor  # how much of a pixel the cell covers, 0..1
    color: Tensor
    parasite: Tensor  # how much dye the parasite holds, 0..1


def render_cells(labels: Tensor, slides: Tensor, *, seed: int = 0, size: int = SIZE) -> Tensor:
    """Draw one cell in the middle of each image.

    Args:
        labels: class indices, shape ``(N,)``, in the order of ``CLASSES``.
        slides: number of the slide of each cell, shape ``(N,)``; the same number is the same slide for every seed.
        seed: another seed draws other cells on the same slides.
        size: side in pixels.

    Returns:
        Images in 0..1, RGB, shape ``(N, 3, size, size)``, dtype float32.

    Raises:
        ValueError: if the two tensors differ in shape or a label is no class.
    """
    labels, slides = checked(labels, slides)
    generator = torch.Generator().manual_seed(seed)
    glass = slide_properties(slides)
    images = torch.empty(len(labels), 3, size, size)
    for start in range(0, len(labels), BLOCK):
        part = slice(start, start + BLOCK)
        images[part] = _draw_alone(labels[part], glass.rows(part), generator, size)
    return images


def checked(labels: Tensor, slides: Tensor) -> tuple[Tensor, Tensor]:
    """Labels and slides as tensors of the same length.

    Raises:
        ValueError: if they differ in shape or a label is no class.
    """
    labels, slides = torch.as_tensor(labels), torch.as_tensor(slides)
    if labels.shape != slides.shape or labels.ndim != 1:
        raise ValueError(f"labels {tuple(labels.shape)} and slides {tuple(slides.shape)} must be the same length")
    if len(labels) and not (int(labels.min()) >= 0 and int(labels.max()) < len(CLASSES)):
        raise ValueError(f"labels must lie in 0..{len(CLASSES) - 1}; seen {int(labels.min())}..{int(labels.max())}")
    return labels, slides


def slide_properties(slides: Tensor) -> Glass:
    """What is the same for all cells of a slide, a row for each entry of ``slides``."""
    numbers, place = slides.unique(return_inverse=True)
    rows = []
    for number in numbers.tolist():
        generator = torch.Generator().manual_seed(SLIDE_SEED + 1_000_003 * number)
        rows.append(torch.cat([torch.randn(9, generator=generator), torch.rand(2, generator=generator)]))
    table = torch.stack(rows)[place] if rows else torch.empty(0, 11)
    base = torch.tensor([[0.93, 0.86, 0.84], [0.85, 0.58, 0.58], [0.38, 0.20, 0.55]])
    spread = torch.tensor([0.03, 0.05, 0.06])
    colors = (base + table[:, :9].view(-1, 3, 3) * spread[:, None])[..., None, None]
    blur, noise = table[:, 9].view(-1, 1, 1, 1), (0.01 + 0.05 * table[:, 10]).view(-1, 1, 1, 1)
    return Glass(colors[:, 0], colors[:, 1], colors[:, 2], blur, noise)


def draw_layers(labels: Tensor, glass: Glass, dice: Dice, size: int = SIZE) -> Layers:
    """Cells and their parasites, not yet on the glass."""
    x, y = pixel_grid(size, "cpu")
    center_x, center_y = dice.uniform(-0.15, 0.15), dice.uniform(-0.15, 0.15)
    angle, stretch, radius = dice.uniform(0, math.pi), dice.uniform(0.86, 1.16), dice.uniform(0.55, 0.75)
    u = (x - center_x) * angle.cos() + (y - center_y) * angle.sin()
    v = (y - center_y) * angle.cos() - (x - center_x) * angle.sin()
    theta = torch.atan2(v, u)
    wobble = (
        1 + 0.04 * torch.sin(3 * theta + dice.uniform(0, 6.28)) + 0.03 * torch.sin(5 * theta + dice.uniform(0, 6.28))
    )
    distance = torch.sqrt((u * stretch) ** 2 + (v / stretch) ** 2) / (radius * wobble)
    inside = torch.sigmoid((1 - distance) * 25)
    shade = dice.normal(0.02, 3)[:, :, None, None]
    pallor = torch.exp(-((distance / 0.45) ** 2)) * dice.uniform(0.05, 0.2)
    parasite = _parasites(labels, x, y, center_x, center_y, radius, angle, dice) * dice.uniform(0.35, 0.95)
    return Layers(inside, glass.cell + shade + pallor[:, None], parasite.clamp(0, 1))


def spot(x: Tensor, y: Tensor, at_x: Tensor, at_y: Tensor, radius: Tensor) -> Tensor:
    """A round blot with a soft rim, 1 in its middle."""
    return torch.exp(-((((x - at_x) ** 2 + (y - at_y) ** 2) / radius**2) ** 2))


def photograph(image: Tensor, glass: Glass, generator: torch.Generator) -> Tensor:
    """What the camera makes of it: focus and noise of the slide, values kept in 0..1."""
    image = torch.lerp(image, functional.avg_pool2d(image, 3, 1, 1, count_include_pad=False), glass.blur)
    noise = torch.randn(image.shape, generator=generator)
    return (image + noise * glass.noise).clamp(0, 1)


def _draw_alone(labels: Tensor, glass: Glass, generator: torch.Generator, size: int) -> Tensor:
    dice = Dice(len(labels), generator, torch.device("cpu"))
    x, y = pixel_grid(size, "cpu")
    cell = draw_layers(labels, glass, dice, size)
    image = torch.lerp(glass.ground, cell.color, cell.inside[:, None])
    image = torch.lerp(image, glass.dye, cell.parasite[:, None])
    dirt = spot(x, y, dice.uniform(-0.9, 0.9), dice.uniform(-0.9, 0.9), dice.uniform(0.03, 0.08))
    dirt = dirt * dice.chance(0.5) * dice.uniform(0.3, 0.9)  # dye on the glass, on cells of any class
    image = torch.lerp(image, glass.dye * 0.9, dirt[:, None])
    image = image * (1 + 0.15 * (x * dice.normal(1) + y * dice.normal(1)))[:, None]
    return photograph(image, glass, generator)


def _parasites(
    labels: Tensor, x: Tensor, y: Tensor, center_x: Tensor, center_y: Tensor, radius: Tensor, angle: Tensor, dice: Dice
) -> Tensor:
    """Amount of dye at each pixel, shape ``(N, H, W)``, about 0..1; nothing for healthy cells.

    Random numbers are drawn for every cell, whatever its class, so that one label changes one image only.
    """
    at_x = center_x + dice.uniform(-0.3, 0.3) * radius
    at_y = center_y + dice.uniform(-0.3, 0.3) * radius
    ring_radius = dice.uniform(0.13, 0.2)
    dot_x, dot_y, dot_radius = dice.uniform(0.1, 0.16), dice.uniform(-0.1, 0.1), dice.uniform(0.05, 0.07)
    lobe_turn, blob_radius = dice.uniform(0, 6.28), dice.uniform(0.28, 0.38)
    grains = [(dice.uniform(-0.04, 0.04), dice.uniform(-0.04, 0.04), dice.uniform(0.06, 0.09)) for _ in range(7)]

    dye = torch.zeros(len(labels), x.shape[-2], x.shape[-1])
    for label, name in enumerate(CLASSES):
        rows = (labels == label).nonzero()[:, 0]
        if name == "healthy" or not len(rows):
            continue
        px, py = at_x[rows], at_y[rows]
        if name == "ring":
            far = torch.sqrt((x - px) ** 2 + (y - py) ** 2)
            band = torch.exp(-(((far - ring_radius[rows]) / 0.035) ** 2)) * 0.8
            dye[rows] = band + spot(x, y, px + dot_x[rows], py + dot_y[rows], dot_radius[rows])
        elif name == "trophozoite":
            far = torch.sqrt((x - px) ** 2 + (y - py) ** 2)
            lobes = 1 + 0.25 * torch.sin(3 * torch.atan2(y - py, x - px) + lobe_turn[rows])
            dye[rows] = torch.sigmoid((blob_radius[rows] * lobes - far) * 25) * 0.8
        elif name == "schizont":
            together = torch.zeros_like(dye[rows])
            for number, (off_x, off_y, grain_radius) in enumerate(grains):
                turn = 2 * math.pi * number / len(grains)
                grain_x, grain_y = px + 0.2 * math.cos(turn) + off_x[rows], py + 0.2 * math.sin(turn) + off_y[rows]
                together += spot(x, y, grain_x, grain_y, grain_radius[rows])
            dye[rows] = together.clamp(0, 1)
        else:
            turn_x, turn_y = angle[rows].cos(), angle[rows].sin()
            along = (x - px) * turn_x + (y - py) * turn_y
            across = (y - py) * turn_x - (x - px) * turn_y + 0.6 * along**2
            dye[rows] = torch.sigmoid((0.14 - torch.sqrt((along * 0.35) ** 2 + across**2)) * 30) * 0.85
    return dye
