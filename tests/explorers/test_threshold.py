"""The threshold explorer looks up what is true of the scores it was given, and says what it cannot show."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torchmetrics.functional.classification import binary_precision, binary_recall

from coursekit.explorers import ThresholdExplorer


def cells(count: int = 300, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    dice = torch.Generator().manual_seed(seed)
    infected = torch.rand(count, generator=dice) < 0.4
    return (3 * torch.randn(count, generator=dice) + 4 * infected - 2).double().sigmoid(), infected


def test_every_stop_counts_what_torchmetrics_counts() -> None:
    scores, infected = cells()
    shown = ThresholdExplorer(scores, infected)
    for place in range(1, len(shown.thresholds) - 1):
        at = shown.thresholds[place] - 1e-9  # torchmetrics wants more than the threshold
        assert shown.recall[place] == pytest.approx(binary_recall(scores, infected.long(), at).item(), abs=1e-6)
        if shown.recall[place] + shown.alarms[place]:
            found = shown.of_1000(place)["precision"]
            assert found == pytest.approx(binary_precision(scores, infected.long(), at).item(), abs=1e-6)


def test_the_ends_flag_all_and_none() -> None:
    scores, infected = torch.tensor([0.0, 1.0, 0.5]), torch.tensor([0, 1, 1])
    shown = ThresholdExplorer(scores, infected)
    assert (shown.thresholds[0], shown.recall[0], shown.alarms[0]) == (0, 1, 1)
    assert (shown.thresholds[-1], shown.recall[-1], shown.alarms[-1]) == (1, 0, 0)
    assert math.isnan(shown.of_1000(len(shown.thresholds) - 1)["precision"])


@pytest.mark.parametrize("threshold", [0, 0.003, 0.1, 0.5, 0.97, 1])
def test_it_begins_at_the_threshold_asked_for(threshold: float) -> None:
    shown = ThresholdExplorer(*cells(), threshold=threshold)
    assert shown.thresholds[shown.place] == pytest.approx(threshold, abs=0.02)


@settings(max_examples=40, deadline=None)
@given(some.floats(0.001, 0.999), some.floats(0, 100), some.floats(0.1, 100), some.integers(0, 182))
def test_the_four_cells_of_1000_add_up_and_the_cheapest_is_cheapest(
    prevalence: float, miss: float, alarm: float, place: int
) -> None:
    shown = ThresholdExplorer(*cells(60), prevalence=prevalence, miss=miss, alarm=alarm)
    one = shown.of_1000(place)
    assert sum(one[name] for name in ("tp", "fn", "fp", "tn")) == pytest.approx(1000)
    assert one["tp"] + one["fn"] == pytest.approx(1000 * prevalence)
    assert one["cost"] == pytest.approx(miss * one["fn"] + alarm * one["fp"])
    assert shown.of_1000(shown.cheapest())["cost"] <= one["cost"] + 1e-6


def test_the_histogram_holds_each_cell_once() -> None:
    shown = ThresholdExplorer(*cells())
    for name, bars in shown.bars.items():
        assert sum(bars) == pytest.approx(1), name
    assert sum(shown.counts.values()) == 300


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"infected": torch.zeros(300)}, "cases of both classes are needed; seen 0 positive and 300 negative"),
        ({"infected": torch.ones(300)}, "seen 300 positive and 0 negative"),
        ({"infected": torch.ones(7)}, r"seen (300,) and (7,)"),
        ({"scores": torch.linspace(-3, 3, 300)}, "Logits go through a sigmoid first"),
        ({"scores": torch.full((300,), math.nan)}, "300 of 300 scores are nan"),
        ({"threshold": 1.5}, "a threshold for probabilities lies in 0..1; seen 1.5"),
        ({"threshold": math.nan}, "seen nan"),
        ({"miss": -1}, "the cost of a miss is a number from 0 up; seen -1"),
        ({"alarm": math.inf}, "the cost of a false alarm is a number from 0 up; seen inf"),
        ({"miss": 0, "alarm": 0}, "both errors cost 0"),
        ({"prevalence": 0}, "a prevalence lies between 0 and 1"),
        ({"prevalence": 1.2}, "a prevalence lies between 0 and 1"),
    ],
)
def test_what_cannot_be_shown_is_said_and_raises_nothing(change: dict[str, Any], words: str) -> None:
    scores, infected = cells()
    shown = ThresholdExplorer(**{"scores": scores, "infected": infected, **change})
    assert words in shown.problem
    assert words in shown.as_text()
    assert 'role="alert"' in shown.as_html()
    assert shown.thresholds == []


def test_without_widgets_there_is_a_table_and_a_sentence() -> None:
    bundle = ThresholdExplorer(*cells(), miss=9, alarm=1)._repr_mimebundle_()
    assert bundle is not None
    data = bundle[0]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].count("<tr>") >= 4
    assert data["text/plain"].endswith("are missed.")


def test_the_script_keeps_its_keys_and_knows_the_fields_it_reads() -> None:
    script = str(ThresholdExplorer._esm)
    assert "data-lm-suppress-shortcuts" in script
    assert "stopPropagation" in script
    for field in ("problem", "thresholds", "recall", "alarms", "bars", "counts", "place", "prevalence", "curve"):
        assert f'model.get("{field}")' in script
    assert all(name in str(ThresholdExplorer._css) for name in (".ck-explorer input", ".ck-threshold .ck-pair"))
