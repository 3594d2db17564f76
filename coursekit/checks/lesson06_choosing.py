"""Checks of lesson 06 that end in a choice: ``06.cheapest``, ``06.calibrate`` and ``06.elsewhere``."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.checks.lesson06_scores import close, dice, number
from coursekit.operating import fit_temperature, precision_elsewhere, sweep

LARGEST = 1e300  # stands for infinity in plain data


class CheapestCheck(Check):
    """``choose_threshold(scores, infected, miss, alarm)`` returns a threshold with the lowest total cost."""

    MISCONCEPTIONS: ClassVar = {
        "half": "0.5 is the neutral threshold.",
        "formula": "alarm / (alarm + miss) is the cheapest threshold for any scores.",
        "swapped": "The costs of a miss and of a false alarm can be exchanged.",
        "fewest-errors": "The fewest errors are the cheapest.",
        "coarse-grid": "Hundredths are fine enough for any scores.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Scores of a model that is much too sure, and costs at which each wrong way costs more."""
        source = dice(seed)
        while True:
            infected = torch.rand(150, generator=source) < 0.4
            logits = (torch.randn(150, generator=source) + 2.2 * infected - 0.6) * 5
            scores = [round(one, 6) for one in logits.double().sigmoid().tolist()]
            miss, alarm = (int(torch.randint(2, 30, (1,), generator=source)) for _ in range(2))
            inputs = {"scores": scores, "infected": infected.long().tolist(), "costs": [[miss, alarm], [alarm, miss]]}
            if max(miss, alarm) < 4 * min(miss, alarm):
                continue
            if all(self._told_apart(inputs, *costs) for costs in inputs["costs"]):
                return inputs

    def _told_apart(self, inputs: dict[str, Any], miss: float, alarm: float) -> bool:
        """Whether no wrong way is among the cheapest, and no threshold is right by two of them."""
        tried = [*inputs["scores"], LARGEST]
        right, other, few = (
            {at for at in tried if self.is_cheapest(inputs, at, *costs)}
            for costs in ((miss, alarm), (alarm, miss), (1, 1))
        )
        grid = self.on_grid(inputs, miss, alarm)
        least = self.least(inputs, miss, alarm)
        plain = (0.5, alarm / (alarm + miss), grid)
        return (
            not (right & other or right & few or other & few)
            and min(self.cost(inputs, at, miss, alarm) for at in plain) > least
            and len(set(plain)) == 3
            and not any(self.is_cheapest(inputs, grid, *costs) for costs in ((alarm, miss), (1, 1)))
        )

    @staticmethod
    def on_grid(inputs: dict[str, Any], miss: float, alarm: float) -> float:
        """The first of the cheapest hundredths."""
        return min((step / 100 for step in range(1, 100)), key=lambda at: CheapestCheck.cost(inputs, at, miss, alarm))

    def is_cheapest(self, inputs: dict[str, Any], threshold: float, miss: float, alarm: float) -> bool:
        """Whether no threshold costs less."""
        return self.cost(inputs, threshold, miss, alarm) <= self.least(inputs, miss, alarm) + 1e-9

    @staticmethod
    def cost(inputs: dict[str, Any], threshold: float, miss: float, alarm: float) -> float:
        """The total cost at a threshold."""
        rows = list(zip(inputs["scores"], inputs["infected"], strict=True))
        misses = sum(sick and score < threshold for score, sick in rows)
        return miss * misses + alarm * sum(not sick and score >= threshold for score, sick in rows)

    @staticmethod
    def least(inputs: dict[str, Any], miss: float, alarm: float) -> float:
        """The lowest total cost of all thresholds."""
        scores, infected = torch.tensor(inputs["scores"], dtype=torch.float64), torch.tensor(inputs["infected"])
        return float(sweep(scores, infected).cost(miss=miss, alarm=alarm).min())

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        scores, infected = torch.tensor(inputs["scores"], dtype=torch.float64), torch.tensor(inputs["infected"]).bool()
        found = [number(call(answer, scores.clone(), infected.clone(), *costs)) for costs in inputs["costs"]]
        return {"found": [max(-LARGEST, min(LARGEST, one)) if isinstance(one, float) else one for one in found]}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        for (miss, alarm), threshold in zip(inputs["costs"], seen["found"], strict=True):
            if not isinstance(threshold, float) or math.isnan(threshold):
                raise Wrong(f"A threshold is a number that scores can be compared with; seen {threshold}.")
            self._judge(inputs, threshold, miss, alarm)
        return "No threshold is cheaper, whichever of the two errors is the dear one."

    def _judge(self, inputs: dict[str, Any], threshold: float, miss: float, alarm: float) -> None:
        cost, least = self.cost(inputs, threshold, miss, alarm), self.least(inputs, miss, alarm)
        if self.is_cheapest(inputs, threshold, miss, alarm):
            return
        said = (
            f"With a miss at {miss} and a false alarm at {alarm} you return {threshold:.4g}, which costs {cost:.0f}; "
        )
        said += f"the cheapest costs {least:.0f}. "
        hundredth = abs(threshold * 100 - round(threshold * 100)) < 1e-6
        for name, holds, words in (
            ("half", close(threshold, 0.5, 1e-9), "At 0.5 the two errors count alike. They do not cost alike."),
            (
                "formula",
                close(threshold, alarm / (alarm + miss), 1e-6),
                "The formula alarm / (alarm + miss) needs calibrated probabilities, and nobody said that these scores "
                "are. Try thresholds on the cells you were given.",
            ),
            (
                "swapped",
                self.is_cheapest(inputs, threshold, alarm, miss),
                "That is the cheapest one for the costs the other way round.",
            ),
            (
                "fewest-errors",
                self.is_cheapest(inputs, threshold, 1, 1),
                "That makes the fewest errors. Weigh each error with its cost.",
            ),
            (
                "coarse-grid",
                hundredth and cost == self.cost(inputs, self.on_grid(inputs, miss, alarm), miss, alarm),
                "These scores crowd near 0 and 1, where hundredths are too coarse: try the scores themselves.",
            ),
        ):
            require(not holds, said + words, name)
        raise Wrong(said + "Work out the cost at every score, and at one above all of them.")


