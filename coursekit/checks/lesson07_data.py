"""Checks of lesson 07 on data and training: ``07.split``, ``07.weights``, ``07.choose``."""

from __future__ import annotations

import math
import random
from typing import Any, ClassVar

import torch

from coursekit.checks.core import Check, Wrong, call, require


def numbers(values: Any) -> list[float] | str:
    """A list of Python numbers from a tensor, an array or a list; the type's name if it is none of these."""
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError, RuntimeError):
        return type(values).__name__


class SplitCheck(Check):
    """``honest_split(images, slides, seed)``: rows for training and testing that share no slide and no image."""

    MISCONCEPTIONS: ClassVar = {
        "by-cell": "A random split of the cells is fair.",
        "keeps-duplicates": "Dealing whole slides also takes care of duplicates.",
        "duplicates-after": "It is enough to remove duplicates within training and within test.",
        "drops-both": "If an image is there twice, both have to go.",
    }
    PIXELS = 12  # numbers an image, 3 x 2 x 2

    def draw(self, seed: int) -> dict[str, Any]:
        """Images of 8 slides; six of them a second time, on the next slide but one, and two on their own slide."""
        dice = random.Random(seed)
        images = [[dice.randint(0, 255) for _ in range(self.PIXELS)] for _ in range(48)]
        slides = [place % 8 for place in range(48)]
        names = dice.sample(range(100, 999), 8)
        for place in dice.sample(range(48), 8):
            images.append(images[place])
            slides.append((slides[place] + (0 if len(images) > 54 else dice.choice((1, 2, 3)))) % 8)
        order = list(range(len(images)))
        dice.shuffle(order)
        return {
            "images": [images[place] for place in order],
            "slides": [names[slides[place]] for place in order],
            "seeds": [dice.randrange(1000) for _ in range(4)],
        }

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        images = torch.tensor(inputs["images"], dtype=torch.float32).view(-1, 3, 2, 2) / 255
        splits: list[Any] = []
        for seed in inputs["seeds"]:
            result = call(answer, images.clone(), torch.tensor(inputs["slides"]), seed)
            try:
                train, test = result
            except (TypeError, ValueError):
                return {"result": type(result).__name__}
            splits.append([numbers(train), numbers(test)])
        return {"splits": splits}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"Two lists of rows are expected, `train, test`; seen {seen.get('result')}.")
        for train, test in seen["splits"]:
            self._one(inputs, train, test)
        return "No slide and no image on both sides, and no image lost, with four seeds on data made just now."

    @staticmethod
    def _one(inputs: dict[str, Any], train: Any, test: Any) -> None:
        total = len(inputs["images"])
        for name, rows in (("train", train), ("test", test)):
            require(
                isinstance(rows, list)
                and all(row == int(row) and 0 <= row < total for row in rows if math.isfinite(row))
                and all(map(math.isfinite, rows)),
                f"`{name}` must hold row numbers, 0 to {total - 1}; seen {rows if isinstance(rows, str) else 'other'}.",
            )
            require(len(rows) > 0, f"`{name}` is empty; both sides need cells.")
        both = set(train) & set(test)
        require(not both, f"{len(both)} rows are in training and in test at once. A row belongs to one side.")
        image = {row: tuple(inputs["images"][int(row)]) for row in train + test}
        left, right = ({image[row] for row in rows} for rows in (train, test))
        shared = {inputs["slides"][int(row)] for row in train} & {inputs["slides"][int(row)] for row in test}
        require(
            not shared,
            f"{len(shared)} slides have cells in training and in test. Their stain gives them away: deal whole slides.",
            "by-cell",
        )
        if left & right:
            twice = len(left) < len(train) or len(right) < len(test)
            count = len(left & right)
            require(
                not twice,
                f"No slide is shared, but {count} images are on both sides: copies lie on other slides. Remove "
                "duplicates as well, before you split.",
                "keeps-duplicates",
            )
            raise Wrong(
                f"Within each side every image is there once, but {count} images are on both sides. The duplicates "
                "were removed after the split, when their copies had been dealt already.",
                "duplicates-after",
            )
        repeated = len(train) + len(test) - len(left | right)
        require(repeated == 0, f"{repeated} copies are still there. Keep one row of each image.")
        everything = {tuple(one) for one in inputs["images"]}
        lost = len(everything - (left | right))
        require(
            lost == 0,
            f"{lost} of {len(everything)} different images are on neither side. Of equal images keep one row.",
            "drops-both",
        )
        share = len(test) / len(everything)
        require(
            0.1 <= share <= 0.5, f"The test side has {share:.0%} of the images; expected about a quarter, 10 to 50 %."
        )


