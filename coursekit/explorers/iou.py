"""Two boxes to drag, and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import traitlets

from coursekit.errors import CourseError
from coursekit.explorers.base import HERE, Explorer

WIDTH, HEIGHT = 96, 60  # of the area in pixels
LEAST = 4  # pixels: the least side of a box

Box = Sequence[int]


class IoUExplorer(Explorer):
    """Drag a true and a predicted box; see intersection, union, IoU and Dice, and whether the boxes match at 0.5.

    Args:
        true: left, top, right, bottom in whole pixels, inside an area of 96 x 60.
        predicted: the other box.

    Raises:
        CourseError: if a box is none, or lies outside.
    """

    _esm: ClassVar = HERE / "iou.js"
    _css: ClassVar = (HERE / "explorer.css").read_text() + (HERE / "boxes.css").read_text()
    true: traitlets.List = traitlets.List(traitlets.Int()).tag(sync=True)
    predicted: traitlets.List = traitlets.List(traitlets.Int()).tag(sync=True)
    area: traitlets.List = traitlets.List([WIDTH, HEIGHT]).tag(sync=True)
    least = traitlets.Int(LEAST).tag(sync=True)

    def __init__(self, true: Box = (20, 12, 60, 52), predicted: Box = (34, 8, 74, 48), **kwargs: Any) -> None:
        super().__init__(true=_checked(true), predicted=_checked(predicted), **kwargs)

    def areas(self) -> tuple[int, int]:
        """Pixels that both boxes cover, and pixels that at least one of them covers."""
        (a, b, c, d), (e, f, g, h) = self.true, self.predicted
        shared = max(0, min(c, g) - max(a, e)) * max(0, min(d, h) - max(b, f))
        return shared, (c - a) * (d - b) + (g - e) * (h - f) - shared

    def as_html(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td>" + "".join(f"<td>{value}</td>" for value in box) + "</tr>"
            for name, box in (("true", self.true), ("predicted", self.predicted))
        )
        return (
            f"<p>{self.as_text()} Run the cell to drag the boxes.</p><table><thead><tr><th>box</th><th>left</th>"
            f"<th>top</th><th>right</th><th>bottom</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        shared, union = self.areas()
        return f"The boxes share {shared} pixels and cover {union} together: IoU {shared / union:.2f}."


def _checked(box: Box) -> list[int]:
    if len(box) != 4 or any(value != int(value) for value in box):
        raise CourseError(f"A box is four whole numbers: left, top, right, bottom. Seen {list(box)}.")
    left, top, right, bottom = (int(value) for value in box)
    if not (0 <= left and left + LEAST <= right <= WIDTH and 0 <= top and top + LEAST <= bottom <= HEIGHT):
        raise CourseError(
            f"A box must lie in an area of {WIDTH} x {HEIGHT} pixels and be at least {LEAST} wide and high, its right "
            f"edge right of its left one and its bottom below its top. Seen {list(box)}."
        )
    return [left, top, right, bottom]
