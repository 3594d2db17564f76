"""Checks of lesson 09 on decisions and their report: ``09.threshold`` and ``09.card``."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.checks.lesson09_costs import Terms, cheapest, interval, numbers, rates
from coursekit.checks.lesson09_rubric import NEEDED_WORDS, enough


class ThresholdCheck(Check):
    """``choose_threshold(scores, infected, prevalence, miss, alarm)`` costs the clinic least, on these cells."""

    MISCONCEPTIONS: ClassVar = {
        "ignores-prevalence": "The shares of the cells at hand are those of the clinic.",
        "costs-swapped": "A dear miss asks for a high threshold.",
        "accuracy": "The best threshold makes the fewest errors.",
        "half": "Scores are probabilities, so 0.5 is the threshold.",
        "must-flag": "One of the scores at hand is the best threshold.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        cases: list[dict[str, Any]] = []
        while len(cases) < 3:
            terms = Terms(dice.choice([0.01, 0.02, 0.05, 0.1]), dice.choice([10, 20, 50]), dice.choice([1, 2]))
            case = _scores(dice, dice.uniform(1.2, 2.4), terms)
            if not any(fits(case, _right(case)) for fits in _RULES.values()):
                cases.append(case)
        rare = _scores(dice, 0.3, Terms(0.001, 2, 1))  # hardly anybody is infected, and a miss is cheap: flag nobody,
        rare["scores"][rare["infected"].index(False)] = 1.0  # not even the cell with the highest score
        cases.append(rare)
        return {"cases": cases}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        found = []
        for case in inputs["cases"]:
            scores, infected = torch.tensor(case["scores"]), torch.tensor(case["infected"])
            found.append(numbers(call(answer, scores, infected, *case["terms"]), 1))
        return {"thresholds": found}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            all(one is not None for one in seen["thresholds"]),
            "A threshold is one finite number. To flag nothing, return one above every score.",
        )
        found = [one[0] for one in seen["thresholds"]]
        prices = [_price(case, one) for case, one in zip(inputs["cases"], found, strict=True)]
        best = [_price(case, _right(case)) for case in inputs["cases"]]
        wrong = [n for n, (price, least) in enumerate(zip(prices, best, strict=True)) if price > least + 1e-6]
        if not wrong:
            return "The least cost at each of the clinics drawn just now, also where flagging nothing is cheapest."
        first = wrong[0]
        prevalence, miss, alarm = inputs["cases"][first]["terms"]
        said = (
            f"With {prevalence:.1%} infected, a miss at {miss} and an alarm at {alarm}, your threshold "
            f"{found[first]:.3f} costs {prices[first]:.1f} per 1,000 cells; {best[first]:.1f} is possible. "
        )
        usual = list(zip(inputs["cases"][:3], found[:3], strict=True))
        for name, fits in _RULES.items():
            if all(fits(case, threshold) for case, threshold in usual):
                raise Wrong(said + _HINTS[name], name)
        require(
            first < 3,
            said + "Nothing needs to be flagged there: try a threshold above every score as well.",
            "must-flag",
        )
        raise Wrong(said + "Try every score as a threshold, and one above them all.")


def _scores(dice: random.Random, skill: float, terms: Terms) -> dict[str, Any]:
    """Scores of cells with other shares than the clinic's, as plain data."""
    count, share = dice.randint(150, 260), dice.uniform(0.3, 0.6)
    infected = [dice.random() < share for _ in range(count)]
    infected[:2] = [True, False]
    raw = [dice.gauss(skill * sick - skill / 2, 1) for sick in infected]
    scores = torch.tensor(raw).mul(1.5).sigmoid().tolist()
    return {"scores": scores, "infected": infected, "terms": [terms.prevalence, terms.miss, terms.alarm]}


def _parts(case: dict[str, Any]) -> tuple[Tensor, Tensor, Terms]:
    return torch.tensor(case["scores"]).double(), torch.tensor(case["infected"]), Terms(*case["terms"])


def _price(case: dict[str, Any], threshold: float) -> float:
    scores, infected, terms = _parts(case)
    # float32 scores are what the function got; half a step lower forgives a threshold that was rounded on its way
    return terms.cost(*rates(scores, infected, threshold - 1e-9))


def _right(case: dict[str, Any]) -> float:
    scores, infected, terms = _parts(case)
    return cheapest(scores, infected, terms.cost)[0]


def _least(case: dict[str, Any], threshold: float, terms: Terms) -> bool:
    """Is this threshold, on these cells, as good as any under other terms than the clinic's?"""
    scores, infected, _ = _parts(case)
    return terms.cost(*rates(scores, infected, threshold - 1e-9)) <= cheapest(scores, infected, terms.cost)[1] + 1e-6


