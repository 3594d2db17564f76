"""Checks of lesson 05 that judge models: ``05.choose``, ``05.interval``."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import numpy as np

from coursekit.checks.core import Check, attempt, call, require
from coursekit.checks.lesson05_counts import number, shown

NAMES = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "grove", "heron")


def tally(truth: list[int], answers: list[int]) -> tuple[int, int, int, int]:
    """TP, FP, FN, TN."""
    pairs = list(zip(truth, answers, strict=True))
    return tuple(pairs.count(pair) for pair in ((1, 1), (0, 1), (1, 0), (0, 0)))  # type: ignore[return-value]


def recall_of(truth: list[int], answers: list[int]) -> float:
    """TP / (TP + FN)."""
    tp, _, fn, _ = tally(truth, answers)
    return tp / (tp + fn)


def precision_of(truth: list[int], answers: list[int]) -> float:
    """TP / (TP + FP), 0 for a model that reports nothing."""
    tp, fp, _, _ = tally(truth, answers)
    return tp / (tp + fp) if tp + fp else 0.0


def accuracy_of(truth: list[int], answers: list[int]) -> float:
    """Share of right answers."""
    tp, _, _, tn = tally(truth, answers)
    return (tp + tn) / len(truth)


def f1_of(truth: list[int], answers: list[int]) -> float:
    """2 TP / (2 TP + FP + FN)."""
    tp, fp, fn, _ = tally(truth, answers)
    return 2 * tp / (2 * tp + fp + fn)


LEADS = (  # what a model below the limit may have been chosen by, what is said then, and the misconception
    (accuracy_of, "It has the highest accuracy, and a miss counts for no more than a false alarm in it.", "accuracy"),
    (precision_of, "It has the highest precision, which counts only among models that meet the limit.", "no-limit"),
    (f1_of, "It has the highest F1, in which recall is only half the matter.", "f1"),
)


class ChooseCheck(Check):
    """``choose(truth, models, least_recall)`` returns the fitting model and its gain in precision."""

    MISCONCEPTIONS: ClassVar = {
        "accuracy": "The most accurate model fits every task.",
        "no-limit": "A limit is something to trade against.",
        "recall": "If recall matters, the highest recall wins.",
        "f1": "F1 is fair to every task.",
        "half": "A value is judged against one half.",
        "silent": "If no model is good enough, the best of them will do.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Seven models of one test set: one is right, and each of the others leads in what misleads."""
        dice = random.Random(seed)
        positives, negatives = dice.randint(28, 40), dice.randint(160, 200)
        alarms = dice.randint(22, 28)
        cells = {
            "right": (positives - 2, alarms),
            "eager": (positives, alarms + dice.randint(14, 20)),
            "accurate": (positives - 8, 3),  # fewest errors, and below the limit
            "strict": (dice.randint(10, 15), 0),  # precision 1
            "even": (positives - 4, 8),  # highest F1: one error more than the accurate one, and more hits
            "blind": (positives, negatives),
            "silent": (0, 0),
        }
        truth = [1] * positives + [0] * negatives
        order = dice.sample(range(len(truth)), len(truth))
        models = {}
        names = dice.sample(NAMES, len(cells))
        for name, (hits, wrong) in zip(names, dice.sample(list(cells.values()), len(cells)), strict=True):
            answers = [1] * hits + [0] * (positives - hits) + [1] * wrong + [0] * (negatives - wrong)
            models[name] = [answers[place] for place in order]
        limit = round((positives - 2.5) / positives, 3)
        return {"truth": [truth[place] for place in order], "models": models, "limit": limit}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        truth, models, limit = inputs["truth"], inputs["models"], inputs["limit"]
        result = call(answer, list(truth), {name: list(one) for name, one in models.items()}, limit)
        too_weak = {name: list(one) for name, one in models.items() if recall_of(truth, one) < limit}
        returned: list[Any] = []
        error = attempt(lambda: returned.append(answer(list(truth), too_weak, limit)))
        seen = {"error": type(error).__name__ if error else "", "returned": str((returned or [""])[0])[:60]}
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            return {**seen, "result": type(result).__name__}
        return {**seen, "name": str(result[0]), "gain": number(result[1])}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"Two things are expected, a name and its gain; seen {seen.get('result')}.")
        truth, models, limit = inputs["truth"], inputs["models"], inputs["limit"]
        require(seen["name"] in models, f"You return {seen['name'][:40]!r}; the models are {', '.join(models)}.")
        tp, fp, fn, _ = tally(truth, models[seen["name"]])
        self._limit(inputs, seen["name"], tp / (tp + fn))
        fitting = {name: one for name, one in models.items() if recall_of(truth, one) >= limit}
        best = max(fitting, key=lambda name: precision_of(truth, fitting[name]))
        hits, alarms, *_ = tally(truth, models[best])
        require(
            seen["name"] == best,
            f"{seen['name']} finds {tp / (tp + fn):.2f} of the positives, more than the {limit} asked for, with a "
            f"precision of {tp / (tp + fp):.2f}. {best} is above the limit, too, and has {hits / (hits + alarms):.2f}.",
            "recall",
        )
        blind = sum(truth) / len(truth)
        gain = hits / (hits + alarms) - blind
        require(
            seen["gain"] is None or abs(seen["gain"] - (hits / (hits + alarms) - 0.5)) > 1e-3,
            f"The right model, and the gain of {shown(seen['gain'])} is taken over one half. Who reports every image "
            f"has a precision of {blind:.2f} here, the share of the positives: take the gain over that.",
            "half",
        )
        require(
            seen["gain"] is not None and abs(seen["gain"] - gain) < 1e-3,
            f"The right model. Its precision of {hits / (hits + alarms):.3f} less {blind:.3f} for reporting every "
            f"image is {gain:.3f}; you return {shown(seen['gain'])}.",
        )
        require(
            seen["error"] == "ValueError",
            f"All models find less than {limit} of the positives, and your function "
            + (f"raised {seen['error']}" if seen["error"] else f"returned {seen['returned']}")
            + ". None of them fits: raise a ValueError that says so.",
            "silent",
        )
        return "The fitting model and its gain, among seven drawn just now, and a ValueError where none fits."

    def _limit(self, inputs: dict[str, Any], name: str, recall: float) -> None:
        """Refuse a model below the limit, and say what it leads in."""
        if recall >= inputs["limit"]:
            return
        leads: str = "It reports nothing at all."
        misconception: str | None = None
        for score, text, named in LEADS:
            if name == max(inputs["models"], key=lambda one: score(inputs["truth"], inputs["models"][one])):
                leads, misconception = text, named
                break
        found = f"{name} finds {recall:.2f} of the positives, and {inputs['limit']} is asked for. "
        require(False, found + leads, misconception)