class WeightsCheck(Check):
    """``balance(labels)`` returns weights of classes for a loss, and weights of items for a sampler."""

    MISCONCEPTIONS: ClassVar = {
        "frequency": "A class gets weight in proportion to its size.",
        "class-for-item": "A sampler takes one weight for each class.",
        "unscaled": "Only the ratio of weights matters, so one divided by the count is the weight asked for.",
        "binary-only": "There are two classes, and the second one is rare.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        classes = dice.randint(3, 5)
        sizes = dice.sample(range(2, 14), classes - 1)
        sizes.insert(dice.randrange(classes), dice.randint(60, 90))
        labels = [label for label, size in enumerate(sizes) for _ in range(size)]
        dice.shuffle(labels)
        return {"labels": labels}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, torch.tensor(inputs["labels"]))
        try:
            classes, items = result
        except (TypeError, ValueError):
            return {"result": type(result).__name__}
        return {"classes": numbers(classes), "items": numbers(items)}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen, f"Two results are expected, for classes and for items; seen {seen.get('result')}."
        )
        labels = inputs["labels"]
        counts = [labels.count(label) for label in range(max(labels) + 1)]
        weights, items = seen["classes"], seen["items"]
        for name, values in (("class", weights), ("item", items)):
            require(
                isinstance(values, list), f"The {name} weights are {values}; expected a tensor or a list of numbers."
            )
        require(
            len(weights) == len(counts),
            f"{len(weights)} class weights came for {len(counts)} classes. Expected one for each class.",
        )
        right = [len(labels) / (len(counts) * count) for count in counts]
        self._classes(weights, right, counts)
        require(
            len(items) == len(labels),
            f"{len(items)} item weights came for {len(labels)} cells. A sampler draws cells, so it needs a weight for "
            "each cell: look the class's weight up for each label.",
            "class-for-item",
        )
        expected = [right[label] for label in labels]
        ratio = [one / two for one, two in zip(items, expected, strict=True)]
        require(
            min(ratio) > 0 and max(ratio) < min(ratio) * 1.001,
            "The item weights do not follow the labels: a cell's weight must be that of its class.",
        )
        return "Every class weighs the same in the loss, and is drawn equally often."

    @staticmethod
    def _classes(weights: list[float], right: list[float], counts: list[int]) -> None:
        def alike(other: list[float]) -> bool:
            ratio = [one / two for one, two in zip(weights, other, strict=True)]
            return min(ratio) > 0 and max(ratio) < min(ratio) * 1.001

        total = sum(weight * count for weight, count in zip(weights, counts, strict=True))
        example = f"The classes have {counts} cells, and you gave weights {[round(one, 3) for one in weights]}. "
        require(
            not alike([float(count) for count in counts]),
            example + "The largest class got the largest weight; a rare class must count more.",
            "frequency",
        )
        require(
            alike(right) or not math.isclose(weights[0], 1.0, rel_tol=1e-4),
            example + "This fits the first two classes at most. Count times weight must be the same for every class.",
            "binary-only",
        )
        require(alike(right), example + "Count times weight must be the same for every class.")
        require(
            math.isclose(total, sum(counts), rel_tol=1e-3),
            example
            + f"Their ratios are right, and all cells together weigh {total:.3g} instead of {sum(counts)}: the loss "
            "and its gradients change their size. Multiply by a constant.",
            "unscaled",
        )


class ChooseCheck(Check):
    """``choose(runs)`` returns the run and the epoch chosen on validation data, and the test accuracy to report."""

    MISCONCEPTIONS: ClassVar = {
        "best-test": "The test set may choose what it then judges.",
        "best-train": "The model that fits its training data best is the best model.",
        "last-epoch": "The last epoch is the best of a run.",
        "reports-validation": "The accuracy that decided is the accuracy to report.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Three to five runs in which validation, test and training each name another epoch of another run."""
        dice = random.Random(seed)
        while True:
            epochs = dice.randint(5, 8)
            runs = []
            for _ in range(dice.randint(3, 5)):
                train = sorted(round(dice.uniform(0.6, 0.999), 3) for _ in range(epochs))
                others = [[round(dice.uniform(0.55, 0.9), 3) for _ in range(epochs)] for _ in range(2)]
                runs.append({"train": train, "validation": others[0], "test": others[1]})
            places = {part: self.best(runs, part) for part in ("train", "validation", "test")}
            flat = [value for run in runs for part in run.values() for value in part]
            last = max(range(len(runs)), key=lambda place: runs[place]["validation"][-1])
            different = len({run for run, _ in places.values()} | {last}) >= 3 and len(set(places.values())) == 3
            if different and places["validation"][1] < epochs - 1 and len(set(flat)) == len(flat):
                return {"runs": runs}

    @staticmethod
    def best(runs: list[dict[str, list[float]]], part: str) -> tuple[int, int]:
        """Run and epoch with the highest accuracy on one part of the data."""
        places = [(place, epoch) for place, run in enumerate(runs) for epoch in range(len(run[part]))]
        return max(places, key=lambda at: runs[at[0]][part][at[1]])

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        copy = [{part: list(values) for part, values in run.items()} for run in inputs["runs"]]
        result = call(answer, copy)
        found = numbers(result)
        return {"found": found} if isinstance(found, list) and len(found) == 3 else {"result": type(result).__name__}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen,
            f"Three numbers are expected, `run, epoch, accuracy`; seen {seen.get('result')}.",
        )
        runs = inputs["runs"]
        run, epoch, reported = seen["found"]
        place = (run, epoch)
        chosen, right = f"You chose run {run:g}, epoch {epoch:g}. ", self.best(runs, "validation")
        require(
            place != self.best(runs, "test"),
            chosen + "It has the best test accuracy. A test set that chooses cannot judge: its winner was also lucky.",
            "best-test",
        )
        require(
            place != self.best(runs, "train"),
            chosen + "It has the best training accuracy, which says what was remembered.",
            "best-train",
        )
        ends = [len(one["validation"]) - 1 for one in runs]
        require(
            place == right or not (0 <= run < len(runs) and run == int(run) and epoch == ends[int(run)]),
            chosen + "That is the last epoch of the run. An earlier one did better on validation data.",
            "last-epoch",
        )
        require(place == right, chosen + f"Validation accuracy is highest in run {right[0]}, epoch {right[1]}.")
        validation, test = (runs[right[0]][part][right[1]] for part in ("validation", "test"))
        require(
            not math.isclose(reported, validation, abs_tol=1e-6),
            f"The choice is right, and {reported:g} is its validation accuracy, for which it was chosen. Report the "
            "test accuracy at this place.",
            "reports-validation",
        )
        require(
            math.isclose(reported, test, abs_tol=1e-6),
            f"The choice is right. Reported was {reported:g}; the test accuracy there is {test:g}.",
        )
        return "Chosen on validation data, judged once on test data."
