"""Where an accuracy comes from: a rare class, how much of it is found, and how much else is flagged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import traitlets

from coursekit.explorers.base import HERE, Explorer

CELLS = 10_000
SETTINGS = ("false_alarms", "accuracy")
NAMES = {
    "prevalence": "Prevalence",
    "recall": "Recall",
    "false_alarms": "False-alarm rate",
    "accuracy": "Accuracy",
}


@dataclass(frozen=True)
class Mixture:
    """What becomes of ``CELLS`` cells on average; counts need not be whole."""

    found: float  # infected and flagged
    missed: float  # infected and passed
    alarms: float  # healthy and flagged
    passed: float  # healthy and passed

    @property
    def accuracy(self) -> float:
        """Share of right answers, percent: each class's own rate, weighted by its share of the cells."""
        return 100 * (self.found + self.passed) / CELLS

    @property
    def precision(self) -> float | None:
        """Share of infected among the flagged, percent; None if nothing is flagged."""
        flagged = self.found + self.alarms
        return 100 * self.found / flagged if flagged > 1e-9 else None

    @property
    def baseline(self) -> float:
        """Accuracy of one and the same best answer for every cell, percent."""
        infected = self.found + self.missed
        return 100 * max(infected, CELLS - infected) / CELLS

    def words(self) -> str:
        """The same in two sentences."""
        infected = self.found + self.missed
        precision = "not defined, as nothing is flagged" if self.precision is None else f"{self.precision:.1f} %"
        return (
            f"Of {CELLS:,} cells {infected:,.0f} are infected: {self.found:,.0f} found, {self.missed:,.0f} missed, and "
            f"{self.alarms:,.0f} of {CELLS - infected:,.0f} healthy ones are flagged. Accuracy {self.accuracy:.1f} %, "
            f"precision {precision}; one and the same answer for every cell scores {self.baseline:.1f} %."
        )


def mixture(
    prevalence: float, recall: float, *, false_alarms: float | None = None, accuracy: float | None = None
) -> Mixture:
    """What becomes of ``CELLS`` cells. All arguments in percent; give one of the last two.

    Args:
        prevalence: share of infected cells.
        recall: share of the infected that is found.
        false_alarms: share of the healthy that is flagged.
        accuracy: share of right answers that a report claims; the false alarms follow from it.

    Raises:
        ValueError: if a number lies outside 0..100, or if no false-alarm rate gives this accuracy; says which and why.
    """
    given = {"prevalence": prevalence, "recall": recall, "false_alarms": false_alarms, "accuracy": accuracy}
    if (false_alarms is None) == (accuracy is None):
        raise ValueError("give either false_alarms or accuracy, and not both: one follows from the other")
    for name, value in given.items():
        if value is not None and not 0 <= value <= 100:
            raise ValueError(f"{NAMES[name]} must be a number from 0 to 100 %; seen {value}.")
    infected = CELLS * prevalence / 100
    healthy = CELLS - infected
    found = infected * recall / 100
    missed = infected - found
    if false_alarms is not None:
        alarms = healthy * false_alarms / 100
    else:
        assert accuracy is not None
        alarms = _alarms_for(accuracy, found, missed, healthy)
    return Mixture(found, missed, alarms, healthy - alarms)


def _alarms_for(accuracy: float, found: float, missed: float, healthy: float) -> float:
    errors = CELLS * (100 - accuracy) / 100
    most, least = 100 * (CELLS - missed) / CELLS, 100 * found / CELLS
    if errors - missed < -1e-6:
        raise ValueError(
            f"Impossible: {missed:,.0f} of {CELLS:,} cells are missed, so the accuracy is at most {most:.1f} %, "
            f"whatever else the model does. {accuracy:g} % cannot be true at this prevalence and recall."
        )
    if errors - missed > healthy + 1e-6:
        raise ValueError(
            f"Impossible: the {found:,.0f} infected cells that are found are right answers, so the accuracy is at "
            f"least {least:.1f} %, even if every healthy cell is flagged. {accuracy:g} % cannot be true here."
        )
    return min(max(errors - missed, 0.0), healthy)


class PrevalenceExplorer(Explorer):
    """Drag prevalence, recall and false-alarm rate, or a claimed accuracy; see who is right and who is missed.

    Args:
        prevalence: percent of the cells that are infected.
        recall: percent of the infected that are found.
        false_alarms: percent of the healthy that are flagged.
        accuracy: what a report claims, percent; used where ``setting`` is ``"accuracy"``.
        setting: which of the last two is set; the other follows.
    """

    _esm: ClassVar = HERE / "prevalence.js"
    _css: ClassVar = (HERE / "explorer.css").read_text() + (HERE / "prevalence.css").read_text()
    prevalence = traitlets.Float(2.0, min=0, max=100).tag(sync=True)
    recall = traitlets.Float(12.0, min=0, max=100).tag(sync=True)
    false_alarms = traitlets.Float(0.0, min=0, max=100).tag(sync=True)
    accuracy = traitlets.Float(98.0, min=0, max=100).tag(sync=True)
    setting = traitlets.Enum(SETTINGS, default_value="false_alarms").tag(sync=True)

    def mixture(self) -> Mixture:
        """What the numbers set now make of ``CELLS`` cells.

        Raises:
            ValueError: if they contradict each other.
        """
        return mixture(self.prevalence, self.recall, **{self.setting: getattr(self, self.setting)})

    def as_html(self) -> str:
        try:
            one = self.mixture()
        except ValueError as error:
            return f"<p>{error} Run the cell to drag the numbers.</p><table></table>"
        rows = (("infected", one.found, one.missed), ("healthy", one.alarms, one.passed))
        cells = "".join(f"<tr><td>{name}</td><td>{yes:,.0f}</td><td>{no:,.0f}</td></tr>" for name, yes, no in rows)
        return (
            f"<p>{one.words()} Run the cell to drag the numbers.</p><table><thead><tr><th>truth</th><th>flagged</th>"
            f"<th>passed</th></tr></thead><tbody>{cells}</tbody></table>"
        )

    def as_text(self) -> str:
        try:
            return self.mixture().words()
        except ValueError as error:
            return str(error)