class IntervalCheck(Check):
    """``slide_interval(hits, slides, draws, seed)`` returns a 95 % bootstrap interval of the accuracy, over slides."""

    MISCONCEPTIONS: ClassVar = {
        "images-are-independent": "Every image is a piece of evidence of its own.",
        "without-replacement": "A draw takes every slide once.",
        "one-deviation": "One standard deviation to each side holds 95 %.",
        "error-of-the-mean": "More draws make the interval narrower.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        hits, slides = [], []
        good = dice.sample(range(16), 11)
        for slide in range(16):
            share = dice.uniform(0.93, 1) if slide in good else dice.uniform(0.0, 0.35)
            for _ in range(dice.randint(18, 24)):
                hits.append(int(dice.random() < share))
                slides.append(100 + 7 * slide)
        order = dice.sample(range(len(hits)), len(hits))
        return {
            "hits": [hits[place] for place in order],
            "slides": [slides[place] for place in order],
            "draws": dice.randint(1500, 2000),
            "seed": dice.randint(0, 10_000),
        }

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, list(inputs["hits"]), list(inputs["slides"]), inputs["draws"], inputs["seed"])
        try:
            low, high = (number(one) for one in result)
        except (TypeError, ValueError, RuntimeError):
            return {"result": type(result).__name__}
        return {"low": low, "high": high} if low is not None and high is not None else {"result": "no numbers"}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"Two numbers are expected, `(low, high)`; seen {seen.get('result')}.")
        hits, slides = np.array(inputs["hits"]), np.array(inputs["slides"])
        over_slides = self._accuracies(hits, slides)
        over_images = self._accuracies(hits, np.arange(len(hits)))
        low, high = np.percentile(over_slides, [2.5, 97.5])
        said = f"You return {seen['low']:.3f} to {seen['high']:.3f}. "
        width = seen["high"] - seen["low"]
        require(width >= 0, said + "The lower end comes first.")
        require(
            width > 1e-9,
            said + "It has no width: each draw was the whole set again. Draw slides with replacement.",
            "without-replacement",
        )
        require(
            width > 0.2 * (high - low),
            said + "It is far too narrow. The number of draws says how well the interval is known, not how wide it is: "
            "do not divide by its square root.",
            "error-of-the-mean",
        )
        narrow = np.percentile(over_images, [2.5, 97.5])
        require(
            not self._like(seen, narrow, (high - low) * 0.06),
            said + f"That is what drawing {len(hits)} images gives. The images of a slide go right or wrong together, "
            f"so there are {len(set(inputs['slides']))} pieces of evidence: draw whole slides.",
            "images-are-independent",
        )
        require(
            not 0.4 * (high - low) < width < 0.65 * (high - low),
            said + f"It holds about 68 % of the draws, one standard deviation to each side. The middle 95 % are "
            f"{low:.2f} to {high:.2f}.",
            "one-deviation",
        )
        require(
            self._like(seen, (low, high), (high - low) * 0.12),
            said + f"The middle 95 % of the accuracies over drawn slides are about {low:.3f} to {high:.3f}.",
        )
        return "The interval over slides, on slides drawn just now."

    @staticmethod
    def _accuracies(hits: np.ndarray, groups: np.ndarray, draws: int = 4000) -> np.ndarray:
        """Accuracies of draws of whole groups, shape ``(draws,)``."""
        _, place = np.unique(groups, return_inverse=True)
        right, size = np.bincount(place, weights=hits), np.bincount(place)
        rows = np.random.default_rng(5).integers(0, len(size), size=(draws, len(size)))
        return right[rows].sum(axis=1) / size[rows].sum(axis=1)

    @staticmethod
    def _like(seen: dict[str, Any], ends: Any, slack: float) -> bool:
        return abs(seen["low"] - ends[0]) < slack and abs(seen["high"] - ends[1]) < slack
