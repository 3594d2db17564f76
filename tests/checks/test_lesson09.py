"""The capstone's rubric earns what it says, and the judge's numbers agree with a count by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.checks.lesson09 import RUBRIC
from coursekit.checks.lesson09_costs import Terms, cheapest, indices, interval, numbers, rates
from coursekit.checks.lesson09_decide import FIELDS, read_card
from coursekit.checks.lesson09_rubric import (
    CAREFUL,
    FLATTERING,
    FULL_COST,
    NEEDED_WORDS,
    PASS,
    TIMID,
    enough,
    grade,
    passes,
    total,
)

TERMS = Terms()
LIMITS = ["All cells are simulated.", "It is not for diagnosis."]


def points(measured: float, stated: float, spread: tuple[float, float] = (0, 5000), limits: list[str] = LIMITS) -> dict:
    return {one.part.name: one.points for one in grade(measured, stated, spread, limits, TERMS)}


def test_the_weights_are_these_and_add_up_to_a_hundred() -> None:
    assert {part.name: part.points for part in RUBRIC} == {"cost": 50, "number": 25, "interval": 15, "limits": 10}
    assert sum(part.points for part in RUBRIC) == 100
    assert PASS == 70
    assert all(part.points < PASS for part in RUBRIC), "no part passes by itself"


def test_the_level_is_the_cheaper_way_without_a_model() -> None:
    assert TERMS.cost(1, 0) == pytest.approx(2000)
    assert TERMS.level == pytest.approx(960)
    assert Terms(0.01, 50, 1).level == pytest.approx(500)


def test_cost_earns_all_up_to_a_share_of_the_level_and_nothing_from_the_level_on() -> None:
    level = TERMS.level
    assert points(FULL_COST * level, 100)["cost"] == pytest.approx(50)
    assert points(level, level)["cost"] == 0
    halfway = (FULL_COST + 1) / 2 * level
    assert points(halfway, halfway)["cost"] == pytest.approx(25)


def test_promising_too_little_costs_all_and_promising_too_much_costs_by_degrees() -> None:
    assert points(300, 0.99 * FLATTERING * 300)["number"] == 0
    assert points(300, 1.01 * FLATTERING * 300)["number"] == 25
    assert points(100, 100 + CAREFUL * 960)["number"] == pytest.approx(25)
    assert points(100, 100 + TIMID * 960)["number"] == 0


def test_an_interval_holds_the_cost_and_is_no_point() -> None:
    assert points(100, 100, (50, 200))["interval"] == 15
    assert points(100, 100, (120, 200))["interval"] == 0
    assert points(100, 100, (100, 100))["interval"] == 0


def test_limits_need_words_and_two_sentences() -> None:
    assert enough(LIMITS)
    assert not enough([])
    assert not enough(["Simulated cells, not for diagnosis."])
    assert not enough(["It works very well.", "On all cells there are."])
    assert not enough(["simulated", "diagnosis"])
    assert set(NEEDED_WORDS) == {"simulated", "diagnosis"}


def test_a_part_without_points_fails_whatever_the_total() -> None:
    best = grade(0, 0, (0, 10), LIMITS, TERMS)
    assert total(best) == 100
    assert passes(best)
    flattering = grade(150, 0, (0, 10), LIMITS, TERMS)
    assert total(flattering) >= PASS
    assert not passes(flattering)
    healthy = grade(2000, 2000, (1500, 2500), LIMITS, TERMS)
    assert not passes(healthy)


@given(st.floats(0, 3000), st.floats(0, 3000), st.floats(0, 3000))
def test_a_cheaper_model_never_earns_less_for_its_cost(one: float, other: float, stated: float) -> None:
    less, more = sorted((one, other))
    assert points(less, stated)["cost"] >= points(more, stated)["cost"]
    assert 0 <= sum(points(one, stated).values()) <= 100


CASES = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9]), st.booleans()), min_size=2, max_size=14).filter(
    lambda rows: len({sick for _, sick in rows}) == 2
)


@settings(deadline=None)
@given(CASES, st.sampled_from([0.01, 0.2, 0.5]), st.sampled_from([1, 7, 50]))
def test_the_cheapest_threshold_is_the_cheapest_of_all(rows: list, prevalence: float, miss: float) -> None:
    scores, infected = torch.tensor([score for score, _ in rows]), torch.tensor([sick for _, sick in rows])
    terms = Terms(prevalence, miss, 1)
    threshold, price = cheapest(scores, infected, terms.cost)
    tried = [terms.cost(*rates(scores.double(), infected, one)) for one in [0, *scores.double().tolist(), 2]]
    assert price == pytest.approx(min(tried))
    assert terms.cost(*rates(scores.double(), infected, threshold)) == pytest.approx(price)


def test_the_threshold_of_the_formula_is_where_both_ways_cost_the_same() -> None:
    terms, share = Terms(0.04, 50, 1), 0.3
    odds = terms.threshold(share) / (1 - terms.threshold(share))
    there = odds / (share / (1 - share)) * (terms.prevalence / (1 - terms.prevalence))
    assert there * terms.miss == pytest.approx(terms.alarm)


def test_an_interval_by_slide_is_the_bootstrap_of_whole_slides() -> None:
    torch.manual_seed(0)
    slides = torch.arange(12).repeat_interleave(20)
    infected = torch.arange(240) % 2 == 0
    scores = torch.where(slides % 4 == 0, torch.rand(240), infected.float())
    low, high = interval(scores, infected, slides, 0.5, TERMS)
    costs = []
    for _ in range(1500):
        rows = torch.cat([(slides == one).nonzero()[:, 0] for one in torch.randint(0, 12, (12,))])
        costs.append(TERMS.cost(*rates(scores[rows], infected[rows], 0.5)))
    expected = torch.tensor(costs).quantile(torch.tensor([0.025, 0.975])).tolist()
    assert [low, high] == pytest.approx(expected, abs=0.08 * (expected[1] - expected[0]))
    by_cell = interval(scores, infected, torch.arange(240), 0.5, TERMS)
    assert high - low > 1.2 * (by_cell[1] - by_cell[0])


@pytest.mark.parametrize("bad", [None, "text", [1, 2], [float("nan")], {"a": 1}, object()])
def test_what_is_no_number_is_none(bad: object) -> None:
    assert numbers(bad, 1) is None


def test_rows_are_whole_numbers_within_bounds() -> None:
    assert indices(torch.tensor([0, 2]), 3) == [0, 2]
    assert indices((1, 0), 3) == [1, 0]
    for bad in ([3], [-1], torch.tensor([0.5]), torch.tensor([True, False]), "12", {"a": 1}, None, 7, [[1]]):
        assert indices(bad, 3) is None, bad


def test_a_card_that_cannot_be_read_says_which_field() -> None:
    good = dict.fromkeys(FIELDS, 1.0) | {"interval": (1, 2), "limits": LIMITS}
    assert "problem" not in read_card(good)
    for field, bad in {"cost": "low", "interval": (2, 1), "limits": "none", "recall": float("nan")}.items():
        assert f"`{field}`" in read_card(good | {field: bad})["problem"]
    for one in itertools.islice(FIELDS, 3):
        assert f"`{one}`" in read_card({name: value for name, value in good.items() if name != one})["problem"]
    assert "dict" in read_card([1, 2])["problem"]
