"""The pretext images: one class is one glyph or one surface, drawn anew each time."""

from __future__ import annotations

import torch

from coursekit.data.pretext import GLYPHS, SURFACES, GlyphImages, SurfaceImages


def test_images_of_both_kinds_are_reproducible_and_in_range() -> None:
    for kind, classes in ((GlyphImages, GLYPHS), (SurfaceImages, SURFACES)):
        source = kind(1, size=32)
        labels = torch.tensor([0, classes - 1, 7])
        first = source.draw(labels, torch.Generator().manual_seed(5))
        again = kind(1, size=32).draw(labels, torch.Generator().manual_seed(5))
        other = source.draw(labels, torch.Generator().manual_seed(6))
        assert first.shape == (3, 3, 32, 32)
        assert 0 <= float(first.min()) <= float(first.max()) <= 1
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


def test_glyphs_differ_from_each_other() -> None:
    maps = GlyphImages(0, size=16).distances.flatten(1)
    assert torch.cdist(maps, maps).fill_diagonal_(9).min() > 0.05
