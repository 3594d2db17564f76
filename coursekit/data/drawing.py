"""What all renderers draw with: shaped random numbers, a pixel grid, and the faults of real pictures."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


class Dice:
    """Random numbers for a batch, shaped to broadcast over ``(N, H, W)`` or, with channels, ``(N, C)``."""

    def __init__(self, count: int, generator: torch.Generator, device: torch.device) -> None:
        self.count, self.generator, self.device = count, generator, device

    def uniform(self, low: float, high: float, channels: int | None = None) -> Tensor:
        shape = (self.count, 1, 1) if channels is None else (self.count, channels)
        return torch.rand(shape, generator=self.generator, device=self.device) * (high - low) + low

    def normal(self, deviation: float, channels: int | None = None) -> Tensor:
        shape = (self.count, 1, 1) if channels is None else (self.count, channels)
        return torch.randn(shape, generator=self.generator, device=self.device) * deviation

    def chance(self, share: float) -> Tensor:
        """Bool, shape ``(N, 1, 1)``, true for about this share."""
        return torch.rand((self.count, 1, 1), generator=self.generator, device=self.device) < share

    def field(self, channels: int, cells: int, size: int, mode: str = "bilinear") -> Tensor:
        """Smooth noise in 0..1, shape ``(N, channels, size, size)``, about ``cells`` blobs a side."""
        coarse = torch.rand(self.count, channels, cells, cells, generator=self.generator, device=self.device)
        return functional.interpolate(coarse, size=(size, size), mode=mode)


def pixel_grid(size: int, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """x and y of every pixel's centre, each ``(1, size, size)``, from -1 to 1, y downwards."""
    line = torch.linspace(-1, 1, size, device=device)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return x[None], y[None]


def stray_marks(image: Tensor, dice: Dice, share: float, marks: int = 3) -> Tensor:
    """Lines and blots in random colours over some of the images."""
    x, y = pixel_grid(image.shape[-1], image.device)
    for _ in range(marks):
        angle = dice.uniform(0, math.pi)
        along = x * angle.cos() + y * angle.sin() - dice.uniform(-0.9, 0.9)
        across = y * angle.cos() - x * angle.sin() - dice.uniform(-0.9, 0.9)
        width = dice.uniform(0.03, 0.2)
        length = torch.where(dice.chance(0.6), dice.uniform(0.5, 2.0), width)
        inside = torch.sigmoid(torch.minimum(width - across.abs(), length - along.abs()) * 30)
        inside = inside * (dice.chance(share) * dice.uniform(0.4, 1.0))
        image = torch.lerp(image, dice.uniform(0, 1, 3)[:, :, None, None], inside[:, None])
    return image


def lose_resolution(image: Tensor, dice: Dice, share: float) -> Tensor:
    """Blur some of the images as a smaller picture, enlarged, is blurred."""
    size = image.shape[-1]
    half = functional.interpolate(functional.avg_pool2d(image, 2), size=(size, size), mode="bilinear")
    third = functional.interpolate(functional.avg_pool2d(image, 3, ceil_mode=True), size=(size, size), mode="bilinear")
    image = torch.where(dice.chance(share * 0.6)[:, None], half, image)
    return torch.where(dice.chance(share * 0.4)[:, None], third, image)


def strip_color(image: Tensor, dice: Dice, grey: float, recolor: float) -> tuple[Tensor, Tensor]:
    """Turn some images grey, and swap or invert the channels of others; also says which."""
    to_grey = dice.chance(grey)
    image = torch.where(to_grey[:, None], image.mean(1, keepdim=True), image)
    swap = dice.chance(recolor)
    image = torch.where(swap[:, None], image.roll(1, dims=1), image)
    invert = dice.chance(recolor)
    image = torch.where(invert[:, None], 1 - image, image)
    return image, to_grey | swap | invert
