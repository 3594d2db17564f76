"""A model on its way, epoch by epoch or with more data: how many answers are right, and which ones on known images."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from coursekit.errors import CourseError
from coursekit.explorers.base import HERE, Explorer

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 72  # pixels of an example's picture
LINES, EXAMPLES = 4, 20  # more than these nobody tells apart


class AnswersExplorer(Explorer):
    """Drag along measured positions; see the accuracies there, and the answers on a few images.

    Args:
        positions: what the slider moves over, such as epochs or sizes of the training set, at least two.
        scores: name of a line to its accuracies in 0..1: for each position one number, or a list of one a run.
        images: examples, floats in 0..1, shape ``(K, 3, H, W)``.
        truth: the right answer to each of them.
        answers: name of a line to its answers: for each position as many as there are images.
        title: of the whole.
        unit: what a position counts, such as "cells a class".

    Raises:
        CourseError: if the parts do not fit each other; the message says which and what was expected.
    """

    _esm: ClassVar = HERE / "answers.js"
    _css: ClassVar = (HERE / "explorer.css").read_text() + (HERE / "answers.css").read_text()
    title = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    positions: traitlets.List = traitlets.List().tag(sync=True)
    lines: traitlets.List = traitlets.List().tag(sync=True)  # name, mean, low, high: a number for each position
    examples: traitlets.List = traitlets.List().tag(sync=True)  # picture, truth
    answers: traitlets.Dict = traitlets.Dict().tag(sync=True)  # line: for each position an answer an example
    line = traitlets.Unicode().tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        positions: Sequence[int],
        scores: Mapping[str, Sequence[float | Sequence[float]]],
        images: Tensor,
        truth: Sequence[str],
        answers: Mapping[str, Sequence[Sequence[str]]],
        *,
        title: str,
        unit: str,
        **kwargs: Any,
    ) -> None:
        _check(positions, scores, images, truth, answers)
        lines = [{"name": name, **_spread(values)} for name, values in scores.items()]
        examples = [{"picture": _picture(image), "truth": name} for image, name in zip(images, truth, strict=True)]
        super().__init__(
            title=title,
            unit=unit,
            positions=[int(one) for one in positions],
            lines=lines,
            examples=examples,
            answers={name: [list(row) for row in rows] for name, rows in answers.items()},
            line=list(answers)[-1],
            **kwargs,
        )

    def right(self, line: str, place: int) -> int:
        """How many of the examples a line answers right at a position (by its index)."""
        pairs = zip(self.answers[line][place], self.examples, strict=True)
        return sum(answer == example["truth"] for answer, example in pairs)

    def as_html(self) -> str:
        head = "".join(f"<th>{escape(line['name'])}</th>" for line in self.lines)
        rows = "".join(
            f"<tr><td>{position}</td>" + "".join(f"<td>{_words(line, place)}</td>" for line in self.lines) + "</tr>"
            for place, position in enumerate(self.positions)
        )
        return (
            f"<p>{escape(self.as_text())} Run the cell to drag through them.</p><table><thead><tr>"
            f"<th>{escape(self.unit)}</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        names = ", ".join(line["name"] for line in self.lines)
        return f"{self.title}: accuracy at {len(self.positions)} positions ({self.unit}), {names}."


def _check(
    positions: Sequence[int],
    scores: Mapping[str, Sequence[float | Sequence[float]]],
    images: Tensor,
    truth: Sequence[str],
    answers: Mapping[str, Sequence[Sequence[str]]],
) -> None:
    if len(positions) < 2 or list(positions) != sorted(set(positions)) or min(positions) < 0:
        raise CourseError(f"positions must be two numbers or more, from 0 up, each larger; seen {list(positions)[:12]}")
    if not 1 <= len(scores) <= LINES:
        raise CourseError(f"scores must hold 1 to {LINES} lines; seen {len(scores)}")
    for name, values in scores.items():
        runs = [number for value in values for number in (value if isinstance(value, Sequence) else [value])]
        empty = any(isinstance(value, Sequence) and not value for value in values)
        if len(values) != len(positions) or empty:
            raise CourseError(f"{name}: one score or more is expected for each of {len(positions)} positions")
        if not all(math.isfinite(one) and 0 <= one <= 1 for one in runs):
            raise CourseError(f"{name}: scores must lie in 0..1; seen {min(runs)} to {max(runs)}")
    if images.ndim != 4 or images.shape[1] != 3 or not 1 <= len(images) <= EXAMPLES:
        raise CourseError(f"images must be 1 to {EXAMPLES} of shape (3, H, W); seen {tuple(images.shape)}")
    if len(truth) != len(images):
        raise CourseError(f"{len(images)} images need as many right answers; seen {len(truth)}")
    if not answers or not set(answers) <= set(scores):
        raise CourseError(f"answers must be those of lines in scores, {', '.join(scores)}; seen {', '.join(answers)}")
    for name, rows in answers.items():
        if len(rows) != len(positions) or any(len(row) != len(images) for row in rows):
            raise CourseError(f"{name}: {len(images)} answers are expected for each of {len(positions)} positions")


def _spread(values: Sequence[float | Sequence[float]]) -> dict[str, list[float]]:
    """Mean and the ends of one standard deviation (n - 1), by position; without runs the ends are the mean."""
    means, lows, highs = [], [], []
    for value in values:
        runs = list(value) if isinstance(value, Sequence) else [value]
        mean = sum(runs) / len(runs)
        spread = math.sqrt(sum((one - mean) ** 2 for one in runs) / (len(runs) - 1)) if len(runs) > 1 else 0.0
        means.append(float(mean))
        lows.append(float(mean - spread))
        highs.append(float(mean + spread))
    return {"mean": means, "low": lows, "high": highs}


def _words(line: dict[str, Any], place: int) -> str:
    mean, high = line["mean"][place], line["high"][place]
    return f"{mean:.2f}" + (f" ± {high - mean:.2f}" if high > mean else "")


def _picture(image: Tensor) -> str:
    from PIL import Image

    pixels = (image.detach().float().cpu().clamp(0, 1).permute(1, 2, 0) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(file, format="JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
