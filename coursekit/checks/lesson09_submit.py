"""The capstone's check: ``09.submit``. A model, a threshold and a card, from a raw archive, judged on fresh slides."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor

from coursekit.checks.core import Check, Wrong, call, raised, require
from coursekit.checks.lesson09_costs import Terms, numbers, rates
from coursekit.checks.lesson09_decide import complain_about_form, read_card
from coursekit.checks.lesson09_rubric import PASS, Earned, grade, passes, total
from coursekit.data.clinic import Cells, clinic_cells, fresh_cells

ARCHIVED, FRESH = 240, 240


@lru_cache(maxsize=16)
def _features(seed: int) -> tuple[Tensor, Tensor]:
    """Frozen features of the archive's rows and of the fresh cells; equal images have equal features."""
    from coursekit.models.probing import features_of, frozen_body

    body, archive, fresh = frozen_body(), _archive(seed), _fresh(seed)
    return features_of(body, archive.source.images)[archive.index], features_of(body, fresh.images)


def _archive(seed: int) -> Cells:
    return clinic_cells(ARCHIVED, seed=seed)


def _fresh(seed: int) -> Cells:
    return fresh_cells(FRESH, seed=seed)


class SubmitCheck(Check):
    """``submit(features, labels, slides, clinic)`` returns ``score``, ``threshold`` and ``card``."""

    MISCONCEPTIONS: ClassVar = {
        "always-healthy": "A high accuracy shows that a screener is worth its place.",
        "flags-everything": "Missing nothing is good at any price.",
        "training-cost": "What a model costs on the cells that it was trained on is what it costs.",
        "no-limits": "A number needs no limits.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        return {"seed": seed}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        archive = _archive(inputs["seed"])
        raw, fresh = _features(inputs["seed"])
        terms = Terms()
        clinic = {"prevalence": terms.prevalence, "miss": terms.miss, "alarm": terms.alarm}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(inputs["seed"])
            result = call(answer, raw.clone(), archive.labels.clone(), archive.slides.clone(), clinic)
            if not isinstance(result, tuple | list) or len(result) != 3:
                return {"result": type(result).__name__}
            score, threshold, card = result
            if not callable(score):
                return {"result": f"{type(score).__name__} for the score"}
            try:
                scores = numbers(score(fresh.clone()), FRESH)
            except Exception as error:
                raise Wrong(f"The score was called with fresh features. {raised(error)}") from error
        return {"scores": scores, "threshold": numbers(threshold, 1), "card": read_card(card)}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen,
            f"Three things are expected, `score, threshold, card`, the first a function; seen {seen.get('result')}.",
        )
        require(seen["scores"] is not None, f"For {FRESH} rows of features, as many finite scores are expected.")
        require(seen["threshold"] is not None, "The threshold must be one finite number.")
        card = seen["card"]
        complain_about_form(card)
        threshold = seen["threshold"][0]
        require(
            abs(card["threshold"] - threshold) < 1e-6,
            f"The card says threshold {card['threshold']:.4f}, and {threshold:.4f} was handed in.",
        )
        infected, terms = _fresh(inputs["seed"]).infected, Terms()
        missed, flagged = rates(torch.tensor(seen["scores"], dtype=torch.float64), infected, threshold)
        earned = grade(terms.cost(missed, flagged), card["cost"], card["interval"], card["limits"], terms)
        table = _table(earned)
        if passes(earned):
            return f"{total(earned):.0f} of 100 points on slides drawn just now.\n{table}"
        raise Wrong(f"{_reason(earned, missed, flagged, terms)}\n{table}", _misconception(earned, missed, flagged))


def _table(earned: list[Earned]) -> str:
    return "\n".join(f"- {one.part.name}: {one.points:.0f} of {one.part.points} ({one.seen})" for one in earned)


def _reason(earned: list[Earned], missed: float, flagged: float, terms: Terms) -> str:
    cost, number, spread, limits = (one.points for one in earned)
    rest = f" {total(earned):.0f} of 100 points; needed are {PASS}, and some in every part."
    if not cost:
        return (
            f"On fresh slides {missed:.0%} of the infected cells are missed and {flagged:.0%} of the healthy ones "
            f"flagged. That costs {terms.cost(missed, flagged):.0f} per 1,000 cells, and no model costs "
            f"{terms.level:.0f}.{rest}"
        )
    if not number:
        return (
            "The cost in the card is not what the judge finds. Measure it on slides that trained nothing and chose "
            f"nothing; the training cells always flatter.{rest}"
        )
    if not spread:
        return f"The interval in the card must hold the stated cost, and have a width.{rest}"
    if not limits:
        return f"The card names no limits that a stranger could act on; the rubric says which words are needed.{rest}"
    return f"Every part earned something, and it is not enough.{rest}"


def _misconception(earned: list[Earned], missed: float, flagged: float) -> str | None:
    cost, number, _, limits = (one.points for one in earned)
    if not cost:
        return "always-healthy" if missed > flagged else "flags-everything"
    if not number:
        return "training-cost"
    return "no-limits" if not limits else None
