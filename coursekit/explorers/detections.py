"""A field's detections under a score threshold and an IoU threshold, with the point on the precision-recall curve."""

from __future__ import annotations

import base64
import io
from typing import Any, ClassVar

import torch
import traitlets
from torch import Tensor

from coursekit.detection import average_precision, match
from coursekit.errors import CourseError
from coursekit.explorers.base import HERE, Explorer

IOUS = tuple(round(0.3 + 0.05 * step, 2) for step in range(13))  # 0.30 to 0.90


class DetectionExplorer(Explorer):
    """Drag the score from which boxes are kept, and the IoU from which they match; see hits, false alarms and misses.

    Args:
        image: the field, shape ``(3, H, W)``, in 0..1.
        detections: ``boxes`` and ``scores`` as from ``coursekit.detection.boxes_of``.
        true: the boxes that are there, shape ``(M, 4)``.

    Raises:
        CourseError: if there is no object, as recall then has no meaning, or boxes and scores differ in number.
    """

    _esm: ClassVar = HERE / "detections.js"
    _css: ClassVar = (HERE / "explorer.css").read_text() + (HERE / "boxes.css").read_text()
    picture = traitlets.Unicode().tag(sync=True)
    size: traitlets.List = traitlets.List().tag(sync=True)  # width, height
    boxes: traitlets.List = traitlets.List().tag(sync=True)  # the best score first
    scores: traitlets.List = traitlets.List().tag(sync=True)
    true: traitlets.List = traitlets.List().tag(sync=True)
    ious: traitlets.List = traitlets.List(list(IOUS)).tag(sync=True)
    partners: traitlets.List = traitlets.List().tag(sync=True)  # for each IoU: the object of each box, -1 for none
    aps: traitlets.List = traitlets.List().tag(sync=True)  # for each IoU: the step-wise average precision

    def __init__(self, image: Tensor, detections: dict[str, Tensor], true: Tensor, **kwargs: Any) -> None:
        if not len(true):
            raise CourseError("This field holds no cell, so nothing can be found or missed. Choose a field with cells.")
        if len(detections["boxes"]) != len(detections["scores"]):
            count = f"{len(detections['boxes'])} boxes and {len(detections['scores'])} scores"
            raise CourseError(f"Each box needs a score. Seen {count}.")
        order = detections["scores"].argsort(descending=True, stable=True)
        boxes, scores = detections["boxes"][order], detections["scores"][order]
        # Boxes are matched best score first, so that a threshold on the score cuts off the end and changes no match.
        matches = [match(boxes, scores, true, iou=iou) for iou in IOUS]
        super().__init__(
            picture=_data_url(image),
            size=[image.shape[2], image.shape[1]],
            boxes=[[round(value, 1) for value in box] for box in boxes.tolist()],
            scores=scores.tolist(),  # not rounded: 0.99998 is below a threshold of 1
            true=true.tolist(),
            partners=[one.partner.tolist() for one in matches],
            aps=[round(average_precision(scores, one.hits, len(true)), 4) for one in matches],
            **kwargs,
        )

    def counts(self, score: float, iou: float) -> tuple[int, int, int]:
        """Hits, false alarms and misses where boxes are kept from ``score`` on and match from ``iou`` on."""
        row = self.partners[self.ious.index(iou)]
        kept = [partner for partner, value in zip(row, self.scores, strict=True) if value >= score]
        hits = sum(partner >= 0 for partner in kept)
        return hits, len(kept) - hits, len(self.true) - hits

    def as_html(self) -> str:
        rows = ""
        for score in (0.1, 0.3, 0.5, 0.7, 0.9):
            hits, alarms, misses = self.counts(score, 0.5)
            rows += f"<tr><td>{score}</td><td>{hits}</td><td>{alarms}</td><td>{misses}</td></tr>"
        return (
            f"<p>{self.as_text()} Run the cell to drag both thresholds.</p><table><thead><tr><th>score from</th>"
            f"<th>hits</th><th>false alarms</th><th>misses</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        hits, alarms, misses = self.counts(0.5, 0.5)
        return (
            f"{len(self.true)} cells. From a score of 0.5 and an IoU of 0.5 on: {hits} hits, {alarms} false alarms, "
            f"{misses} misses."
        )


def _data_url(image: Tensor) -> str:
    from torchvision.transforms.functional import to_pil_image

    file = io.BytesIO()
    to_pil_image((image.clamp(0, 1) * 255).to(torch.uint8)).save(file, format="JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
