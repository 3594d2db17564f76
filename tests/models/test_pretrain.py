"""Pre-training resumes exactly, learns from partly hidden labels, and writes a card that is true."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from coursekit.data.shapes1k import Shapes1K
from coursekit.errors import CourseError
from coursekit.models import publish as publishing
from coursekit.models.pretrain import Progress, Recipe, Trainer, _MatrixConv2d, evaluate, partial_label_loss

TINY = Recipe(steps=4, batch=16, size=32)
CPU = torch.device("cpu")


def ignore(progress: Progress) -> None:
    pass


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop_after_two(progress: Progress) -> None:
        if progress.step == 3:  # the checkpoint of step 2 is written, the one of step 4 is not
            raise StopError

    whole = Trainer(TINY, CPU)
    whole.run(ignore, tmp_path / "whole.pt", every=2)
    with pytest.raises(StopError):
        Trainer(TINY, CPU).run(stop_after_two, tmp_path / "broken.pt", every=2)
    resumed = Trainer(TINY, CPU)
    steps: list[int] = []
    resumed.run(lambda progress: steps.append(progress.step), tmp_path / "broken.pt", every=2)
    assert steps == [3, 4]
    for name, value in whole.average.items():
        torch.testing.assert_close(resumed.average[name], value, rtol=1e-3, atol=1e-4)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    Trainer(TINY, CPU).save(tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="another recipe"):
        Trainer(replace(TINY, seed=1), CPU).load(tmp_path / "checkpoint.pt")


def test_hidden_parts_share_the_label() -> None:
    label = torch.tensor([123])
    loss = {
        seen: float(partial_label_loss(torch.zeros(1, 1000), label, torch.tensor([seen])))
        for seen in [(True, True, True), (True, True, False), (True, False, False)]
    }
    assert list(loss.values()) == pytest.approx([math.log(1000), math.log(100), math.log(10)], rel=1e-5)
    certain = torch.full((1, 1000), -50.0)
    certain[0, 128] = 50  # another colour of the same shape and texture
    assert float(partial_label_loss(certain, label, torch.tensor([(True, True, False)]))) < 1e-3
    assert float(partial_label_loss(certain, label, torch.tensor([(True, True, True)]))) > 10


def test_the_matrix_form_of_a_convolution_is_the_convolution() -> None:
    plain = torch.nn.Conv2d(512, 512, 3, padding=1, bias=False)
    images = torch.randn(3, 512, 2, 2)
    expected = plain(images)
    plain.__class__ = _MatrixConv2d
    torch.testing.assert_close(plain(images), expected, rtol=1e-4, atol=1e-5)
    large = torch.randn(1, 512, 6, 6)
    assert plain(large).shape == (1, 512, 6, 6)


def test_the_rate_warms_up_and_falls_to_nearly_nothing() -> None:
    trainer = Trainer(replace(TINY, steps=100), CPU)
    rates = [trainer.rate(step) for step in range(100)]
    peak = rates.index(max(rates))
    assert rates[peak] == pytest.approx(TINY.peak_rate, rel=0.01)
    assert 6 <= peak <= 9
    assert rates[-1] < 0.01 * TINY.peak_rate


def test_every_part_of_a_batch_is_there_until_the_finish() -> None:
    trainer = Trainer(Recipe(), CPU)
    first, last = trainer.parts(0), trainer.parts(Recipe().steps - 1)
    assert [name for name, _, _ in first] == ["clean", "augmented", "glyphs", "surfaces"]
    assert sum(count for _, count, _ in first) == sum(count for _, count, _ in last) == Recipe().batch
    assert [name for name, _, _ in last] == ["clean", "augmented"]


def test_accuracy_is_counted_right() -> None:
    data = Shapes1K("val", length=300, size=32)

    class Knows(torch.nn.Module):
        """Gives the right class the most, except for the first hundred images, where it comes second."""

        def __init__(self) -> None:
            super().__init__()
            self.seen = 0

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            labels = torch.cat([data.labels(0), data.labels(1)])[self.seen : self.seen + len(images)]
            logits = torch.nn.functional.one_hot(labels, 1000).float()
            for row in range(len(images)):
                if self.seen + row < 100:
                    logits[row, (labels[row] + 1) % 1000] = 2
            self.seen += len(images)
            return logits

    assert evaluate(Knows(), data, CPU) == {"acc@1": pytest.approx(200 / 3), "acc@5": 100}


def test_publishing_writes_files_that_load_and_a_card_that_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "HELD_OUT", 250)
    result = publishing.publish(resnet18().state_dict(), Recipe(), tmp_path / "result", CPU, transfer_seeds=0)
    card = json.loads((result / "resnet18_shapes1k.json").read_text())
    state = torch.load(result / card["file"], weights_only=True)
    assert state["conv1.weight"].dtype == torch.float16
    assert card["metrics"]["acc@1"] < 5, "random weights know nothing, and the card says so"
    assert card["sha256"] in (result / "MODEL_CARD.md").read_text()
    package = tmp_path / "package"
    package.mkdir()
    (package / "resnet18_shapes1k-00000000.pth").write_bytes(b"old")
    publishing.install(result, package)
    assert sorted(path.name for path in package.iterdir()) == sorted(
        ["MODEL_CARD.md", card["file"], "resnet18_shapes1k.json"]
    )


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="usable: cpu"):
        publishing.pretrain_and_publish(tmp_path, device="tpu")
    with pytest.raises(CourseError, match="--steps is 0"):
        publishing.pretrain_and_publish(tmp_path, steps=0)
