"""SHAPES1K: a thousand readable classes, rendered by code.

A class is a shape, a texture and a colour ("red striped hexagon"): 10 x 10 x 10. The whole data set
is a seed and a function, so it needs no download, and its splits cannot leak: each draws from its
own stream of random numbers.

Class index: ``100 * shape + 10 * texture + colour``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset

from coursekit.data.drawing import Dice, lose_resolution, pixel_grid, stray_marks, strip_color

SHAPES = ("disc", "ring", "triangle", "square", "pentagon", "hexagon", "star", "cross", "crescent", "heart")
TEXTURES = (
    "plain",
    "striped",
    "barred",
    "checked",
    "dotted",
    "slanted",
    "ringed",
    "speckled",
    "shaded",
    "gridded",
)
COLORS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "grey")
RGB = (
    (0.86, 0.13, 0.13),
    (0.98, 0.52, 0.08),
    (0.94, 0.88, 0.15),
    (0.18, 0.62, 0.22),
    (0.20, 0.82, 0.85),
    (0.14, 0.26, 0.86),
    (0.50, 0.16, 0.70),
    (0.97, 0.52, 0.74),
    (0.42, 0.25, 0.12),
    (0.56, 0.56, 0.56),
)
CATEGORIES = tuple(f"{color} {texture} {shape}" for shape in SHAPES for texture in TEXTURES for color in COLORS)

SPLIT_SEEDS = {"train": 1_000_003, "val": 2_000_003, "test": 3_000_017}
BLOCK = 250  # images rendered together: item i belongs to block i // BLOCK, so any item can be drawn alone


@dataclass(frozen=True)
class Style:
    """How much may vary between two images of one class. Lengths are in units of half the image's side."""

    rotation: float = 0.35  # radians, either way
    zoom: tuple[float, float] = (1.05, 1.75)  # 1 fills the image, 2 half of it
    shear: float = 0.0
    shift: float = 0.25
    light: float = 0.12  # standard deviation of a brightness ramp over the image
    tint: float = 0.03  # standard deviation of the object's colour, per channel
    noise: tuple[float, float] = (0.0, 0.04)
    blur: float = 0.0  # share of images that lose resolution
    clutter: float = 0.0  # share with stray lines and blots behind the object
    occlusion: float = 0.0  # share with a patch over a part
    contrast: float = 0.0  # contrast factor is exp of a normal with this standard deviation
    outline: float = 0.0  # share drawn as an outline: the texture cannot be known
    grey: float = 0.0  # share without colour: the colour cannot be known
    recolor: float = 0.0  # share with permuted or inverted channels: the colour cannot be known


CLEAN = Style()
AUGMENTED = Style(
    rotation=0.5,
    zoom=(0.85, 2.6),
    shear=0.25,
    shift=0.4,
    light=0.3,
    tint=0.05,
    noise=(0.0, 0.08),
    blur=0.35,
    clutter=0.5,
    occlusion=0.3,
    contrast=0.25,
    outline=0.25,
    grey=0.2,
    recolor=0.15,
)


def category(index: int) -> str:
    """The readable name of a class, for example ``"red striped hexagon"``."""
    return CATEGORIES[index]


def render(
    labels: Tensor, *, seed: int = 0, size: int = 64, style: Style = CLEAN, device: torch.device | str = "cpu"
) -> Tensor:
    """Draw one image for each label.

    Args:
        labels: class indices, shape ``(N,)``, dtype int64, each in 0..999.
        seed: the same seed, labels, size and style give the same images.
        size: side in pixels.
        style: what varies; ``CLEAN`` is the style of the splits.

    Returns:
        Images in 0..1, RGB, shape ``(N, 3, size, size)``, dtype float32.

    Raises:
        ValueError: if a label is outside 0..999 or ``labels`` is not one-dimensional.
    """
    labels = torch.as_tensor(labels, dtype=torch.int64)
    if labels.ndim != 1:
        raise ValueError(f"labels has shape {tuple(labels.shape)}; one dimension of class indices is expected")
    if len(labels) and not (0 <= int(labels.min()) and int(labels.max()) < len(CATEGORIES)):
        raise ValueError(f"labels must lie in 0..{len(CATEGORIES) - 1}; seen {int(labels.min())}..{int(labels.max())}")
    generator = torch.Generator(device=device).manual_seed(seed)
    return draw(labels.to(device), generator, size, style)[0]


