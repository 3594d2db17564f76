"""The two explorers of boxes: what they look up is right, and impossible input gets a message."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import box_iou

from coursekit.detection import match
from coursekit.errors import CourseError
from coursekit.explorers import DetectionExplorer, IoUExplorer

box = st.tuples(st.integers(0, 90), st.integers(0, 54)).flatmap(
    lambda corner: st.tuples(
        st.just(corner[0]),
        st.just(corner[1]),
        st.integers(corner[0] + 4, 96) if corner[0] <= 92 else st.just(96),
        st.integers(corner[1] + 4, 60) if corner[1] <= 56 else st.just(60),
    )
)


def detections(count: int = 12) -> tuple[torch.Tensor, dict[str, torch.Tensor], torch.Tensor]:
    dice = torch.Generator().manual_seed(0)
    corner = 90 * torch.rand(6, 2, generator=dice)
    true = torch.cat([corner, corner + 30], 1)
    near = true.repeat(3, 1)[:count] + 4 * torch.randn(count, 4, generator=dice)
    found = {"boxes": near, "scores": torch.rand(count, generator=dice)}
    return torch.rand(3, 128, 128, generator=dice), found, true


@settings(max_examples=40, deadline=None)
@given(box, box)
def test_the_areas_are_those_of_torchvision(true: tuple[int, ...], predicted: tuple[int, ...]) -> None:
    shared, union = IoUExplorer(true, predicted).areas()
    expected = box_iou(torch.tensor([true]).float(), torch.tensor([predicted]).float()).item()
    assert shared / union == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "bad", [(50, 10, 20, 40), (0, 0, 2, 2), (0, 0, 200, 40), (-5, 0, 20, 20), (1, 2, 3), (0.5, 0, 20, 20)]
)
def test_an_impossible_box_gets_a_message(bad: tuple[int, ...]) -> None:
    with pytest.raises(CourseError, match=r"Seen \["):
        IoUExplorer(true=bad)


def test_the_counts_are_those_of_the_matching_at_every_threshold() -> None:
    image, found, true = detections()
    explorer = DetectionExplorer(image, found, true)
    assert explorer.scores == sorted(explorer.scores, reverse=True)
    for iou in explorer.ious:
        for score in (0.0, 0.3, 0.6, 1.1):
            kept = found["scores"] >= score
            hits = int(match(found["boxes"][kept], found["scores"][kept], true, iou=iou).hits.sum())
            assert explorer.counts(score, iou) == (hits, int(kept.sum()) - hits, len(true) - hits)


def test_no_boxes_are_shown_and_no_cells_or_missing_scores_get_a_message() -> None:
    image, found, true = detections()
    nothing = {"boxes": torch.empty(0, 4), "scores": torch.empty(0)}
    assert DetectionExplorer(image, nothing, true).counts(0.5, 0.5) == (0, 0, 6)
    with pytest.raises(CourseError, match="holds no cell"):
        DetectionExplorer(image, found, torch.empty(0, 4))
    with pytest.raises(CourseError, match="Seen 12 boxes and 3 scores"):
        DetectionExplorer(image, {**found, "scores": found["scores"][:3]}, true)


def test_without_widgets_there_is_a_table_and_a_sentence() -> None:
    for explorer in (IoUExplorer(), DetectionExplorer(*detections())):
        bundle = explorer._repr_mimebundle_()
        assert bundle is not None
        assert "<table>" in bundle[0]["text/html"]
        assert bundle[0]["text/plain"].endswith(".")
        assert "application/vnd.jupyter.widget-view+json" in bundle[0]


def test_the_scripts_keep_their_keys_and_know_the_fields_they_read() -> None:
    fields = {
        IoUExplorer: ("true", "predicted", "area", "least"),
        DetectionExplorer: ("picture", "size", "boxes", "scores", "true", "ious", "partners", "aps"),
    }
    for kind, names in fields.items():
        script = str(kind._esm)
        assert "data-lm-suppress-shortcuts" in script
        assert "stopPropagation" in script
        assert 'setAttribute("role", "status")' in script
        assert all(f'model.get("{name}")' in script for name in names)
