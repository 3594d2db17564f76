"""Check of lesson 09 on the honest split: ``09.split``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.checks.lesson09_costs import indices

SEEDS = 4  # splits asked for


@dataclass(frozen=True)
class _Archive:
    images: Tensor  # (N, 3, 5, 5)
    slides: Tensor  # (N,)
    pictures: list[int]  # which different image each row holds


def _archive(seed: int) -> _Archive:
    """Small images, some of them twice or three times, on their own slide and on others; slides of unequal size."""
    dice, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    slides = dice.sample(range(10, 99), dice.randint(9, 14))
    rows = [(picture, dice.choice(slides)) for picture in range(dice.randint(60, 80))]
    rows += [(picture, slide) for picture, slide in enumerate(slides, start=len(rows))]  # each slide has one of its own
    different = len(rows)
    for picture, slide in dice.sample(rows, 18):
        elsewhere = dice.choice([one for one in slides if one != slide])
        rows.append((picture, elsewhere if dice.random() < 0.8 else slide))
    copied = rows[different:]
    rows += [(picture, dice.choice(slides)) for picture, _ in dice.sample(copied, 4)]  # a third time
    dice.shuffle(rows)
    images = torch.rand(different, 3, 5, 5, generator=generator)
    pictures = [picture for picture, _ in rows]
    return _Archive(images[pictures], torch.tensor([slide for _, slide in rows]), pictures)


class SplitCheck(Check):
    """``honest_split(images, slides, share, seed)`` keeps one of each image, and deals whole slides to two parts."""

    MISCONCEPTIONS: ClassVar = {
        "splits-by-cell": "Dealing cells at random makes a fair test.",
        "keeps-copies": "Copies do no harm, or a hash of the tensor finds them.",
        "drops-both": "An image that is there twice must go altogether.",
        "same-slides": "The first slides, or the last, are as good a test as any.",
        "all-cells-of-share": "The share of test cells is the share of test slides.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "share": dice.choice([0.2, 0.25, 0.3, 0.4]), "seeds": dice.sample(range(1000), SEEDS)}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        archive = _archive(inputs["seed"])
        splits = []
        for seed in [*inputs["seeds"], inputs["seeds"][0]]:
            result = call(answer, archive.images.clone(), archive.slides.clone(), inputs["share"], seed)
            if not isinstance(result, tuple | list) or len(result) != 2:
                return {"result": type(result).__name__}
            parts = [indices(part, len(archive.pictures)) for part in result]
            if None in parts:
                return {"result": "something else"}
            splits.append(parts)
        return {"splits": splits}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        if "result" in seen:
            raise Wrong(f"Expected two lists of rows, `train, test`, each row a number below N; seen {seen['result']}.")
        archive = _archive(inputs["seed"])
        for train, test in seen["splits"]:
            self._one(archive, train, test, inputs["share"])
        sides = [sorted({int(archive.slides[row]) for row in test}) for _, test in seen["splits"]]
        require(sides[0] == sides[-1], "The same seed gave two different splits. Draw from a generator with that seed.")
        require(
            len({tuple(one) for one in sides}) > 1,
            f"{SEEDS} seeds gave the same test slides each time. Slides are often numbered by date or by class: draw "
            "them at random, from the seed.",
            "same-slides",
        )
        return f"One of each image, whole slides on one side, {SEEDS} different draws."

    @staticmethod
    def _one(archive: _Archive, train: list[int], test: list[int], share: float) -> None:
        require(bool(train) and bool(test), "One of the two parts is empty.")
        kept = [archive.pictures[row] for row in train + test]
        twice = len(kept) - len(set(kept))
        across = {archive.pictures[row] for row in train} & {archive.pictures[row] for row in test}
        require(
            twice == 0,
            f"{twice} rows hold an image that another row holds as well, {len(across)} of them on the other side of "
            "the split. Compare what is in the images, such as `image.numpy().tobytes()`.",
            "keeps-copies",
        )
        different = set(archive.pictures)
        copied = {one for one in different if archive.pictures.count(one) > 1}
        gone = different - set(kept)
        require(
            not (gone and gone <= copied),
            f"{len(gone)} images are in neither part. Each was there more than once: keep one row of such an image.",
            "drops-both",
        )
        require(not gone, f"{len(gone)} images are in neither part. Nothing but copies may go.")
        sides = [{int(archive.slides[row]) for row in part} for part in (train, test)]
        require(
            not sides[0] & sides[1],
            f"{len(sides[0] & sides[1])} of {len(sides[0] | sides[1])} slides have cells on both sides, so the test "
            "shares stains with the training. Deal whole slides.",
            "splits-by-cell",
        )
        wanted = max(1, round(share * len(sides[0] | sides[1])))
        require(
            len(sides[1]) == wanted,
            f"With share {share} of {len(sides[0] | sides[1])} slides, {wanted} are for testing; seen {len(sides[1])}.",
            "all-cells-of-share",
        )
