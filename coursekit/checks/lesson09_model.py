"""Check of lesson 09 on training within a budget: ``09.train``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from coursekit.checks.core import Check, Wrong, call, raised, require
from coursekit.checks.lesson09_costs import Terms, cheapest, numbers
from coursekit.data.clinic import ARCHIVE, FRESH, FRESH_SLIDE
from coursekit.data.smear_sets import SmearCells
from coursekit.models.course import ResNet18_CourseWeights, course_resnet18

TRAINING, FRESH_CELLS, SLIDES = 160, 120, 20
ALLOWED = 0.6  # of the level without a model: a probe of these features stays far below
PAIR = 12  # cells that are scored alone as well, to see whether a score depends on its neighbours
WEIGHTS = ResNet18_CourseWeights.SHAPES1K_V1


class Counted(nn.Module):
    """The first two stages of the course's ResNet-18, ``(N, 3, 64, 64)`` to ``(N, 128, 8, 8)``, counting images.

    As any module that was just built, it is in train mode, and its batch norm follows the mode.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(*list(course_resnet18(weights=WEIGHTS).children())[:6])
        self.images = 0
        self.lowest = float("inf")  # of all numbers that came in

    def forward(self, batch: Tensor) -> Tensor:
        self.images += len(batch)
        self.lowest = min(self.lowest, float(batch.min())) if len(batch) else self.lowest
        return self.stages(batch)


@lru_cache(maxsize=8)
def _cells(seed: int) -> tuple[SmearCells, SmearCells]:
    """Cells to learn from, and fresh ones of other slides."""
    first = 100 * (seed % (FRESH_SLIDE // 100))
    train = SmearCells(TRAINING, slides=SLIDES, prevalence=ARCHIVE, first_slide=first, seed=seed)
    fresh = SmearCells(FRESH_CELLS, slides=SLIDES, prevalence=FRESH, first_slide=FRESH_SLIDE + first, seed=seed)
    return train, fresh


class TrainCheck(Check):
    """``train_screener(body, preprocess, images, labels)`` returns a function from images to scores."""

    MISCONCEPTIONS: ClassVar = {
        "train-mode": "A frozen body needs no eval().",
        "unnormalised": "Images between 0 and 1 are what a pre-trained body expects.",
        "forgets-at-use": "Preparing the images is a matter of training.",
        "over-budget": "To train a head, the frozen body has to run in every step.",
        "batch-statistics": "Features may be standardised by the batch at hand.",
        "healthy-score": "The first column of a softmax says how surely a cell is infected.",
        "decisions": "A screener returns decisions.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        return {"seed": seed}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        train, fresh = _cells(inputs["seed"])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(inputs["seed"])
            body = Counted()
            before = {name: value.clone() for name, value in body.state_dict().items()}
            score = call(answer, body, WEIGHTS.transforms(), train.images.clone(), train.labels.clone())
            if not callable(score):
                return {"result": type(score).__name__}
            seen: dict[str, Any] = {"trained on": body.images, "lowest in training": body.lowest}
            body.lowest = float("inf")
            try:
                seen["scores"] = numbers(score(fresh.images.clone()), FRESH_CELLS)
                seen["lowest in use"] = body.lowest
                seen["alone"] = numbers(score(fresh.images[:PAIR].clone()), PAIR)
            except Exception as error:
                raise Wrong(f"The score was called with {FRESH_CELLS} images. {raised(error)}") from error
            after = body.state_dict()
            seen["changed"] = [name for name in before if not torch.equal(before[name], after[name])]
        return seen

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen,
            f"A function from images to scores is expected; seen {seen.get('result')}. Define it inside and return it.",
        )
        require(seen["scores"] is not None, f"For {FRESH_CELLS} images, as many finite numbers are expected.")
        require(
            not seen["changed"],
            f"{len(seen['changed'])} tensors of the body changed, such as the running statistics of its batch norm. "
            "Call `body.eval()` first, and train the head alone.",
            "train-mode",
        )
        require(seen["trained on"] > 0, "The body that you were given never ran in training. Its features are needed.")
        require(
            seen["trained on"] <= TRAINING,
            f"While training, the body saw {seen['trained on']} images, and the budget is one pass of {TRAINING}. "
            "It is frozen: compute its features once and keep them.",
            "over-budget",
        )
        self._prepared(seen)
        self._alone(seen)
        return self._good(inputs, torch.tensor(seen["scores"], dtype=torch.float64))

    @staticmethod
    def _prepared(seen: dict[str, Any]) -> None:
        require(
            seen["lowest in training"] < -0.1,
            f"The lowest number that the body saw in training is {seen['lowest in training']:.2f}. Normalised images "
            "go well below 0: send them through `preprocess`.",
            "unnormalised",
        )
        require(
            seen["lowest in use"] < -0.1,
            f"In training the images were prepared; in use the lowest number that the body saw is "
            f"{seen['lowest in use']:.2f}. Prepare them inside the score as well.",
            "forgets-at-use",
        )

    @staticmethod
    def _alone(seen: dict[str, Any]) -> None:
        together, alone = torch.tensor(seen["scores"][:PAIR]), torch.tensor(seen["alone"] or [0.0] * PAIR)
        difference = float((together - alone).abs().max())
        require(
            difference < 0.02,
            f"A cell's score changed by up to {difference:.2f} when other cells came with it. Something is measured on "
            "the batch at hand: standardise with the mean and the deviation of the training cells.",
            "batch-statistics",
        )

    @staticmethod
    def _good(inputs: dict[str, Any], scores: Tensor) -> str:
        _, fresh = _cells(inputs["seed"])
        infected, terms = fresh.labels > 0, Terms()
        require(
            len(scores.unique()) > 10,
            f"Among {len(scores)} scores are {len(scores.unique())} different numbers. A threshold needs something to "
            "choose from: return the probability of infected, not the decision.",
            "decisions",
        )
        _, cost = cheapest(scores, infected, terms.cost)
        _, upside_down = cheapest(-scores, infected, terms.cost)
        said = (
            f"At its best threshold the score costs {cost:.0f} per 1,000 cells; without a model it is {terms.level:.0f}"
        )
        require(
            not (cost > ALLOWED * terms.level > upside_down),
            f"{said}, and with its sign turned {upside_down:.0f}. High must mean infected: "
            "1 less the probability of class 0.",
            "healthy-score",
        )
        require(cost <= ALLOWED * terms.level, f"{said}. Expected at most {ALLOWED * terms.level:.0f}: train longer.")
        return f"{said}. Each training cell went through the body once."