def draw(labels: Tensor, generator: torch.Generator, size: int = 64, style: Style = CLEAN) -> tuple[Tensor, Tensor]:
    """Images as from :func:`render`, and which of shape, texture, colour can still be seen.

    Returns:
        ``(images, visible)`` with shapes ``(N, 3, size, size)`` and ``(N, 3)`` (bool).
    """
    device, count = labels.device, len(labels)
    dice = Dice(count, generator, device)
    x, y = pixel_grid(size, device)
    u, v = _object_coordinates(x, y, dice, style)
    mask = _by_kind(labels // 100, _SHAPE_FIELDS, u, v)
    edge = size * 0.4
    body = torch.sigmoid(mask * edge)
    phase = dice.uniform(0, 0.9)
    pattern = _by_kind(labels // 10 % 10, _TEXTURE_FIELDS, u + phase, v + phase)
    speckled = (labels // 10 % 10 == TEXTURES.index("speckled")).nonzero()[:, 0]
    if len(speckled):
        pattern[speckled] = _speckles(u[speckled], v[speckled], generator)

    outlined = dice.chance(style.outline)
    visible = torch.ones(count, 3, dtype=torch.bool, device=device)
    if style.outline:
        width = dice.uniform(0.06, 0.18)
        body = torch.where(outlined, torch.sigmoid((width - mask.abs()) * edge), body)
        pattern = torch.where(outlined, torch.ones_like(pattern), pattern)
        visible[:, 1] &= ~outlined.flatten()

    color = torch.tensor(RGB, device=device)[labels % 10] + dice.normal(style.tint, 3)
    dark = color * dice.uniform(0.3, 0.5, 1)
    inside = torch.lerp(dark[:, :, None, None], color[:, :, None, None], pattern[:, None])
    image = torch.lerp(_backdrop(dice, size, style), inside, body[:, None])
    if style.occlusion:
        image = _occlude(image, x, y, dice, style.occlusion)
    image, recolored = _light_and_film(image, x, y, dice, style)
    visible[:, 2] &= ~recolored.flatten()
    return image, visible


def _object_coordinates(x: Tensor, y: Tensor, dice: Dice, style: Style) -> tuple[Tensor, Tensor]:
    angle = dice.uniform(-style.rotation, style.rotation)
    zoom = dice.uniform(*style.zoom)
    moved_x = x - dice.uniform(-style.shift, style.shift)
    moved_y = y - dice.uniform(-style.shift, style.shift)
    u = (moved_x * angle.cos() + moved_y * angle.sin()) * zoom
    v = (moved_y * angle.cos() - moved_x * angle.sin()) * zoom
    if style.shear:
        u = u + v * dice.normal(style.shear * 0.5)
        stretch = dice.normal(style.shear * 0.5).exp()
        u, v = u * stretch, v / stretch
    return u, v


Field = Callable[[Tensor, Tensor], Tensor]


def _by_kind(kinds: Tensor, fields: tuple[Field, ...], u: Tensor, v: Tensor) -> Tensor:
    """Evaluate each image's own field: one call a kind that occurs."""
    out = torch.empty_like(u)
    for kind, field in enumerate(fields):
        rows = (kinds == kind).nonzero()[:, 0]
        if len(rows):
            out[rows] = field(u[rows], v[rows])
    return out


def _radius(u: Tensor, v: Tensor) -> Tensor:
    return torch.sqrt(u * u + v * v)


def _polygon(sides: int, radius: float) -> Field:
    half = math.pi / sides

    def field(u: Tensor, v: Tensor) -> Tensor:
        angle = torch.atan2(u, -v) + half  # a corner at the top
        return radius * math.cos(half) - _radius(u, v) * torch.cos(angle.remainder(2 * half) - half)

    return field


def _star(u: Tensor, v: Tensor) -> Tensor:
    tip, notch, half = 0.98, 0.42, math.pi / 5
    angle = ((torch.atan2(u, -v) + half).remainder(2 * half) - half).abs()  # folded onto one edge
    edge_x, edge_y = notch * math.cos(half) - tip, notch * math.sin(half)
    radius = _radius(u, v)
    across = edge_x * (radius * angle.sin()) - edge_y * (radius * angle.cos() - tip)
    return across / math.hypot(edge_x, edge_y)


def _cross(u: Tensor, v: Tensor) -> Tensor:
    upright = torch.minimum(0.27 - u.abs(), 0.85 - v.abs())
    across = torch.minimum(0.27 - v.abs(), 0.85 - u.abs())
    return torch.maximum(upright, across)


def _crescent(u: Tensor, v: Tensor) -> Tensor:
    return torch.minimum(0.82 - _radius(u, v), _radius(u - 0.42, v) - 0.58)


def _heart(u: Tensor, v: Tensor) -> Tensor:
    a, b = u.abs() * 1.25, 0.25 - v * 1.25
    curve = a * a + b * b - 0.75
    return -(curve * curve * curve - a * a * b * b * b) * 0.8


# Positive inside, about the distance to the edge in units of half the object's side.
_SHAPE_FIELDS: tuple[Field, ...] = (
    lambda u, v: 0.78 - _radius(u, v),
    lambda u, v: 0.24 - (_radius(u, v) - 0.6).abs(),
    _polygon(3, 1.0),
    lambda u, v: 0.7 - torch.maximum(u.abs(), v.abs()),
    _polygon(5, 0.9),
    _polygon(6, 0.9),
    _star,
    _cross,
    _crescent,
    _heart,
)


def _stripes(wave: Tensor) -> Tensor:
    return torch.sigmoid(wave * 6)


# Between 0 (the dark shade) and 1 (the colour). The eighth is drawn by _speckles, which needs chance.
_TEXTURE_FIELDS: tuple[Field, ...] = (
    lambda u, v: torch.ones_like(u),
    lambda u, v: _stripes(torch.sin(13 * v)),
    lambda u, v: _stripes(torch.sin(13 * u)),
    lambda u, v: _stripes(2 * torch.sin(9 * u) * torch.sin(9 * v)),
    lambda u, v: _stripes(3 * (torch.sin(8 * u) * torch.sin(8 * v)).abs() - 1.5),
    lambda u, v: _stripes(torch.sin(9.5 * (u + v))),
    lambda u, v: _stripes(torch.sin(15 * _radius(u - 0.45, v - 0.45))),
    lambda u, v: torch.ones_like(u),
    lambda u, v: ((u - 0.45) * 0.65 + 0.5).clamp(0, 1),
    lambda u, v: 1 - _stripes(4 * (torch.minimum(torch.sin(7.5 * u).abs(), torch.sin(7.5 * v).abs()) - 0.35)),
)


def _speckles(u: Tensor, v: Tensor, generator: torch.Generator) -> Tensor:
    """Random small squares that move with the object: a fresh table of cells an image."""
    cells = 24
    table = torch.rand(len(u), cells * cells, generator=generator, device=u.device)
    row = ((v * 0.25 + 0.5) * cells).long().clamp(0, cells - 1)
    column = ((u * 0.25 + 0.5) * cells).long().clamp(0, cells - 1)
    return (table.gather(1, (row * cells + column).flatten(1)) > 0.5).float().view_as(u)


def _backdrop(dice: Dice, size: int, style: Style) -> Tensor:
    smooth = dice.field(3, 5, size, "bicubic").clamp(0, 1) * 0.7 + 0.15
    if not style.clutter:
        return smooth
    flat = dice.uniform(0, 1, 3)[:, :, None, None]
    smooth = torch.where(dice.chance(0.35)[:, None], flat, smooth)
    fine = dice.field(3, 20, size) * 0.8 + 0.1
    smooth = torch.where(dice.chance(style.clutter * 0.4)[:, None], 0.5 * (smooth + fine), smooth)
    return stray_marks(smooth, dice, style.clutter)


def _occlude(image: Tensor, x: Tensor, y: Tensor, dice: Dice, share: float) -> Tensor:
    left, top = dice.uniform(-1, 0.7), dice.uniform(-1, 0.7)
    width, height = dice.uniform(0.15, 0.6), dice.uniform(0.15, 0.6)
    inside = (x > left) & (x < left + width) & (y > top) & (y < top + height) & dice.chance(share)
    return torch.where(inside[:, None], dice.uniform(0, 1, 3)[:, :, None, None], image)


def _light_and_film(image: Tensor, x: Tensor, y: Tensor, dice: Dice, style: Style) -> tuple[Tensor, Tensor]:
    """Light, focus, contrast, colour film and grain; also which images lost their colour."""
    ramp = 1 + x * dice.normal(style.light) + y * dice.normal(style.light)
    image = image * ramp.clamp(0.4, 1.6)[:, None]
    if style.blur:
        image = lose_resolution(image, dice, style.blur)
    if style.contrast:
        middle = image.mean((1, 2, 3), keepdim=True)
        factor = dice.normal(style.contrast).exp()[:, None]
        image = (image - middle) * factor + middle + dice.normal(0.1)[:, None]
    lost = torch.zeros(dice.count, 1, 1, dtype=torch.bool, device=image.device)
    if style.grey or style.recolor:
        image, lost = strip_color(image, dice, style.grey, style.recolor)
    grain = torch.randn(image.shape, generator=dice.generator, device=image.device)
    return (image + grain * dice.uniform(*style.noise)[:, None]).clamp(0, 1), lost


class Shapes1K(Dataset[tuple[Tensor, int]]):
    """A split of SHAPES1K as a map-style data set.

    Args:
        split: ``"train"``, ``"val"`` or ``"test"``; splits never share an image.
        length: how many images; class labels are balanced over any 1,000 in a row.
        size: side in pixels.
        style: what varies between images of a class.
        transform: called with the image tensor ``(3, size, size)``, float32 in 0..1.
        seed: another seed is another sample of the same split.

    Raises:
        ValueError: if the split is unknown or ``length`` is not positive.
    """

    categories = CATEGORIES

    def __init__(
        self,
        split: str = "train",
        *,
        length: int = 10_000,
        size: int = 64,
        style: Style = CLEAN,
        transform: Callable[[Tensor], Tensor] | None = None,
        seed: int = 0,
    ) -> None:
        if split not in SPLIT_SEEDS:
            raise ValueError(f"unknown split {split!r}; choose one of {', '.join(SPLIT_SEEDS)}")
        if length < 1:
            raise ValueError(f"length is {length}; at least 1 is expected")
        self.split, self.length, self.size, self.style, self.seed = split, length, size, style, seed
        self.transform = transform
        self._block: tuple[int, Tensor, Tensor] | None = None

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index < 0:
            index += self.length
        if not 0 <= index < self.length:
            raise IndexError(f"index {index} is outside this split of {self.length} images")
        number, row = divmod(index, BLOCK)
        if self._block is None or self._block[0] != number:
            self._block = (number, *self.block(number))
        image, label = self._block[1][row], int(self._block[2][row])
        return (self.transform(image) if self.transform else image), label

    def labels(self, number: int) -> Tensor:
        """Class indices of block ``number``, shape ``(BLOCK,)``: every thousand images, each class once."""
        thousand, part = divmod(number, len(CATEGORIES) // BLOCK)
        generator = torch.Generator().manual_seed(self._seed(thousand) ^ 0x5EED)
        return torch.randperm(len(CATEGORIES), generator=generator)[part * BLOCK : (part + 1) * BLOCK]

    def block(self, number: int) -> tuple[Tensor, Tensor]:
        """Images and labels of one block, shapes ``(BLOCK, 3, size, size)`` and ``(BLOCK,)``."""
        labels = self.labels(number)
        return render(labels, seed=self._seed(number), size=self.size, style=self.style), labels

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """All images in order, block by block: much faster than one by one. The transform is not applied."""
        for number in range(math.ceil(self.length / BLOCK)):
            images, labels = self.block(number)
            left = self.length - number * BLOCK
            yield images[:left], labels[:left]

    def _seed(self, number: int) -> int:
        return (SPLIT_SEEDS[self.split] + self.seed * 7919) * 1_000_003 + number