class CalibrateCheck(Check):
    """``calibrated(logits_val, labels_val, logits_test)``: the test cells' probabilities at the best temperature."""

    MISCONCEPTIONS: ClassVar = {
        "as-it-is": "Softmax alone makes probabilities that can be taken at their word.",
        "multiplied": "The logits are multiplied by the temperature.",
        "on-probabilities": "A temperature can be applied after the softmax.",
        "ratio": "The temperature is the mean confidence divided by the accuracy.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Logits of a model that is clearly too sure, or clearly too modest."""
        source = dice(seed)
        true = torch.randn(460, 4, generator=source) * 2
        labels = torch.multinomial(true.softmax(1), 1, generator=source)[:, 0]
        spread = float(torch.rand((), generator=source))
        hot = 1.9 + 1.6 * spread if float(torch.rand((), generator=source)) < 0.7 else 0.35 + 0.2 * spread
        logits = [[round(one, 4) for one in row] for row in (true * hot).tolist()]
        return {"val": logits[:400], "labels": labels[:400].tolist(), "test": logits[400:]}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, torch.tensor(inputs["val"]), torch.tensor(inputs["labels"]), torch.tensor(inputs["test"]))
        try:
            table = torch.as_tensor(result).detach().double()
        except (TypeError, ValueError, RuntimeError):
            return {"result": type(result).__name__}
        return {"table": table.tolist()} if table.ndim == 2 else {"result": f"a tensor of shape {list(table.shape)}"}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        val, labels = torch.tensor(inputs["val"], dtype=torch.float64), torch.tensor(inputs["labels"])
        test = torch.tensor(inputs["test"], dtype=torch.float64)
        wanted = f"probabilities of shape {list(test.shape)}, one row a test cell"
        require("result" not in seen, f"Expected {wanted}; seen {seen.get('result')}.")
        table = torch.tensor(seen["table"], dtype=torch.float64)
        require(table.shape == test.shape, f"Expected {wanted}; seen the shape {list(table.shape)}.")
        best = fit_temperature(val, labels)
        if _near(table, (test / best).softmax(1)):
            return "Probabilities at the temperature that fits validation data best, for a model made just now."
        confidence, guess = val.softmax(1).max(1)
        right = float((guess == labels).double().mean())
        ratio = float(confidence.mean()) / right
        said = f"On validation the mean confidence is {float(confidence.mean()):.2f}, and {right:.2f} are right. "
        require(
            not _near(table, test.softmax(1)),
            said + "You return the softmax as it is. Divide the logits by a temperature first, fitted on validation.",
            "as-it-is",
        )
        require(
            not _near(table, (test * best).softmax(1)),
            said + f"Your logits were multiplied by {best:.2f}; divide by it. The gap has become wider, not narrower.",
            "multiplied",
        )
        after = (test.softmax(1) / fit_temperature(val.softmax(1), labels)).softmax(1)
        require(
            not _near(table, after) and not _near(table, (test.softmax(1) / best).softmax(1)),
            said + "A temperature was applied to probabilities. It belongs to the logits, before the softmax, once.",
            "on-probabilities",
        )
        require(
            not _near(table, (test / ratio).softmax(1)),
            said
            + f"You divided by their ratio, {ratio:.2f}. A ratio of probabilities says little about logits: take the "
            "temperature with the lowest cross-entropy on validation.",
            "ratio",
        )
        sums = table.sum(1)
        require(bool(((sums - 1).abs() < 1e-3).all()), f"A row adds up to {float(sums[0]):.2f}; probabilities to 1.")
        expected, found = ((test / best).softmax(1).max(1).values.mean(), table.max(1).values.mean())
        raise Wrong(
            said + f"At the temperature with the lowest cross-entropy the test cells' mean confidence is "
            f"{float(expected):.2f}; yours is {float(found):.2f}."
        )


