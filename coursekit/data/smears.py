"""Simulated blood smears: red blood cells, some with a parasite. Simulated; not for diagnosis.

Every cell belongs to a slide, and every slide has its own stain, light, focus and noise, as glass slides have. So a
split by cell leaks what a split by slide does not. Everything is a seed and a function.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from coursekit.data.drawing import Dice, pixel_grid

CLASSES = ("healthy", "ring", "trophozoite", "schizont", "gametocyte")
SLIDE_SEED = 7_000_003


def render_cells(labels: Tensor, slides: Tensor, *, seed: int = 0, size: int = 64) -> Tensor:
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
    labels, slides = torch.as_tensor(labels), torch.as_tensor(slides)
    if labels.shape != slides.shape or labels.ndim != 1:
        raise ValueError(f"labels {tuple(labels.shape)} and slides {tuple(slides.shape)} must be the same length")
    if len(labels) and not (int(labels.min()) >= 0 and int(labels.max()) < len(CLASSES)):
        raise ValueError(f"labels must lie in 0..{len(CLASSES) - 1}; seen {int(labels.min())}..{int(labels.max())}")
    generator = torch.Generator().manual_seed(seed)
    dice = Dice(len(labels), generator, torch.device("cpu"))
    glass = _slide_properties(slides)
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
    inside = torch.sigmoid((1 - distance) * 25)[:, None]
    image = torch.lerp(glass["ground"], glass["cell"] + dice.normal(0.02, 3)[:, :, None, None], inside)
    pallor = torch.exp(-((distance / 0.45) ** 2)) * dice.uniform(0.05, 0.2)
    image = image + pallor[:, None] * inside

    parasite = _parasites(labels, x, y, center_x, center_y, radius, angle, dice) * dice.uniform(0.35, 0.95)
    image = torch.lerp(image, glass["dye"], parasite.clamp(0, 1)[:, None])
    dirt = _spot(x, y, dice.uniform(-0.9, 0.9), dice.uniform(-0.9, 0.9), dice.uniform(0.03, 0.08))
    dirt = dirt * dice.chance(0.5) * dice.uniform(0.3, 0.9)  # dye on the glass, on cells of any class
    image = torch.lerp(image, glass["dye"] * 0.9, dirt[:, None])
    image = image * (1 + 0.15 * (x * dice.normal(1) + y * dice.normal(1)))[:, None]
    return _photograph(image, glass, dice)


def _slide_properties(slides: Tensor) -> dict[str, Tensor]:
    """What is the same for all cells of a slide; colours have shape ``(N, 3, 1, 1)``, the rest ``(N, 1, 1, 1)``."""
    numbers, place = slides.unique(return_inverse=True)
    rows = []
    for number in numbers.tolist():
        generator = torch.Generator().manual_seed(SLIDE_SEED + 1_000_003 * number)
        rows.append(torch.cat([torch.randn(9, generator=generator), torch.rand(2, generator=generator)]))
    table = torch.stack(rows)[place] if rows else torch.empty(0, 11)
    base = torch.tensor([[0.93, 0.86, 0.84], [0.85, 0.58, 0.58], [0.38, 0.20, 0.55]])
    spread = torch.tensor([0.03, 0.05, 0.06])
    colors = base + table[:, :9].view(-1, 3, 3) * spread[:, None]
    names = ("ground", "cell", "dye")
    glass = {name: colors[:, row, :, None, None] for row, name in enumerate(names)}
    glass["blur"] = table[:, 9].view(-1, 1, 1, 1)
    glass["noise"] = (0.01 + 0.05 * table[:, 10]).view(-1, 1, 1, 1)
    return glass


def _spot(x: Tensor, y: Tensor, at_x: Tensor, at_y: Tensor, radius: Tensor) -> Tensor:
    return torch.exp(-((((x - at_x) ** 2 + (y - at_y) ** 2) / radius**2) ** 2))


def _parasites(
    labels: Tensor, x: Tensor, y: Tensor, center_x: Tensor, center_y: Tensor, radius: Tensor, angle: Tensor, dice: Dice
) -> Tensor:
    """Amount of dye at each pixel, shape ``(N, H, W)``, about 0..1; nothing for healthy cells."""
    at_x = center_x + dice.uniform(-0.3, 0.3) * radius
    at_y = center_y + dice.uniform(-0.3, 0.3) * radius
    far = torch.sqrt((x - at_x) ** 2 + (y - at_y) ** 2)
    band = torch.exp(-(((far - dice.uniform(0.13, 0.2)) / 0.035) ** 2)) * 0.8
    dot = _spot(x, y, at_x + dice.uniform(0.1, 0.16), at_y + dice.uniform(-0.1, 0.1), dice.uniform(0.05, 0.07))
    lobes = 1 + 0.25 * torch.sin(3 * torch.atan2(y - at_y, x - at_x) + dice.uniform(0, 6.28))
    blob = torch.sigmoid((dice.uniform(0.28, 0.38) * lobes - far) * 25) * 0.8
    grains = torch.zeros_like(far)
    for number in range(7):
        turn = 2 * math.pi * number / 7
        grain_x = at_x + 0.2 * math.cos(turn) + dice.uniform(-0.04, 0.04)
        grain_y = at_y + 0.2 * math.sin(turn) + dice.uniform(-0.04, 0.04)
        grains = grains + _spot(x, y, grain_x, grain_y, dice.uniform(0.06, 0.09))
    along = (x - at_x) * angle.cos() + (y - at_y) * angle.sin()
    across = (y - at_y) * angle.cos() - (x - at_x) * angle.sin() + 0.6 * along**2
    banana = torch.sigmoid((0.14 - torch.sqrt((along * 0.35) ** 2 + across**2)) * 30) * 0.85
    kinds = torch.stack([torch.zeros_like(far), band + dot, blob, grains.clamp(0, 1), banana])
    return kinds[labels, torch.arange(len(labels))]


def _photograph(image: Tensor, glass: dict[str, Tensor], dice: Dice) -> Tensor:
    image = torch.lerp(image, functional.avg_pool2d(image, 3, 1, 1, count_include_pad=False), glass["blur"])
    noise = torch.randn(image.shape, generator=dice.generator)
    return (image + noise * glass["noise"]).clamp(0, 1)
