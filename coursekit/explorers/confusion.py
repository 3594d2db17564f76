"""The four cells of a confusion matrix to drag, and the ratios that follow them."""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar, NamedTuple

import traitlets

from coursekit.errors import CourseError
from coursekit.explorers.base import HERE, Explorer

CELLS = ("tp", "fn", "fp", "tn")  # row by row: rows are the truth, columns the answers
LARGEST = 9_999  # images in a cell


class Reading(NamedTuple):
    """A metric as a fraction: its name, what is above and below the line, and the reason if that is 0 / 0."""

    name: str
    above: int
    below: int
    reason: str

    @property
    def text(self) -> str:
        """The value with two decimals, or that there is none."""
        return f"{self.above / self.below:.2f}" if self.below else "no value"


class ConfusionExplorer(Explorer):
    """Drag the cells of a confusion matrix of two classes; accuracy, precision, recall and F1 follow.

    Args:
        tp: positives that are called positive.
        fp: negatives that are called positive.
        fn: positives that are called negative.
        tn: negatives that are called negative.
        positive: the name of the positive class, in the singular.
        negative: the name of the other class.

    Raises:
        CourseError: if a cell is no whole number from 0 to 9,999, or a name is empty.
    """

    _esm: ClassVar = HERE / "confusion.js"
    _css: ClassVar = (HERE / "explorer.css").read_text("utf-8") + (HERE / "confusion.css").read_text("utf-8")
    counts: traitlets.Dict = traitlets.Dict().tag(sync=True)
    start: traitlets.Dict = traitlets.Dict().tag(sync=True)  # what "Back to the start" brings back
    largest = traitlets.Int(LARGEST).tag(sync=True)
    positive = traitlets.Unicode().tag(sync=True)
    negative = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        tp: int = 40,
        fp: int = 10,
        fn: int = 5,
        tn: int = 45,
        *,
        positive: str = "cat",
        negative: str = "dog",
        **kwargs: Any,
    ) -> None:
        counts = {"tp": tp, "fn": fn, "fp": fp, "tn": tn}
        for name, value in counts.items():
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not 0 <= value <= LARGEST:
                expected = f"a whole number from 0 to {LARGEST:,}"
                raise CourseError(f"The cell {name.upper()} counts images: expected {expected}, seen {value!r}.")
        if not positive.strip() or not negative.strip():
            raise CourseError("Both classes need a name, such as positive='cat' and negative='dog'.")
        super().__init__(counts=counts, start=dict(counts), positive=positive, negative=negative, **kwargs)

    def readings(self) -> list[Reading]:
        """Accuracy, precision, recall and F1 of the cells as they stand."""
        tp, fn, fp, tn = (self.counts[name] for name in CELLS)
        one = self.positive
        return [
            Reading("accuracy", tp + tn, tp + fn + fp + tn, "there are no images"),
            Reading("precision", tp, tp + fp, f"nothing was called {one}"),
            Reading("recall", tp, tp + fn, f"there is no {one} among the images"),
            Reading("F1", 2 * tp, 2 * tp + fp + fn, f"there is no {one}, and nothing was called {one}"),
        ]

    def as_html(self) -> str:
        one, other = escape(self.positive), escape(self.negative)
        cells = self.counts
        rows = "".join(
            f"<tr><td>{reading.name}</td><td>{reading.above} / {reading.below}</td><td>"
            + (reading.text if reading.below else f"no value: {escape(reading.reason)}")
            + "</td></tr>"
            for reading in self.readings()
        )
        return (
            f"<p>{escape(self.as_text())} Run the cell to drag the counts.</p><table><thead><tr><th>truth</th>"
            f"<th>called {one}</th><th>called {other}</th></tr></thead><tbody>"
            f"<tr><td>{one}</td><td>TP {cells['tp']}</td><td>FN {cells['fn']}</td></tr>"
            f"<tr><td>{other}</td><td>FP {cells['fp']}</td><td>TN {cells['tn']}</td></tr></tbody></table>"
            f"<table><thead><tr><th>metric</th><th>fraction</th><th>value</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        values = ", ".join(f"{reading.name} {reading.text}" for reading in self.readings())
        classes = f"{self.positive} against {self.negative}"
        return f"A confusion matrix with {sum(self.counts.values())} in all, {classes}: {values}."
