"""Fields of view: the boxes and masks are those of the cells that were drawn."""

from __future__ import annotations

import pytest
import torch
from torchvision.ops import box_iou, masks_to_boxes

from coursekit.data.smear_fields import Field, SmearFields, render_field
from coursekit.data.smears import CLASSES


@pytest.fixture(scope="module")
def field() -> Field:
    return render_field(30, slide=3, seed=5, size=320)


def test_a_field_has_what_torchvisions_detectors_take(field: Field) -> None:
    count = len(field.labels)
    assert field.image.shape == (3, 320, 320)
    assert 0 <= float(field.image.min()) <= float(field.image.max()) <= 1
    assert field.boxes.shape == (count, 4)
    assert field.masks.shape == field.parasites.shape == (count, 320, 320)
    assert field.masks.dtype == torch.bool
    assert set(field.target()) == {"boxes", "labels", "masks"}


def test_a_box_is_the_tightest_around_its_mask(field: Field) -> None:
    tight = masks_to_boxes(field.masks)  # torchvision's ends are the last pixels, ours lie one past them
    tight[:, 2:] += 1
    assert torch.equal(field.boxes, tight)
    assert field.boxes.min() >= 0
    assert field.boxes.max() <= 320


def test_no_pixel_belongs_to_two_cells_and_most_boxes_stand_alone(field: Field) -> None:
    assert int(field.masks.sum(0).max()) == 1
    overlap = box_iou(field.boxes, field.boxes) - torch.eye(len(field.boxes))
    assert overlap.max() < 0.3


def test_a_mask_covers_the_cell_that_is_seen(field: Field) -> None:
    background = ~field.masks.any(0)
    green = field.image[1]
    inside = torch.stack([green[mask].mean() for mask in field.masks])
    assert (inside < green[background].mean() - 0.05).all()


def test_parasites_lie_in_their_cell_and_healthy_cells_have_none() -> None:
    for seed in range(3):
        field = render_field(30, seed=seed)
        assert not (field.parasites & ~field.masks).any()
        pixels = field.parasites.flatten(1).sum(1)
        healthy = field.labels == CLASSES.index("healthy")
        assert pixels[healthy].sum() == 0
        whole = (field.boxes[:, 2:] - field.boxes[:, :2]).prod(1) > 700  # not cut off at the rim
        assert (pixels[~healthy & whole] > 0).float().mean() > 0.8


def test_a_field_is_its_seed_and_keeps_its_slides_stain() -> None:
    one, same, other = render_field(20, seed=1), render_field(20, seed=1), render_field(20, seed=2)
    assert torch.equal(one.image, same.image)
    assert not torch.equal(one.image, other.image)
    stains = [render_field(0, slide=slide, seed=seed).image.mean((1, 2)) for slide in (1, 2) for seed in (0, 1)]
    assert (stains[0] - stains[1]).norm() < (stains[0] - stains[2]).norm()


def test_a_field_without_cells_and_a_full_one_are_fields_too() -> None:
    empty = render_field(0, size=128)
    assert empty.boxes.shape == (0, 4)
    assert empty.masks.shape == (0, 128, 128)
    assert 3 < len(render_field(500, size=128).labels) < 20


def test_a_data_set_of_fields_draws_each_of_its_own() -> None:
    fields = SmearFields(3, cells=5, size=128, slides=2, first_slide=7)
    assert len(fields) == 3
    assert [fields.field(index).slide for index in range(3)] == [7, 8, 7]
    image, target = fields[2]
    assert torch.equal(image, fields.field(2).image)
    assert torch.equal(target["boxes"], fields.field(2).boxes)
    with pytest.raises(IndexError, match="there are 3 fields; seen index 3"):
        fields[3]


def test_a_field_smaller_than_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="seen 40"):
        render_field(size=40)
