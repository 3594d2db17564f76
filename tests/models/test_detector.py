"""The classifier as a map: the same answers at the old positions, boxes that fit, and cells that are found."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import resnet18
from torchvision.ops import box_iou

from coursekit.data.smear_fields import SmearFields, render_field
from coursekit.detection import average_precision, match
from coursekit.models.course import course_resnet18
from coursekit.models.detector import (
    BACKGROUND,
    boxes_of,
    cell_mask,
    cut,
    dense_body,
    fit_head,
    make_detector,
    normalised,
    position_labels,
    score_map,
    tighten,
)
from coursekit.models.screening import WEIGHTS


def test_the_dense_body_keeps_every_fourth_position_and_leaves_the_model_alone() -> None:
    torch.manual_seed(0)
    model = resnet18(weights=None).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batch = torch.rand(1, 3, 128, 96)
    with torch.inference_mode():
        coarse = nn.Sequential(*list(model.children())[:-2])(batch)
        fine = dense_body(model)(batch)
    assert fine.shape == (1, 512, 16, 12)
    assert torch.allclose(fine[..., ::4, ::4], coarse, atol=1e-4)
    assert model.layer4[0].conv1.stride == (2, 2)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_model_in_training_mode_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.eval\(\)"):
        dense_body(resnet18(weights=None))
    with pytest.raises(ValueError, match="seen none"):
        make_detector(resnet18(weights=None).eval(), [])


def test_a_field_is_normalised_as_the_weights_want_it_and_not_resized() -> None:
    image = torch.rand(3, 64, 64)
    assert torch.allclose(normalised(image), WEIGHTS.transforms()(image[None]), atol=1e-6)
    assert normalised(torch.rand(3, 96, 128)).shape == (1, 3, 96, 128)


def test_positions_are_labelled_by_their_distance() -> None:
    field = render_field(10, seed=3, size=256)
    labels = position_labels(field)
    assert labels.shape == (32, 32)
    assert set(labels.unique().tolist()) <= {-1, *range(BACKGROUND + 1)}
    middle = (field.boxes[:, :2] + field.boxes[:, 2:]) / 2
    for row, column in (labels == BACKGROUND).nonzero().tolist():
        place = torch.tensor([8.0 * column, 8.0 * row])
        assert (middle - place).norm(dim=1).min() > 14
    for row, column in ((labels >= 0) & (labels < BACKGROUND)).nonzero().tolist():
        distance = (middle - torch.tensor([8.0 * column, 8.0 * row])).norm(dim=1)
        assert distance.min() <= 6
        assert labels[row, column] == field.labels[distance.argmin()]
    assert (position_labels(render_field(0, size=256)) == BACKGROUND).all()


def test_the_head_is_logistic_regression_with_its_standardisation_inside() -> None:
    dice = torch.Generator().manual_seed(0)
    labels = torch.arange(600) % 6
    rows = 5 * torch.randn(6, 8, generator=dice)[labels] + torch.randn(600, 8, generator=dice) + 30
    head = fit_head(rows, torch.where(torch.arange(600) < 60, -1, labels))
    answers = head(rows.T[None, :, :, None])[0, :, :, 0].argmax(0)
    assert (answers == labels).float().mean() > 0.98
    assert not any(one.requires_grad for one in head.parameters())
    with pytest.raises(ValueError, match="seen none"):
        fit_head(rows, torch.full((600,), -1))


def test_boxes_lie_in_the_field_and_hardly_overlap_after_nms() -> None:
    dice = torch.Generator().manual_seed(1)
    scores = torch.randn(6, 20, 30, generator=dice).softmax(0)
    found = boxes_of(scores, least=0.5)
    assert (found["boxes"] >= 0).all()
    assert (found["boxes"] <= torch.tensor([240.0, 160, 240, 160])).all()
    assert (found["scores"].diff() <= 0).all()
    assert (box_iou(found["boxes"], found["boxes"]).fill_diagonal_(0) <= 0.3).all()
    assert len(boxes_of(scores, least=0.5, suppress=None)["boxes"]) == int((1 - scores[-1] >= 0.5).sum())
    assert boxes_of(scores, least=1.1)["boxes"].shape == (0, 4)


def test_windows_are_cut_around_the_middles_also_at_the_rim() -> None:
    image = torch.arange(3 * 80 * 80.0).reshape(3, 80, 80)
    windows = cut(image, torch.tensor([[20.0, 20, 60, 60], [0, 0, 10, 10]]))
    assert torch.equal(windows[0], image[:, 8:72, 8:72])
    assert windows.shape == (2, 3, 64, 64)
    assert cut(image, torch.empty(0, 4)).shape == (0, 3, 64, 64)


def test_a_box_is_fitted_to_the_region_around_its_middle() -> None:
    mask = torch.zeros(100, 100, dtype=torch.bool)
    mask[30:62, 40:75] = True
    boxes = torch.tensor([[35.0, 25, 75, 65], [0, 0, 20, 20]])
    assert tighten(mask, boxes).tolist() == [[40, 30, 75, 62], [0, 0, 20, 20]]


@pytest.mark.slow
def test_the_detector_finds_cells_on_slides_it_never_saw_and_the_mask_makes_its_boxes_exact() -> None:
    train = [SmearFields(3, slides=3, first_slide=30, seed=1).field(i) for i in range(3)]
    test = [SmearFields(2, slides=2, first_slide=100, seed=2).field(i) for i in range(2)]
    detector = make_detector(course_resnet18(weights=WEIGHTS).eval(), train)
    strict = {"fixed": [], "fitted": []}
    scores, hits, cells = [], [], 0
    for field in test:
        found = boxes_of(score_map(detector, field.image))
        fitted = tighten(cell_mask(field.image), found["boxes"])
        scores.append(found["scores"])
        hits.append(match(found["boxes"], found["scores"], field.boxes).hits)
        for name, boxes in (("fixed", found["boxes"]), ("fitted", fitted)):
            strict[name].append(match(boxes, found["scores"], field.boxes, iou=0.75).hits)
        cells += len(field.boxes)
    assert average_precision(torch.cat(scores), torch.cat(hits), cells) > 0.7
    fixed, better = (average_precision(torch.cat(scores), torch.cat(strict[name]), cells) for name in strict)
    assert better > fixed + 0.1