def _ignoring_prevalence(case: dict[str, Any], threshold: float) -> bool:
    _, infected, terms = _parts(case)
    return _least(case, threshold, Terms(float(infected.double().mean()), terms.miss, terms.alarm))


def _swapped(case: dict[str, Any], threshold: float) -> bool:
    _, _, terms = _parts(case)
    return _least(case, threshold, Terms(terms.prevalence, terms.alarm, terms.miss))


def _fewest_errors(case: dict[str, Any], threshold: float) -> bool:
    _, infected, _ = _parts(case)
    return _least(case, threshold, Terms(float(infected.double().mean()), 1, 1))


# What somebody who believes this would choose: does the threshold fit?
_RULES: dict[str, Callable[[dict[str, Any], float], bool]] = {
    "ignores-prevalence": _ignoring_prevalence,
    "costs-swapped": _swapped,
    "accuracy": _fewest_errors,
    "half": lambda case, threshold: threshold == 0.5,
}
_HINTS = {
    "ignores-prevalence": "Your choice fits the shares of the cells at hand. Weight both rates with the clinic's.",
    "costs-swapped": "Your choice fits if a false alarm costs what a miss costs, and the other way round.",
    "accuracy": "Your choice makes the fewest errors on these cells. Errors do not cost the same.",
    "half": "At 0.5 you assume that both errors cost the same and that the scores hold for the clinic.",
}

FIELDS = ("threshold", "cost", "interval", "recall", "flagged", "slides", "infected", "limits")


