"""The comparison behind "pre-training pays" is fair, and the shipped weights pass it."""

from __future__ import annotations

import json

import pytest
import torch

from coursekit.models import transfer
from coursekit.models.course import CARD
from coursekit.models.publish import transfer_table


@pytest.mark.parametrize("name", transfer.TASKS)
def test_a_task_gives_three_separate_sets_of_every_class(name: str) -> None:
    task = transfer.TASKS[name](0)
    keys = []
    for images, labels in (task.train, task.val, task.test):
        assert images.shape[1:] == (3, transfer.SIDE, transfer.SIDE)
        assert 0 <= float(images.min()) <= float(images.max()) <= 1
        assert labels.unique().tolist() == list(range(task.classes))
        keys.append({image.numpy().tobytes() for image in images})
    assert not (keys[0] & keys[1]) | (keys[0] & keys[2]) | (keys[1] & keys[2]), "an image is in two sets"


def test_a_small_task_can_be_learned_and_chance_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "STEPS", 12)
    monkeypatch.setattr(transfer, "RATES", (0.02,))
    generator = torch.Generator().manual_seed(0)

    def images(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(2).repeat(count)
        return torch.rand(2 * count, 3, 32, 32, generator=generator) * 0.3 + 0.6 * labels[:, None, None, None], labels

    task = transfer.Task(2, images(20), images(20), images(50))
    assert transfer._tune(task, None, 0) > 0.9
    assert transfer._probe(task, None, 0) > 0.9
    labels = torch.randint(0, 2, (100,), generator=generator)
    noise = transfer.Task(2, images(20), images(20), (torch.rand(100, 3, 32, 32, generator=generator), labels))
    assert 0.25 < transfer._probe(noise, None, 0) < 0.75, "labels that say nothing about the image cannot be learned"


def test_the_table_gives_the_mean_and_the_range() -> None:
    rows = [
        {"task": "a", "seed": seed, "tuned": value, "scratch": 0.5, "probe": 0.4, "random_probe": 0.3}
        for seed, value in enumerate((0.8, 0.9))
    ]
    assert "| a | 0.850 ± 0.050 | 0.500 ± 0.000 |" in transfer_table(rows)


def test_the_card_shows_that_pre_training_pays() -> None:
    """What lesson 04 rests on: better on average, clearly on some task, clearly worse on none."""
    rows = json.loads(CARD.read_text())["transfer"]
    gains = {}
    for name in transfer.TASKS:
        pairs = [(row["tuned"], row["scratch"]) for row in rows if row["task"] == name]
        assert len(pairs) >= 3
        gains[name] = sum(tuned - scratch for tuned, scratch in pairs) / len(pairs)
    assert sum(gains.values()) / len(gains) > 0.02
    assert max(gains.values()) > 0.05
    assert min(gains.values()) > -0.02
