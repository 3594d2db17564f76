"""The screening model learns the smears, leaves what it does not train alone, and is the same for the same seed."""

from __future__ import annotations

import pytest
import torch

from coursekit.data.smear_sets import SmearCells
from coursekit.models.course import course_resnet18
from coursekit.models.screening import WEIGHTS, logits_of, screening_model


@pytest.mark.slow
def test_it_names_cells_of_slides_it_never_saw() -> None:
    model = screening_model()
    test = SmearCells(500, slides=10, first_slide=100, seed=2)
    right = (logits_of(model, test.images).argmax(1) == test.labels).float().mean().item()
    assert 0.8 < right < 0.99  # good, and not perfect: metrics have something to say
    assert not any(module.training for module in model.modules())


def test_only_the_last_stage_and_the_head_change() -> None:
    cells = SmearCells(40, slides=4, seed=5)
    tuned, before = screening_model(cells, steps=2).state_dict(), course_resnet18(weights=WEIGHTS).state_dict()
    changed = {name.split(".")[0] for name, value in tuned.items() if not torch.equal(value, before[name])}
    assert changed == {"layer4", "fc"}


def test_the_same_seed_gives_the_same_model_and_the_callers_random_numbers_stay() -> None:
    cells = SmearCells(40, slides=4, seed=5)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    one, two = screening_model(cells, steps=2), screening_model(cells, steps=2)
    assert torch.equal(torch.rand(3), expected)
    assert torch.allclose(logits_of(one, cells.images), logits_of(two, cells.images))


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="a set of 0"):
        screening_model(SmearCells(0))