class CardCheck(Check):
    """``model_card(scores, infected, slides, threshold, clinic)`` is a dict whose numbers a stranger finds again."""

    MISCONCEPTIONS: ClassVar = {
        "test-shares": "The cost on the test cells is the cost in the clinic.",
        "by-cell": "Cells are the sample, so draw cells.",
        "without-repeats": "A slide that is drawn twice counts once.",
        "precision-for-recall": "Recall is the share of flagged cells that are infected.",
        "no-limits": "Numbers speak for themselves.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        while True:
            case = self._case(dice)
            scores, infected, slides, terms = self._tensors(case)
            spread = [
                high - low
                for low, high in (
                    interval(scores, infected, groups, case["threshold"], terms, draws=600)
                    for groups in (slides, torch.arange(len(slides)))
                )
            ]
            missed, flagged = rates(scores, infected, case["threshold"])
            shares = Terms(float(infected.double().mean()), terms.miss, terms.alarm)
            far = abs(shares.cost(missed, flagged) / terms.cost(missed, flagged) - 1) > 0.2
            if spread[0] > 1.6 * spread[1] and far and 0.02 < missed < 0.5 and flagged > 0.02:
                return case

    @staticmethod
    def _case(dice: random.Random) -> dict[str, Any]:
        scores, infected, slides = [], [], []
        for slide in range(dice.randint(14, 20)):
            blurred = dice.random() < 0.3  # and on such a slide the model knows little
            share = dice.uniform(0.3, 0.7)
            for _ in range(dice.randint(24, 32)):
                sick = dice.random() < share
                scores.append(round(dice.gauss((0.3 if blurred else 3.5) * sick, 1), 4))
                infected.append(sick)
                slides.append(slide + 100)
        terms = [dice.choice([0.02, 0.04, 0.1]), dice.choice([20, 50]), 1]
        return {
            "scores": scores,
            "infected": infected,
            "slides": slides,
            "threshold": round(dice.uniform(0.9, 1.5), 3),
            "terms": terms,
        }

    @staticmethod
    def _tensors(case: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor, Terms]:
        return (
            torch.tensor(case["scores"], dtype=torch.float64),
            torch.tensor(case["infected"]),
            torch.tensor(case["slides"]),
            Terms(*case["terms"]),
        )

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        scores, infected, slides, terms = self._tensors(inputs)
        clinic = {"prevalence": terms.prevalence, "miss": terms.miss, "alarm": terms.alarm}
        with torch.random.fork_rng(devices=[]):
            card = call(answer, scores, infected, slides, inputs["threshold"], clinic)
        return read_card(card)

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        complain_about_form(seen)
        scores, infected, slides, terms = self._tensors(inputs)
        threshold = inputs["threshold"]
        missed, flagged = rates(scores, infected, threshold)
        require(
            abs(seen["threshold"] - threshold) < 1e-6,
            f"The card says threshold {seen['threshold']}, and the decisions were made at {threshold}.",
        )
        self._counts(seen, slides, infected)
        self._recall(seen, scores >= threshold, infected)
        cost = terms.cost(missed, flagged)
        here = Terms(float(infected.double().mean()), terms.miss, terms.alarm).cost(missed, flagged)
        said = f"`cost` is {seen['cost']:.1f}; the judge measures {cost:.1f} per 1,000 cells. "
        require(
            not _near(seen["cost"], here, 0.01),
            said + "Yours is the cost at the shares of the test cells. Weight both rates with the clinic's prevalence.",
            "test-shares",
        )
        require(_near(seen["cost"], cost, 0.01), said + "Misses and false alarms, each with its cost, of 1,000 cells.")
        wanted = 1000 * (terms.prevalence * (1 - missed) + (1 - terms.prevalence) * flagged)
        require(
            _near(seen["flagged"], wanted, 0.01),
            f"`flagged` is {seen['flagged']:.1f}; of 1,000 cells of the clinic {wanted:.1f} are flagged, found "
            "ones and false alarms together.",
        )
        self._interval(seen, inputs)
        require(
            enough(seen["limits"]),
            f"`limits` must say in words where the card ends: two or more, with the words "
            f"{' and '.join(NEEDED_WORDS)}. Seen {len(seen['limits'])}.",
            "no-limits",
        )
        return "Every number of the card was measured again and found, interval and limits included."

    @staticmethod
    def _counts(seen: dict[str, Any], slides: Tensor, infected: Tensor) -> None:
        for name, count in {"slides": len(slides.unique()), "infected": int(infected.sum())}.items():
            require(seen[name] == count, f"`{name}` is {seen[name]:g}; there are {count} among the test cells.")

    @staticmethod
    def _recall(seen: dict[str, Any], flagged: Tensor, infected: Tensor) -> None:
        recall = float(flagged[infected].double().mean())
        precision = float(infected[flagged].double().mean())
        said = f"`recall` is {seen['recall']:.3f}, and {recall:.3f} of the infected cells are found. "
        require(
            not _near(seen["recall"], precision, 0.005) or _near(seen["recall"], recall, 0.005),
            said + "Yours is the precision, the share of flagged cells that are infected.",
            "precision-for-recall",
        )
        require(_near(seen["recall"], recall, 0.005), said + "Divide by the infected cells.")

    def _interval(self, seen: dict[str, Any], inputs: dict[str, Any]) -> None:
        scores, infected, slides, terms = self._tensors(inputs)
        low, high = interval(scores, infected, slides, inputs["threshold"], terms)
        alone = interval(scores, infected, torch.arange(len(slides)), inputs["threshold"], terms)
        width, right, by_cell = seen["interval"][1] - seen["interval"][0], high - low, alone[1] - alone[0]
        said = (
            f"The interval {seen['interval'][0]:.0f} to {seen['interval'][1]:.0f} is {width:.0f} wide; drawn by slide "
            f"the judge finds {low:.0f} to {high:.0f}. "
        )
        require(
            width > by_cell * 1.2,
            said + "Yours is what single cells would give. Draw whole slides, with all their cells.",
            "by-cell",
        )
        require(
            width > 0.86 * right,
            said + "Yours is too narrow. A slide that is drawn twice must count twice; `torch.isin` counts it once.",
            "without-repeats",
        )
        off = max(abs(seen["interval"][0] - low), abs(seen["interval"][1] - high))
        require(off < 0.2 * right, said + "Take the 2.5 % and 97.5 % quantiles of 1,000 draws or more.")


def _near(one: float, other: float, share: float) -> bool:
    return abs(one - other) <= share * max(abs(other), 1e-9)


def read_card(card: Any) -> dict[str, Any]:
    """What a card says, as plain data; ``problem`` names what cannot be read."""
    if not isinstance(card, dict):
        return {"problem": f"A card is a dict; seen {type(card).__name__}."}
    missing = [name for name in FIELDS if name not in card]
    if missing:
        return {"problem": f"The card lacks {', '.join(f'`{name}`' for name in missing)}."}
    seen: dict[str, Any] = {}
    for name in ("threshold", "cost", "recall", "flagged", "slides", "infected"):
        value = numbers(card[name], 1)
        if value is None:
            return {"problem": f"`{name}` must be one finite number; seen {str(card[name])[:60]}."}
        seen[name] = value[0]
    both = numbers(card["interval"], 2)
    if both is None or both[0] > both[1]:
        return {"problem": f"`interval` must be two numbers, the lower one first; seen {str(card['interval'])[:60]}."}
    if not isinstance(card["limits"], list | tuple) or not all(isinstance(one, str) for one in card["limits"]):
        return {"problem": "`limits` must be a list of sentences."}
    return {**seen, "interval": both, "limits": [one[:300] for one in card["limits"][:20]]}


def complain_about_form(seen: dict[str, Any]) -> None:
    """Stop the verdict if the card could not be read."""
    if "problem" in seen:
        raise Wrong(f"{seen['problem']} Fields: {', '.join(FIELDS)}.")
