"""The planner prices plans as it says, finds the best affordable one, and refuses what makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from coursekit.explorers import PlanExplorer

RUNS = {(2, 10): [300.0, 340.0], (10, 2): [200.0, 240.0], (20, 10): [90.0, 110.0]}


def test_a_plan_takes_its_labels_and_the_price_of_its_slides() -> None:
    explorer = PlanExplorer(RUNS, level=960, budget=120, slide_price=5)
    assert [explorer.price(plan) for plan in explorer.plans] == [30, 70, 300]
    assert explorer.plans[0] == {
        "slides": 2,
        "cells": 10,
        "labels": 20,
        "cost": 320.0,
        "low": 300.0,
        "high": 340.0,
        "runs": 2,
    }


@pytest.mark.parametrize(
    ("budget", "price", "slides"), [(300, 5, 20), (120, 5, 10), (69, 5, 2), (29, 5, None), (20, 0, 10), (60, 20, 2)]
)
def test_the_best_affordable_plan(budget: int, price: int, slides: int | None) -> None:
    best = PlanExplorer(RUNS, level=960, budget=budget, slide_price=price).best()
    assert (best["slides"] if best else None) == slides


def test_without_widgets_there_is_a_table_and_a_sentence() -> None:
    bundle = PlanExplorer(RUNS, level=960)._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/html"].count("<tr>") == len(RUNS) + 1
    assert "10 slides with 2 cells each are best: 220" in bundle[0]["text/plain"]
    assert "no plan is affordable" in PlanExplorer(RUNS, level=960, budget=3).as_text()


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ({}, "seen none"),
        ({(0, 3): [1.0]}, "a slide and a cell or more; seen 0 slides"),
        ({(2, 3): []}, "2 slides, 3 cells"),
        ({(2, 3): [float("nan")]}, "costs of 0 or more"),
        ({(2, 3): [-1.0]}, "costs of 0 or more"),
    ],
)
def test_plans_that_make_no_sense_are_refused(runs: dict[tuple[int, int], list[float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        PlanExplorer(runs, level=960)


@pytest.mark.parametrize("settings", [{"budget": -1}, {"slide_price": -1}, {"slide_price": 99}])
def test_absurd_settings_are_refused(settings: dict[str, Any]) -> None:
    from traitlets import TraitError

    with pytest.raises(TraitError):
        PlanExplorer(RUNS, level=960, **settings)


def test_the_script_keeps_its_keys_and_knows_the_fields_it_reads() -> None:
    script = str(PlanExplorer(RUNS, level=960)._esm)
    assert "data-lm-suppress-shortcuts" in script
    assert "stopPropagation" in script
    assert all(f'model.get("{field}")' in script for field in ("plans", "level", "budget", "slide_price"))
