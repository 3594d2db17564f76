"""SHAPES1K is a seed and a function: reproducible, balanced, split without leaks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.data.shapes1k import (
    AUGMENTED,
    BLOCK,
    CATEGORIES,
    COLORS,
    RGB,
    SHAPES,
    TEXTURES,
    Shapes1K,
    category,
    draw,
    render,
)


def test_a_thousand_readable_classes() -> None:
    assert len(set(CATEGORIES)) == 1000
    assert category(516) == "purple striped hexagon"


@given(st.integers(0, 999))
@settings(max_examples=50, deadline=None)
def test_the_name_tells_the_parts(index: int) -> None:
    color, texture, shape = category(index).split()
    assert index == 100 * SHAPES.index(shape) + 10 * TEXTURES.index(texture) + COLORS.index(color)


def test_images_are_rgb_in_0_to_1_of_the_asked_size() -> None:
    images = render(torch.arange(0, 1000, 37), size=48)
    assert images.shape == (28, 3, 48, 48)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1


def test_the_seed_decides() -> None:
    labels = torch.tensor([1, 500, 999])
    assert torch.equal(render(labels, seed=3), render(labels, seed=3))
    assert not torch.equal(render(labels, seed=3), render(labels, seed=4))


@pytest.mark.parametrize("color", range(10))
def test_the_named_color_is_the_nearest_inside_a_plain_disc(color: int) -> None:
    images = render(torch.full((20,), color), seed=1)
    palette = torch.tensor(RGB)
    best = 0
    for image in images:  # the pixels nearest to any palette colour, by majority
        gap = (image.flatten(1).T[:, None] - palette).abs().sum(2)
        counts = torch.bincount(gap.argmin(1)[gap.min(1).values < 0.2], minlength=10)
        best += int(counts.argmax()) == color
    assert best >= 15


def test_labels_outside_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.999; seen 3\.\.1000"):
        render(torch.tensor([3, 1000]))
    with pytest.raises(ValueError, match="one dimension"):
        render(torch.zeros(2, 2, dtype=torch.int64))


def test_augmented_images_say_what_cannot_be_seen() -> None:
    generator = torch.Generator().manual_seed(0)
    _, visible = draw(torch.arange(1000), generator, 32, AUGMENTED)
    shape, texture, color = visible.float().mean(0).tolist()
    assert shape == 1
    assert texture == pytest.approx(1 - AUGMENTED.outline, abs=0.05)
    assert color == pytest.approx((1 - AUGMENTED.grey) * (1 - AUGMENTED.recolor) ** 2, abs=0.05)


def test_every_thousand_images_hold_each_class_once() -> None:
    data = Shapes1K("train", length=2000, size=8)
    labels = torch.cat([data.labels(number) for number in range(2000 // BLOCK)])
    assert torch.equal(labels[:1000].sort().values, torch.arange(1000))
    assert torch.equal(labels[1000:].sort().values, torch.arange(1000))


def test_one_by_one_and_in_batches_are_the_same_images() -> None:
    data = Shapes1K("val", length=BLOCK + 3, size=16)
    images = torch.cat([images for images, _ in data.batches()])
    labels = torch.cat([labels for _, labels in data.batches()])
    assert len(images) == len(data) == BLOCK + 3
    for index in (0, BLOCK - 1, BLOCK, -1):
        image, label = data[index]
        assert torch.equal(image, images[index])
        assert label == labels[index]
    with pytest.raises(IndexError):
        data[len(data)]


def test_splits_and_seeds_share_no_image() -> None:
    first = [
        Shapes1K(split, length=BLOCK, size=16, seed=seed).block(0)[0]
        for split, seed in [("train", 0), ("val", 0), ("test", 0), ("train", 1)]
    ]
    keys = {image.numpy().tobytes() for images in first for image in images}
    assert len(keys) == 4 * BLOCK


def test_a_loader_with_workers_sees_every_image_once() -> None:
    data = Shapes1K("train", length=60, size=16)
    loader = torch.utils.data.DataLoader(data, batch_size=20, num_workers=2)
    labels = torch.cat([labels for _, labels in loader])
    assert torch.equal(labels, data.labels(0)[:60])


def test_the_transform_is_applied() -> None:
    assert Shapes1K("test", length=1, size=16, transform=lambda image: image.mean())[0][0].ndim == 0


@pytest.mark.parametrize(
    ("options", "message"), [({"split": "all"}, "train, val, test"), ({"length": 0}, "at least 1")]
)
def test_bad_options_name_the_good_ones(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Shapes1K(**options)
