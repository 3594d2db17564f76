"""A budget for labels: how many slides, how many cells of each, and what the model costs that comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import mean
from typing import Any, ClassVar

import traitlets

from coursekit.explorers.base import HERE, Explorer

BUDGET, SLIDE_PRICE = 120, 5  # in labels, where the sliders stand at first
HIGHEST_SLIDE_PRICE = 20


class PlanExplorer(Explorer):
    """Drag a budget and the price of a slide; see which plans are affordable, and which gives the cheapest model.

    Args:
        runs: for each plan ``(slides, cells a slide)`` the costs per 1,000 cells of the models trained by it.
        level: cost per 1,000 cells without a model.

    Raises:
        ValueError: if there is no plan, a plan has no run, or a number makes no sense; the message says which.
    """

    _esm: ClassVar = HERE / "plan.js"
    _css: ClassVar = HERE / "explorer.css"
    plans: traitlets.List = traitlets.List().tag(sync=True)
    level = traitlets.Float().tag(sync=True)
    budget = traitlets.Int(BUDGET, min=0).tag(sync=True)
    slide_price = traitlets.Int(SLIDE_PRICE, min=0, max=HIGHEST_SLIDE_PRICE).tag(sync=True)

    def __init__(self, runs: Mapping[tuple[int, int], Sequence[float]], level: float, **kwargs: Any) -> None:
        if not runs:
            raise ValueError("a planner needs plans to choose from; seen none")
        plans = []
        for (slides, cells), costs in sorted(runs.items()):
            if slides < 1 or cells < 1:
                raise ValueError(f"a plan has a slide and a cell or more; seen {slides} slides, {cells} cells of each")
            if not costs or not all(math.isfinite(one) and one >= 0 for one in costs):
                raise ValueError(f"{slides} slides, {cells} cells: costs of 0 or more are expected; seen {list(costs)}")
            plans.append(
                {
                    "slides": slides,
                    "cells": cells,
                    "labels": slides * cells,
                    "cost": mean(costs),
                    "low": min(costs),
                    "high": max(costs),
                    "runs": len(costs),
                }
            )
        super().__init__(plans=plans, level=level, **kwargs)

    def price(self, plan: Mapping[str, Any]) -> int:
        """What a plan takes from the budget, in labels."""
        return int(plan["labels"] + self.slide_price * plan["slides"])

    def best(self) -> dict[str, Any] | None:
        """The affordable plan whose models cost least on average; None if none is affordable."""
        affordable = [plan for plan in self.plans if self.price(plan) <= self.budget]
        return min(affordable, key=lambda plan: plan["cost"], default=None)

    def as_html(self) -> str:
        rows = "".join(
            f"<tr><td>{plan['slides']}</td><td>{plan['cells']}</td><td>{plan['labels']}</td><td>{plan['cost']:.0f}</td>"
            f"<td>{plan['low']:.0f} to {plan['high']:.0f}</td></tr>"
            for plan in self.plans
        )
        return (
            f"<p>{escape(self.as_text())} Run the cell to drag a budget.</p><table><thead><tr><th>slides</th>"
            "<th>cells a slide</th><th>labels</th><th>mean cost</th><th>runs from, to</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        best = self.best()
        head = f"{len(self.plans)} plans; without a model 1,000 cells cost {self.level:.0f}. "
        where = f"Within {self.budget} labels, a slide at the price of {self.slide_price}, "
        if best is None:
            return f"{head}{where}no plan is affordable."
        return f"{head}{where}{best['slides']} slides with {best['cells']} cells each are best: {best['cost']:.0f}."
