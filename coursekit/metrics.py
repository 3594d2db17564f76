"""Counts, ratios and intervals of a classifier: thin, over torchmetrics, with what a claim needs besides the value.

>>> from coursekit.metrics import Counts, bootstrap, confusion, scores
>>> Counts(tp=40, fp=10, fn=5, tn=45).precision
0.8
>>> bootstrap(accuracy, predicted, target, groups=slides)
Interval(value=0.92, low=0.9, high=0.94, undefined=0)

In everything here the predictions come first and the truth second, as in torchmetrics; scikit-learn has them the other
way round. Rows of a confusion matrix are the truth, columns the predictions, as in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torchmetrics.functional import classification

Average = Literal["macro", "micro", "weighted"]
NAN = float("nan")


@dataclass(frozen=True)
class Counts:
    """The four cells of a confusion matrix of two classes. A ratio of 0 / 0 is nan: it says nothing, and 0 would lie.

    Attributes:
        tp: positives that were called positive.
        fp: negatives that were called positive, the false alarms.
        fn: positives that were called negative, the misses.
        tn: negatives that were called negative.

    Raises:
        ValueError: if a count is negative.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    def __post_init__(self) -> None:
        for name in ("tp", "fp", "fn", "tn"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} counts images, so it is 0 or more; seen {getattr(self, name)}")

    @classmethod
    def of(cls, predicted: Tensor, target: Tensor, *, positive: int = 1) -> Counts:
        """Count answers against the truth, one class against all others.

        Args:
            predicted: classes, integers or booleans, shape ``(N,)``.
            target: the same for the truth, shape ``(N,)``.
            positive: the class that counts as positive.

        Raises:
            ValueError: if the two differ in shape or hold floats.
        """
        predicted, target = _answers(predicted, target)
        called, is_positive = (predicted == positive).long(), (target == positive).long()
        if not len(target):
            return cls(0, 0, 0, 0)
        tp, fp, tn, fn, _ = classification.binary_stat_scores(called, is_positive).tolist()
        return cls(tp, fp, fn, tn)

    @classmethod
    def at(cls, threshold: float, probabilities: Tensor, target: Tensor) -> Counts:
        """Counts when everything with a probability of ``threshold`` or more is called positive.

        Args:
            threshold: in 0..1; its own value is called positive.
            probabilities: of the positive class, floats, shape ``(N,)``.
            target: 1 where positive, else 0, shape ``(N,)``.
        """
        return cls.of((torch.as_tensor(probabilities) >= threshold).long(), target)

    @property
    def total(self) -> int:
        """All images."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def accuracy(self) -> float:
        """Share of right answers, (TP + TN) / all."""
        return ratio(self.tp + self.tn, self.total)

    @property
    def precision(self) -> float:
        """Of all that was called positive, the share that is, TP / (TP + FP)."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Of all that is positive, the share that was found, TP / (TP + FN); also called sensitivity."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """The recall of the negatives, TN / (TN + FP)."""
        return ratio(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN) (van Rijsbergen, 1979, chapter 7).

        Where precision or recall is 0 / 0 this form may still be a number: 0 if there were only errors.
        """
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def prevalence(self) -> float:
        """Share of the positives among all images."""
        return ratio(self.tp + self.fn, self.total)

    def precision_at(self, prevalence: float) -> float:
        """The precision to expect where another share of the images is positive, by Bayes' rule.

        Recall and specificity are taken to stay, which holds if the images of each class stay of the same kind.

        Args:
            prevalence: share of the positives there, in 0..1.

        Raises:
            ValueError: if the prevalence is no share.
        """
        if not 0 <= prevalence <= 1:
            raise ValueError(f"a prevalence lies in 0..1; seen {prevalence}")
        hits, alarms = self.recall * prevalence, (1 - self.specificity) * (1 - prevalence)
        return ratio(hits, hits + alarms)

    def cost(self, *, miss: float, alarm: float) -> float:
        """What the errors cost in all: ``miss`` for each false negative, ``alarm`` for each false positive."""
        return miss * self.fn + alarm * self.fp


def ratio(part: float, whole: float) -> float:
    """``part / whole``, and nan for 0 / 0."""
    return part / whole if whole else NAN


def confusion(predicted: Tensor, target: Tensor, classes: int) -> Tensor:
    """The confusion matrix: how many images of each class (row) were called what (column).

    Args:
        predicted: class indices, shape ``(N,)``.
        target: class indices, shape ``(N,)``.
        classes: how many classes there are, two or more.

    Returns:
        Counts, int64, shape ``(classes, classes)``.

    Raises:
        ValueError: if shapes differ, the answers are floats, or an index is no class.
    """
    predicted, target = _answers(predicted, target)
    for name, indices in {"predicted": predicted, "target": target}.items():
        if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < classes:
            seen = f"{int(indices.min())}..{int(indices.max())}"
            raise ValueError(f"{name} holds class indices 0..{classes - 1}; seen {seen}")
    if not len(target):
        return torch.zeros(classes, classes, dtype=torch.int64)
    return classification.multiclass_confusion_matrix(predicted.long(), target.long(), num_classes=classes)


class Scores(NamedTuple):
    """Precision, recall and F1 of each class, shape ``(classes,)``, or averaged, shape ``()``."""

    precision: Tensor
    recall: Tensor
    f1: Tensor


def scores(
    predicted: Tensor, target: Tensor, classes: int, *, average: Average | None = None, undefined: float = NAN
) -> Scores:
    """Precision, recall and F1 by torchmetrics.

    Args:
        predicted: class indices, shape ``(N,)``.
        target: class indices, shape ``(N,)``.
        classes: how many classes there are.
        average: ``"macro"`` for the plain mean over the classes, ``"weighted"`` for the mean weighted by the images of
            each class, ``"micro"`` for the counts of all classes added up first; each class by itself if not given. The
            macro average leaves out classes that are neither in the truth nor among the answers.
        undefined: what 0 / 0 counts as. The libraries' own default is 0; here it is nan, so that it cannot pass for a
            bad value. A macro or weighted average over a class without a value is then nan, too.

    Raises:
        ValueError: as :func:`confusion`.
    """
    predicted, target = _answers(predicted, target)
    confusion(predicted, target, classes)  # refuses what is no class
    if not len(target):
        empty = torch.full((classes,) if average is None else (), undefined)
        return Scores(empty, empty.clone(), empty.clone())
    functions = (
        classification.multiclass_precision,
        classification.multiclass_recall,
        classification.multiclass_f1_score,
    )
    if average == "micro":  # every image is in it, so it is never 0 / 0
        return Scores(*(f(predicted, target, num_classes=classes, average="micro") for f in functions))
    cells = classification.multiclass_stat_scores(predicted, target, num_classes=classes, average=None)
    tp, fp, _, fn, _ = cells.unbind(dim=-1)
    below = (tp + fp, tp + fn, 2 * tp + fp + fn)
    each = [
        torch.where(whole > 0, f(predicted, target, num_classes=classes, average=None), undefined)
        for f, whole in zip(functions, below, strict=True)
    ]
    if average is None:
        return Scores(*each)
    support = torch.bincount(target, minlength=classes)
    seen = support + torch.bincount(predicted, minlength=classes) > 0
    weights = seen.float() if average == "macro" else support.float()
    kept = weights > 0  # nan times 0 is nan: a class that has no say is left out, not multiplied by 0
    return Scores(*((one[kept] * weights[kept]).sum() / weights.sum() for one in each))


def accuracy(predicted: Tensor, target: Tensor) -> float:
    """Share of right answers; nan for none."""
    predicted, target = _answers(predicted, target)
    return ratio(int((predicted == target).sum()), len(target))


class Interval(NamedTuple):
    """A value with the interval around it, and how many draws gave no value and were left out."""

    value: float
    low: float
    high: float
    undefined: int = 0


def bootstrap(
    statistic: Callable[..., float | Tensor],
    *columns: Tensor,
    groups: Tensor | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """A percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13).

    Args:
        statistic: called with the columns, each indexed by the drawn images; returns a number, nan if it has none.
        columns: tensors with a row for each image, such as predictions and truth, or those of two models for a paired
            comparison.
        groups: the slide or the patient of each image, shape ``(N,)``. Then whole groups are drawn with all their
            images (the cluster bootstrap; Field and Welsh, 2007). Use it where images of a group resemble each other.
        draws: how many samples, each as large as the set, are drawn with replacement.
        level: share of the draws inside the interval.
        seed: another seed gives other draws.

    Returns:
        The statistic of all images and the middle ``level`` of the draws. The interval is that of a sample: with a few
        groups, or with no error at all among the images, it comes out too narrow.

    Raises:
        ValueError: if there are no images, columns differ in length, a number makes no sense, or no draw gave a value.
    """
    count = len(columns[0]) if columns else 0
    if count == 0:
        raise ValueError("an interval needs images; seen none")
    for one in (*columns, *([] if groups is None else [groups])):
        if len(one) != count:
            raise ValueError(f"all columns need a row for each image; seen {count} and {len(one)} rows")
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws must be 1 or more and level between 0 and 1; seen draws={draws}, level={level}")
    generator = torch.Generator().manual_seed(seed)
    rows = _rows_of_images(count, generator) if groups is None else _rows_of_groups(groups, generator)
    values = []
    for _ in range(draws):
        chosen = rows()
        values.append(float(statistic(*(one[chosen] for one in columns))))
    found = torch.tensor([value for value in values if not math.isnan(value)], dtype=torch.float64)
    if not len(found):
        raise ValueError(f"the statistic has no value in any of {draws} draws; is a class missing from the images?")
    tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    low, high = found.quantile(tails).tolist()
    return Interval(float(statistic(*columns)), low, high, draws - len(found))


def _rows_of_images(count: int, generator: torch.Generator) -> Callable[[], Tensor]:
    return lambda: torch.randint(0, count, (count,), generator=generator)


def _rows_of_groups(groups: Tensor, generator: torch.Generator) -> Callable[[], Tensor]:
    members = [(groups == one).nonzero()[:, 0] for one in groups.unique()]

    def draw() -> Tensor:
        chosen = torch.randint(0, len(members), (len(members),), generator=generator)
        return torch.cat([members[one] for one in chosen.tolist()])

    return draw


def _answers(predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both as tensors of classes.

    Raises:
        ValueError: if they differ in shape, have more than one axis, or are floats, such as logits.
    """
    predicted, target = torch.as_tensor(predicted), torch.as_tensor(target)
    if predicted.shape != target.shape or target.ndim != 1:
        seen = f"{tuple(predicted.shape)} and {tuple(target.shape)}"
        raise ValueError(f"predictions and truth need the same shape, (N,); seen {seen}")
    if len(target) and (predicted.is_floating_point() or target.is_floating_point()):
        raise ValueError("classes are integers; take `logits.argmax(dim=1)`, or compare probabilities with a threshold")
    return predicted, target
