"""Images for the two pretext tasks beside SHAPES1K: handwriting-like glyphs and colour textures.

A network that has only ever seen filled shapes knows little about strokes or about surfaces. During
pre-training two further heads learn to tell invented glyphs and invented textures apart; the heads are
thrown away afterwards, the backbone keeps what it learned. Like SHAPES1K, both are a seed and a function.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from coursekit.data.drawing import Dice, lose_resolution, pixel_grid, stray_marks, strip_color

GLYPHS = 1000
SURFACES = 500


class GlyphImages:
    """A thousand invented characters, each a few curved strokes, drawn with a pen that varies.

    Args:
        seed: decides what the characters look like.
        size: side of the images in pixels.
        device: where distance maps are kept and images are drawn.
    """

    def __init__(self, seed: int = 0, *, size: int = 64, device: torch.device | str = "cpu") -> None:
        self.size, self.device = size, torch.device(device)
        generator = torch.Generator().manual_seed(seed)
        self.distances = torch.cat([self._distance_maps(100, generator) for _ in range(GLYPHS // 100)]).to(self.device)

    def _distance_maps(self, count: int, generator: torch.Generator, strokes: int = 4, points: int = 12) -> Tensor:
        """Distance of every pixel to the nearest stroke, shape ``(count, size, size)``, in half image sides."""
        ends = torch.rand(count, strokes, 3, 2, generator=generator) * 1.4 - 0.7
        chained = torch.rand(count, strokes, generator=generator) < 0.5
        for stroke in range(1, strokes):  # half of the strokes start where the last one ended
            ends[:, stroke, 0] = torch.where(chained[:, stroke, None], ends[:, stroke - 1, 2], ends[:, stroke, 0])
        t = torch.linspace(0, 1, points).view(1, 1, points, 1)
        curve = (1 - t) ** 2 * ends[:, :, None, 0] + 2 * t * (1 - t) * ends[:, :, None, 1] + t**2 * ends[:, :, None, 2]
        used = torch.arange(strokes) < torch.randint(2, strokes + 1, (count, 1), generator=generator)
        curve = torch.where(used[:, :, None, None], curve, curve[:, :1])
        begin, step = curve[:, :, :-1].flatten(1, 2), curve.diff(dim=2).flatten(1, 2)
        x, y = pixel_grid(self.size, "cpu")
        nearest = torch.full((count, self.size * self.size), 9.0)
        for segment in range(begin.shape[1]):
            dx = x.flatten(1) - begin[:, segment, :1]
            dy = y.flatten(1) - begin[:, segment, 1:]
            along = step[:, segment]
            share = (dx * along[:, :1] + dy * along[:, 1:]) / (along.square().sum(1, keepdim=True) + 1e-6)
            share = share.clamp(0, 1)
            gap = (dx - share * along[:, :1]).square() + (dy - share * along[:, 1:]).square()
            nearest = torch.minimum(nearest, gap)
        return nearest.sqrt().view(count, self.size, self.size)

    def draw(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """One image a label, shape ``(N, 3, size, size)``, float32 in 0..1."""
        dice = Dice(len(labels), generator, self.device)
        x, y = pixel_grid(self.size, self.device)
        angle, zoom = dice.uniform(-0.35, 0.35), dice.uniform(0.6, 1.2)
        moved_x, moved_y = x - dice.uniform(-0.2, 0.2), y - dice.uniform(-0.2, 0.2)
        u = (moved_x * angle.cos() + moved_y * angle.sin()) * zoom + moved_y * dice.normal(0.15)
        v = (moved_y * angle.cos() - moved_x * angle.sin()) * zoom
        wobble = (dice.field(2, 4, self.size, "bicubic") - 0.5) * dice.uniform(0.0, 0.4)[:, None]
        grid = torch.stack([u + wobble[:, 0], v + wobble[:, 1]], dim=-1)
        distance = functional.grid_sample(
            self.distances[labels][:, None], grid, padding_mode="border", align_corners=True
        )[:, 0]
        ink = torch.sigmoid((dice.uniform(0.04, 0.16) - distance) * dice.uniform(15, 40))
        paper = dice.uniform(0, 1, 3)[:, :, None, None]
        rough = dice.field(3, 6, self.size)
        paper = torch.where(dice.chance(0.25)[:, None], rough, paper.expand_as(rough))
        pen = (paper.mean((2, 3)) + dice.uniform(0.3, 0.7, 3)).remainder(1.0)[:, :, None, None]
        image = stray_marks(torch.lerp(paper, pen, ink[:, None]), dice, 0.15, marks=1)
        image = _coarse(lose_resolution(image, dice, 0.3), dice, 0.3)
        image, _ = strip_color(image, dice, 0.5, 0.1)
        return _grain(image, dice, 0.08)


class SurfaceImages:
    """Five hundred invented surfaces: sums of waves through a nonlinearity, in three colours each.

    Args:
        seed: decides what the surfaces look like.
        size: side of the images in pixels.
        device: where images are drawn.
    """

    WAVES = 4

    def __init__(self, seed: int = 0, *, size: int = 64, device: torch.device | str = "cpu") -> None:
        self.size, self.device = size, torch.device(device)
        generator = torch.Generator().manual_seed(seed)
        shape = (SURFACES, self.WAVES)
        low, high = math.log(3.0), math.log(28.0)
        self.pitch = (torch.rand(shape, generator=generator) * (high - low) + low).exp().to(self.device)
        self.angle = (torch.rand(shape, generator=generator) * math.pi).to(self.device)
        self.weight = torch.rand(shape, generator=generator).to(self.device) + 0.2
        self.law = torch.randint(0, 4, (SURFACES,), generator=generator).to(self.device)
        self.palette = torch.rand(SURFACES, 3, 3, generator=generator).to(self.device)

    def draw(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """One image a label, shape ``(N, 3, size, size)``, float32 in 0..1."""
        count = len(labels)
        dice = Dice(count, generator, self.device)
        x, y = pixel_grid(self.size, self.device)
        turn, zoom = dice.uniform(0, 2 * math.pi), dice.uniform(0.75, 1.35)
        warp = (dice.field(2, 5, self.size, "bicubic") - 0.5) * dice.uniform(0.0, 0.5)[:, None]
        u = (x * turn.cos() + y * turn.sin()) * zoom + warp[:, 0]
        v = (y * turn.cos() - x * turn.sin()) * zoom + warp[:, 1]
        total, product = torch.zeros_like(u), torch.ones_like(u)
        for wave in range(self.WAVES):
            pitch, angle = self.pitch[labels, wave, None, None], self.angle[labels, wave, None, None]
            value = torch.sin(pitch * (u * angle.cos() + v * angle.sin()) + dice.uniform(0, 2 * math.pi))
            total = total + self.weight[labels, wave, None, None] * value
            product = product * value if wave < 2 else product
        law = self.law[labels][:, None, None]
        level = torch.where(law == 0, 0.5 + 0.3 * total, torch.sigmoid(5 * total))  # soft waves, hard edges
        level = torch.where(law == 2, 1 - total.abs().clamp(0, 1), level)  # ridges
        level = torch.where(law == 3, torch.sigmoid(8 * (product.abs() - 0.4)), level).clamp(0, 1)  # blobs
        palette = self.palette[labels]
        fresh = torch.rand(palette.shape, generator=generator, device=self.device)
        palette = torch.where(dice.chance(0.25), fresh, palette)[:, :, :, None, None]
        image = torch.lerp(palette[:, 0], palette[:, 1], level[:, None])
        mottle = (dice.field(1, 6, self.size) - 0.5).clamp(0, 1)
        image = torch.lerp(image, palette[:, 2].expand_as(image), mottle)
        ramp = 1 + x * dice.normal(0.25) + y * dice.normal(0.25)
        image = lose_resolution(image * ramp.clamp(0.4, 1.6)[:, None], dice, 0.3)
        image, _ = strip_color(image, dice, 0.2, 0.1)
        return _grain(image, dice, 0.08)


def _coarse(image: Tensor, dice: Dice, share: float) -> Tensor:
    """Reduce some images to a quarter or an eighth of their resolution, as scans of tiny prints are."""
    size = image.shape[-1]
    for factor in (4, 8):
        small = functional.avg_pool2d(image, factor)
        large = functional.interpolate(small, size=(size, size), mode="bilinear")
        image = torch.where(dice.chance(share / 2)[:, None], large, image)
    return image


def _grain(image: Tensor, dice: Dice, deviation: float) -> Tensor:
    noise = torch.randn(image.shape, generator=dice.generator, device=image.device)
    return (image + noise * dice.uniform(0, deviation)[:, None]).clamp(0, 1)
