"""What the judge of lesson 09 measures: expected cost per 1,000 cells of the clinic, and its interval by slide.

The cells that are judged have other shares than the clinic. So the two error rates are counted within their class, and
weighted with the clinic's shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.data.clinic import ALARM, MISS, PREVALENCE

CELLS = 1_000  # costs are per 1,000 cells


@dataclass(frozen=True)
class Terms:
    """What the clinic agreed to: the share of infected cells (0..1), and what each error costs."""

    prevalence: float = PREVALENCE
    miss: float = MISS
    alarm: float = ALARM

    def cost(self, missed: float, flagged: float) -> float:
        """Per 1,000 cells, from the share of infected cells that is missed and of healthy ones that is flagged."""
        return CELLS * (self.prevalence * self.miss * missed + (1 - self.prevalence) * self.alarm * flagged)

    @property
    def level(self) -> float:
        """Cost of the cheaper way without a model: flag nothing, or flag everything."""
        return min(self.cost(1, 0), self.cost(0, 1))

    def threshold(self, infected_share: float) -> float:
        """Where a calibrated score flags at the least cost, if it was fitted to cells of which this share is infected.

        The odds of break-even are alarm / miss in the clinic; a change of prevalence multiplies the odds (lesson 06).
        """
        share = min(max(infected_share, 1e-6), 1 - 1e-6)
        odds = self.alarm / self.miss * (share / (1 - share)) / (self.prevalence / (1 - self.prevalence))
        return odds / (1 + odds)


def rates(scores: Tensor, infected: Tensor, threshold: float) -> tuple[float, float]:
    """Share of infected cells that is missed, and of healthy ones that is flagged; flagged means score >= threshold."""
    flagged = scores >= threshold
    return float((~flagged[infected]).double().mean()), float(flagged[~infected].double().mean())


def cheapest(scores: Tensor, infected: Tensor, cost: Callable[[float, float], float]) -> tuple[float, float]:
    """The threshold with the least cost on these cells, and that cost; flagging nothing is among the choices.

    Args:
        scores: shape ``(N,)``.
        infected: bool, shape ``(N,)``, both kinds in it.
        cost: of a share missed and a share flagged.
    """
    order = scores.double().argsort(descending=True)
    values, sick = scores.double()[order], infected[order]
    found = sick.cumsum(0).double() / sick.sum()
    alarms = (~sick).cumsum(0).double() / (~sick).sum()
    last = torch.ones(len(values), dtype=torch.bool)
    last[:-1] = values[:-1] != values[1:]  # equal scores are flagged together
    best = (float(values[0]) + 1.0, cost(1.0, 0.0))
    for value, hit, alarm in zip(values[last].tolist(), found[last].tolist(), alarms[last].tolist(), strict=True):
        price = cost(1 - hit, alarm)
        if price < best[1]:
            best = (value, price)
    return best


def interval(
    scores: Tensor,
    infected: Tensor,
    groups: Tensor,
    threshold: float,
    terms: Terms,
    *,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Middle 95 % of the cost per 1,000 cells over bootstrap draws of whole groups.

    Args:
        scores: shape ``(N,)``.
        infected: bool, shape ``(N,)``.
        groups: the slide of each cell; ``torch.arange(N)`` draws single cells.
        threshold: flagged means ``score >= threshold``.
        terms: prevalence and costs.
        draws: how many; draws without an infected or without a healthy cell are left out.
        seed: of the draws.
    """
    flagged = scores >= threshold
    _, place = groups.unique(return_inverse=True)
    count = int(place.max()) + 1
    table = torch.zeros(count, 4, dtype=torch.float64)  # infected, missed, healthy, flagged though healthy
    marks = torch.stack([infected, infected & ~flagged, ~infected, flagged & ~infected], dim=1).double()
    table.index_add_(0, place, marks)
    generator = torch.Generator().manual_seed(seed)
    sums = torch.stack([table[torch.randint(0, count, (count,), generator=generator)].sum(0) for _ in range(draws)])
    sums = sums[(sums[:, 0] > 0) & (sums[:, 2] > 0)]
    costs = CELLS * (
        terms.prevalence * terms.miss * sums[:, 1] / sums[:, 0]
        + (1 - terms.prevalence) * terms.alarm * sums[:, 3] / sums[:, 2]
    )
    low, high = costs.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return low, high


def numbers(values: object, count: int) -> list[float] | None:
    """``values`` as ``count`` finite numbers, or None if they are not."""
    try:
        flat = torch.as_tensor(values).detach().double().flatten().tolist()
    except (TypeError, ValueError, RuntimeError):
        return None
    return flat if len(flat) == count and all(math.isfinite(one) for one in flat) else None


def indices(values: object, count: int) -> list[int] | None:
    """``values`` as row numbers below ``count``, or None if they are not."""
    if isinstance(values, str | bytes | dict):
        return None
    try:
        tensor = torch.as_tensor(values if isinstance(values, Tensor) else [int(one) for one in values])  # type: ignore[attr-defined]
    except (TypeError, ValueError, RuntimeError):
        return None
    if tensor.ndim != 1 or tensor.dtype.is_floating_point or tensor.dtype == torch.bool:
        return None
    rows: Sequence[int] = tensor.tolist()
    return list(rows) if all(0 <= row < count for row in rows) else None
