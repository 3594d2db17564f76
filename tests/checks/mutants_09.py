"""Wrong solutions of lesson 09, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 09.split


def _first_rows(images: Tensor) -> Tensor:
    first: dict[bytes, int] = {}
    for row, image in enumerate(images):
        first.setdefault(image.numpy().tobytes(), row)
    return torch.tensor(list(first.values()))


def _deal(rows: Tensor, slides: Tensor, share: float, seed: int) -> tuple[list[int], list[int]]:
    numbers = slides[rows].unique()
    order = torch.randperm(len(numbers), generator=torch.Generator().manual_seed(seed))
    test = torch.isin(slides[rows], numbers[order[: max(1, round(share * len(numbers)))]])
    return rows[~test].tolist(), rows[test].tolist()


@wrong("09.split", "splits-by-cell")
def split_cells(images: Tensor, slides: Tensor, share: float, seed: int) -> Any:
    rows = _first_rows(images)
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]
    count = round(share * len(rows))
    return rows[count:].tolist(), rows[:count].tolist()


@wrong("09.split", "keeps-copies")
def split_hash_of_the_object(images: Tensor, slides: Tensor, share: float, seed: int) -> Any:
    first: dict[int, int] = {}
    keep_alive = list(images)
    for row, image in enumerate(keep_alive):
        first.setdefault(hash(image), row)
    return _deal(torch.tensor(list(first.values())), slides, share, seed)


@wrong("09.split", "drops-both")
def split_without_any_copied(images: Tensor, slides: Tensor, share: float, seed: int) -> Any:
    keys = [image.numpy().tobytes() for image in images]
    rows = torch.tensor([row for row, key in enumerate(keys) if keys.count(key) == 1])
    return _deal(rows, slides, share, seed)


@wrong("09.split", "same-slides")
def split_first_slides(images: Tensor, slides: Tensor, share: float, seed: int) -> Any:
    rows = _first_rows(images)
    numbers = slides[rows].unique()
    test = torch.isin(slides[rows], numbers[: max(1, round(share * len(numbers)))])
    return rows[~test].tolist(), rows[test].tolist()


@wrong("09.split", "all-cells-of-share")
def split_until_cells_suffice(images: Tensor, slides: Tensor, share: float, seed: int) -> Any:
    rows = _first_rows(images)
    numbers = slides[rows].unique()
    sizes = {number: int((slides[rows] == number).sum()) for number in numbers.tolist()}
    order = numbers[torch.randperm(len(numbers), generator=torch.Generator().manual_seed(seed))].tolist()
    order.sort(key=lambda number: sizes[number])  # small slides first: many slides for as many cells
    held_out: list[int] = []
    while sum(sizes[number] for number in held_out) < share * len(rows):
        held_out.append(order[len(held_out)])
    test = torch.isin(slides[rows], torch.tensor(held_out))
    return rows[~test].tolist(), rows[test].tolist()


# 09.train


def _features(body: nn.Module, prepared: Tensor) -> Tensor:
    with torch.no_grad():
        maps = body(prepared)
    return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)


def _head(known: Tensor, labels: Tensor, steps: int = 150) -> nn.Linear:
    head = nn.Linear(known.shape[1], 5)
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.01)
    for _ in range(steps):
        rows = torch.randint(0, len(labels), (32,))
        loss = cross_entropy(head(known[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head


def _fit(known: Tensor, labels: Tensor, steps: int = 150) -> Callable[[Tensor], Tensor]:
    """From features to the probabilities of the five classes."""
    mean, deviation = known.mean(dim=0), known.std(dim=0) + 1e-6
    head = _head((known - mean) / deviation, labels, steps)
    return lambda features: head((features - mean) / deviation).softmax(dim=1).detach()


@wrong("09.train", "train-mode")
def train_without_eval(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    fitted = _fit(_features(body, preprocess(images)), labels)
    return lambda images: 1 - fitted(_features(body, preprocess(images)))[:, 0]


@wrong("09.train", "unnormalised")
def train_raw(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    body.eval()
    fitted = _fit(_features(body, images), labels)
    return lambda images: 1 - fitted(_features(body, images))[:, 0]


@wrong("09.train", "forgets-at-use")
def train_prepared_and_use_raw(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    body.eval()
    fitted = _fit(_features(body, preprocess(images)), labels)
    return lambda images: 1 - fitted(_features(body, images))[:, 0]


@wrong("09.train", "over-budget")
def train_without_cache(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    body.eval()
    for _ in range(2):  # as in a loop over epochs
        fitted = _fit(_features(body, preprocess(images)), labels)
    return lambda images: 1 - fitted(_features(body, preprocess(images)))[:, 0]


@wrong("09.train", "batch-statistics")
def train_standardised_by_batch(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    body.eval()

    def standardised(images: Tensor) -> Tensor:
        features = _features(body, preprocess(images))
        return (features - features.mean(dim=0)) / (features.std(dim=0) + 1e-6)

    head = _head(standardised(images), labels)
    return lambda images: 1 - head(standardised(images)).softmax(dim=1).detach()[:, 0]


@wrong("09.train", "healthy-score")
def train_first_column(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    body.eval()
    fitted = _fit(_features(body, preprocess(images)), labels)
    return lambda images: fitted(_features(body, preprocess(images)))[:, 0]


@wrong("09.train", "decisions")
def train_and_decide(body: nn.Module, preprocess: Any, images: Tensor, labels: Tensor) -> Any:
    body.eval()
    fitted = _fit(_features(body, preprocess(images)), labels)
    return lambda images: (fitted(_features(body, preprocess(images))).argmax(dim=1) > 0).float()


# 09.threshold


def _search(scores: Tensor, cost: Callable[[Tensor], Any], *, nothing: bool = True) -> float:
    choices = scores.unique().tolist() + ([scores.max().item() + 1] if nothing else [])
    return min(choices, key=lambda threshold: float(cost(scores >= threshold)))


def _cost(infected: Tensor, prevalence: float, miss: float, alarm: float) -> Callable[[Tensor], Any]:
    def cost(flagged: Tensor) -> Any:
        missed, false = 1 - flagged[infected].double().mean(), flagged[~infected].double().mean()
        return prevalence * miss * missed + (1 - prevalence) * alarm * false

    return cost


@wrong("09.threshold", "ignores-prevalence")
def threshold_for_cells_at_hand(
    scores: Tensor, infected: Tensor, prevalence: float, miss: float, alarm: float
) -> float:
    return _search(scores, lambda flagged: miss * (infected & ~flagged).sum() + alarm * (flagged & ~infected).sum())


@wrong("09.threshold", "costs-swapped")
def threshold_swapped(scores: Tensor, infected: Tensor, prevalence: float, miss: float, alarm: float) -> float:
    return _search(scores, _cost(infected, prevalence, alarm, miss))


@wrong("09.threshold", "accuracy")
def threshold_fewest_errors(scores: Tensor, infected: Tensor, prevalence: float, miss: float, alarm: float) -> float:
    return _search(scores, lambda flagged: (flagged != infected).sum())


@wrong("09.threshold", "half")
def threshold_half(scores: Tensor, infected: Tensor, prevalence: float, miss: float, alarm: float) -> float:
    return 0.5


@wrong("09.threshold", "must-flag")
def threshold_among_scores(scores: Tensor, infected: Tensor, prevalence: float, miss: float, alarm: float) -> float:
    return _search(scores, _cost(infected, prevalence, miss, alarm), nothing=False)


# 09.card


def _card(
    scores: Tensor, infected: Tensor, slides: Tensor, threshold: float, clinic: dict[str, float], draws: str = "slides"
) -> dict[str, Any]:
    share, flagged = clinic["prevalence"], scores >= threshold

    def cost(rows: Tensor) -> float:
        sick, called = infected[rows], flagged[rows]
        missed, false = (~called[sick]).double().mean(), called[~sick].double().mean()
        return float(1000 * (share * clinic["miss"] * missed + (1 - share) * clinic["alarm"] * false))

    every = torch.arange(len(scores))
    numbers = slides.unique()
    rows_of = {number: (slides == number).nonzero()[:, 0] for number in numbers.tolist()}

    def drawn() -> Tensor:
        if draws == "cells":
            return torch.randint(0, len(scores), (len(scores),))
        chosen = numbers[torch.randint(0, len(numbers), (len(numbers),))]
        if draws == "set":
            return torch.isin(slides, chosen).nonzero()[:, 0]
        return torch.cat([rows_of[number] for number in chosen.tolist()])

    costs = torch.tensor([cost(drawn()) for _ in range(1000)])
    recall, alarms = float(flagged[infected].double().mean()), float(flagged[~infected].double().mean())
    return {
        "threshold": threshold,
        "cost": cost(every),
        "interval": (float(costs.quantile(0.025)), float(costs.quantile(0.975))),
        "recall": recall,
        "flagged": 1000 * (share * recall + (1 - share) * alarms),
        "slides": len(numbers),
        "infected": int(infected.sum()),
        "limits": ["All cells are simulated.", "The model is not for diagnosis."],
    }


@wrong("09.card", "test-shares")
def card_at_test_shares(scores: Tensor, infected: Tensor, slides: Tensor, threshold: float, clinic: Any) -> Any:
    here = {**clinic, "prevalence": float(infected.double().mean())}
    return {
        **_card(scores, infected, slides, threshold, clinic),
        "cost": _card(scores, infected, slides, threshold, here)["cost"],
    }


@wrong("09.card", "by-cell")
def card_drawn_by_cell(scores: Tensor, infected: Tensor, slides: Tensor, threshold: float, clinic: Any) -> Any:
    return _card(scores, infected, slides, threshold, clinic, draws="cells")


@wrong("09.card", "without-repeats")
def card_drawn_as_a_set(scores: Tensor, infected: Tensor, slides: Tensor, threshold: float, clinic: Any) -> Any:
    return _card(scores, infected, slides, threshold, clinic, draws="set")


@wrong("09.card", "precision-for-recall")
def card_with_precision(scores: Tensor, infected: Tensor, slides: Tensor, threshold: float, clinic: Any) -> Any:
    precision = float(infected[scores >= threshold].double().mean())
    return {**_card(scores, infected, slides, threshold, clinic), "recall": precision}


@wrong("09.card", "no-limits")
def card_without_limits(scores: Tensor, infected: Tensor, slides: Tensor, threshold: float, clinic: Any) -> Any:
    return {**_card(scores, infected, slides, threshold, clinic), "limits": []}


# 09.submit


def _submission(features: Tensor, labels: Tensor, slides: Tensor, clinic: Any, threshold: float | None = None) -> Any:
    """Trained on all rows; the card is made from out-of-fold scores by slide."""
    rows = _first_rows(features)
    features, labels, slides = features[rows], labels[rows], slides[rows]
    infected, numbers = labels > 0, slides.unique()
    scores = torch.zeros(len(labels))
    for fold in range(3):
        held_out = torch.isin(slides, numbers[fold::3])
        scores[held_out] = 1 - _fit(features[~held_out], labels[~held_out])(features[held_out])[:, 0]
    share = float(infected.double().mean())
    odds = clinic["alarm"] / clinic["miss"] * share / (1 - share) * (1 - clinic["prevalence"]) / clinic["prevalence"]
    chosen = odds / (1 + odds) if threshold is None else threshold
    fitted = _fit(features, labels)
    return lambda features: 1 - fitted(features)[:, 0], chosen, _card(scores, infected, slides, chosen, clinic)


@wrong("09.submit", "always-healthy")
def submit_healthy(features: Tensor, labels: Tensor, slides: Tensor, clinic: Any) -> Any:
    return _submission(features, labels, slides, clinic, threshold=2.0)


@wrong("09.submit", "flags-everything")
def submit_infected(features: Tensor, labels: Tensor, slides: Tensor, clinic: Any) -> Any:
    return _submission(features, labels, slides, clinic, threshold=0.0)


@wrong("09.submit", "training-cost")
def submit_judged_on_training(features: Tensor, labels: Tensor, slides: Tensor, clinic: Any) -> Any:
    fitted = _fit(features, labels, steps=500)
    scores = 1 - fitted(features)[:, 0]
    infected = labels > 0
    threshold = float((scores[~infected].max() + scores[infected].min()) / 2)
    card = _card(scores, infected, slides, threshold, clinic)
    return lambda features: 1 - fitted(features)[:, 0], threshold, {**card, "interval": (0.0, 50.0)}


@wrong("09.submit", "no-limits")
def submit_without_limits(features: Tensor, labels: Tensor, slides: Tensor, clinic: Any) -> Any:
    score, threshold, card = _submission(features, labels, slides, clinic)
    return score, threshold, {**card, "limits": ["It works well."]}
