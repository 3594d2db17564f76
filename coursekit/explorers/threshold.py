"""One threshold to drag: the scores, the curves, the confusion matrix and the cost move together."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
import traitlets
from torch import Tensor

from coursekit.explorers.base import HERE, Explorer
from coursekit.operating import check_costs, check_prevalence, check_scores, precision_elsewhere

LIMIT = 9.0  # log-odds at either end of the axis: probabilities of about 0.0001 and 0.9999
STEPS = 181  # thresholds a tenth of log-odds apart, besides the two that flag all and none
BINS = 36  # of the histogram, half a unit of log-odds wide


class ThresholdExplorer(Explorer):
    """Drag the threshold of a binary decision; set the costs of both errors and the share of infected cells.

    The axis of scores is stretched near 0 and 1 (log-odds), where most scores of a trained model lie.

    Args:
        scores: probability of "infected", shape ``(N,)``.
        infected: the truth, shape ``(N,)``.
        threshold: where the slider begins, in 0..1.
        miss: cost of an infected cell that is passed.
        alarm: cost of a healthy cell that is flagged.
        prevalence: share of infected cells that is shown, between 0 and 1; that of these cells if not given.

    Input from which nothing can be shown (no cell of one class, a negative cost, and so on) is not an error: the
    explorer then says what is wrong, in ``problem``, and shows no slider.
    """

    _esm: ClassVar = HERE / "threshold.js"
    _css: ClassVar = "\n".join((HERE / name).read_text("utf-8") for name in ("explorer.css", "threshold.css"))
    problem = traitlets.Unicode().tag(sync=True)
    thresholds: traitlets.List = traitlets.List().tag(sync=True)  # rising; the first flags all, the last flags none
    recall: traitlets.List = traitlets.List().tag(sync=True)  # at each threshold
    alarms: traitlets.List = traitlets.List().tag(sync=True)  # false positive rate at each threshold
    bars: traitlets.Dict = traitlets.Dict().tag(sync=True)  # class: share of its cells in each bin
    counts: traitlets.Dict = traitlets.Dict().tag(sync=True)  # class: cells
    place = traitlets.Int(0).tag(sync=True)  # index into thresholds
    miss = traitlets.Float(1.0).tag(sync=True)
    alarm = traitlets.Float(1.0).tag(sync=True)
    prevalence = traitlets.Float(0.5).tag(sync=True)
    curve = traitlets.Enum(("pr", "roc"), default_value="pr").tag(sync=True)

    def __init__(
        self,
        scores: Tensor,
        infected: Tensor,
        *,
        threshold: float = 0.5,
        miss: float = 1.0,
        alarm: float = 1.0,
        prevalence: float | None = None,
        **kwargs: Any,
    ) -> None:
        try:
            exact, truth = check_scores(scores, infected, probabilities=True)
            if not 0 <= threshold <= 1:
                raise ValueError(f"a threshold for probabilities lies in 0..1; seen {threshold}")
            check_costs(miss, alarm)
            shown = float(truth.double().mean()) if prevalence is None else prevalence
            check_prevalence(shown)
        except ValueError as error:
            super().__init__(problem=f"Nothing to show: {error}.", **kwargs)
            return
        odds = exact.logit().clamp(-LIMIT, LIMIT)
        inner = torch.linspace(-LIMIT, LIMIT, STEPS, dtype=torch.float64)
        limits = torch.cat([torch.tensor([-math.inf]), inner, torch.tensor([math.inf])])
        place = int((limits - torch.tensor(threshold, dtype=torch.float64).logit().clamp(-LIMIT, LIMIT)).abs().argmin())
        if threshold == 0:
            place = 0
        edges = torch.linspace(-LIMIT, LIMIT, BINS + 1, dtype=torch.float64)
        flagged = exact[None] >= limits.sigmoid()[:, None]
        flagged[-1] = False
        super().__init__(
            thresholds=limits.sigmoid().tolist(),
            recall=flagged[:, truth].double().mean(1).tolist(),
            alarms=flagged[:, ~truth].double().mean(1).tolist(),
            bars={name: _shares(odds[rows], edges) for name, rows in (("infected", truth), ("healthy", ~truth))},
            counts={"infected": int(truth.sum()), "healthy": int((~truth).sum())},
            place=place,
            miss=float(miss),
            alarm=float(alarm),
            prevalence=shown,
            **kwargs,
        )

    def of_1000(self, place: int | None = None) -> dict[str, float]:
        """Hits, misses, false alarms, passed healthy cells and cost to expect of 1,000 cells, and the precision."""
        at = self.place if place is None else place
        recall, alarms, share = self.recall[at], self.alarms[at], self.prevalence
        misses, false = 1000 * share * (1 - recall), 1000 * (1 - share) * alarms
        return {
            "tp": 1000 * share * recall,
            "fn": misses,
            "fp": false,
            "tn": 1000 * (1 - share) * (1 - alarms),
            "cost": misses * self.miss + false * self.alarm,
            "precision": precision_elsewhere(recall, alarms, share),
            "recall": recall,
        }

    def cheapest(self) -> int:
        """Index of the threshold with the lowest cost at this prevalence; the first of equals."""
        return min(range(len(self.thresholds)), key=lambda at: (round(self.of_1000(at)["cost"], 9), at))

    def as_html(self) -> str:
        if self.problem:
            return f'<p role="alert">{self.problem}</p>'
        rows = ""
        for at in sorted({self.place, self.cheapest(), *(self._nearest(one) for one in (0.1, 0.5, 0.9))}):
            one = self.of_1000(at)
            rows += (
                f"<tr><td>{self.thresholds[at]:.3f}</td><td>{one['recall']:.3f}</td><td>{_percent(one['precision'])}"
                f"</td><td>{one['fp']:.1f}</td><td>{one['fn']:.1f}</td><td>{one['cost']:.0f}</td></tr>"
            )
        return (
            f"<p>{self.as_text()} Run the cell to drag the threshold.</p><table><thead><tr><th>threshold</th>"
            "<th>recall</th><th>precision</th><th>false alarms</th><th>misses</th><th>cost</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        if self.problem:
            return self.problem
        one = self.of_1000()
        return (
            f"At a threshold of {self.thresholds[self.place]:.2f}, of 1,000 cells with {1000 * self.prevalence:.0f} "
            f"infected, {one['fp']:.1f} are false alarms and {one['fn']:.1f} are missed."
        )

    def _nearest(self, threshold: float) -> int:
        return min(range(len(self.thresholds)), key=lambda at: abs(self.thresholds[at] - threshold))


def _shares(odds: Tensor, edges: Tensor) -> list[float]:
    place = (torch.bucketize(odds, edges, right=True) - 1).clamp(0, len(edges) - 2)
    return (torch.bincount(place, minlength=len(edges) - 1).double() / len(odds)).tolist()


def _percent(share: float) -> str:
    return "undefined" if math.isnan(share) else f"{share:.3f}"