def _near(table: Tensor, other: Tensor) -> bool:
    return bool(((table - other).abs() < 0.015).all())


class ElsewhereCheck(Check):
    """``expected_precision(scores, infected, threshold, prevalence)``: Bayes' rule on the rates of a tested set."""

    MISCONCEPTIONS: ClassVar = {
        "travels": "Precision stays what it was measured to be.",
        "recall": "Recall is what stays, so it is the answer.",
        "scaled": "Precision changes in proportion to the prevalence.",
        "other-class": "The prevalence is the share of the healthy cells.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        source = dice(seed)
        infected = (torch.arange(120) < 60)[torch.randperm(120, generator=source)]
        scores = (torch.randn(120, generator=source) * 1.2 + 2 * infected - 1).double().sigmoid()
        pick = torch.randint(1, 16, (1,), generator=source).item()
        threshold = round(0.35 + 0.3 * float(torch.rand((), generator=source)), 3)
        rows = {"scores": [round(one, 4) for one in scores.tolist()], "infected": infected.long().tolist()}
        return {**rows, "threshold": threshold, "prevalences": [pick / 100, 0.3]}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        scores, infected = torch.tensor(inputs["scores"], dtype=torch.float64), torch.tensor(inputs["infected"]).bool()
        at = inputs["threshold"]
        return {"found": [number(call(answer, scores.clone(), infected, at, one)) for one in inputs["prevalences"]]}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        every = sweep(torch.tensor(inputs["scores"], dtype=torch.float64), torch.tensor(inputs["infected"]))
        place = every.place(inputs["threshold"])
        recall, alarms, here = (float(one[place]) for one in (every.recall, every.false_positive_rate, every.precision))
        rates = f"Recall is {recall:.3f} and the false positive rate {alarms:.3f}. "
        for prevalence, found in zip(inputs["prevalences"], seen["found"], strict=True):
            require(isinstance(found, float), f"A precision is a number; seen {found}.")
            right = precision_elsewhere(recall, alarms, prevalence)
            said = f"With {prevalence:.0%} infected you expect a precision of {found:.3f}. "
            require(
                not close(found, here),
                said + "That was measured where half were infected. Fewer infected give fewer hits among more alarms.",
                "travels",
            )
            require(not close(found, recall), said + "That is the recall. It stays, but precision is asked.", "recall")
            require(
                not close(found, here * prevalence / 0.5),
                said + "Scaling the precision forgets that the healthy cells, and their alarms, have become more.",
                "scaled",
            )
            require(
                not close(found, precision_elsewhere(recall, alarms, 1 - prevalence)),
                said + "That belongs to a place where so many are healthy. The prevalence is the share infected.",
                "other-class",
            )
            require(
                close(found, right),
                said + rates + f"Of 1,000 cells count the flagged of each class, and divide: {right:.3f}.",
            )
        return "Right for a set, a threshold and two prevalences drawn just now."
