"""The prevalence explorer: its counts add up, what cannot be is said, and its two forms say the same."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_accuracy, binary_precision, binary_recall
from traitlets import TraitError

from coursekit.explorers import PrevalenceExplorer
from coursekit.explorers.prevalence import CELLS, mixture

PERCENT = st.floats(0, 100)


def test_the_self_check_is_98_percent_right_and_misses_88_percent() -> None:
    one = mixture(2, 12, false_alarms=0)
    assert one.accuracy == pytest.approx(98.24)
    assert one.missed / (one.missed + one.found) == pytest.approx(0.88)
    assert one.baseline == pytest.approx(98)


@given(st.integers(1, 99), st.integers(0, 100), st.integers(0, 100))
def test_it_agrees_with_torchmetrics_on_real_labels(prevalence: int, recall: int, alarms: int) -> None:
    infected = torch.arange(CELLS) < 100 * prevalence
    flagged = torch.arange(CELLS) < prevalence * recall
    flagged[100 * prevalence : 100 * prevalence + (100 - prevalence) * alarms] = True
    one = mixture(prevalence, recall, false_alarms=alarms)
    counted = [100 * metric(flagged.int(), infected.int()).item() for metric in (binary_accuracy, binary_recall)]
    assert [one.accuracy, 100 * one.found / (one.found + one.missed)] == pytest.approx(counted, abs=1e-3)
    if one.precision is None:
        assert not flagged.any()
    else:
        assert one.precision == pytest.approx(100 * binary_precision(flagged.int(), infected.int()).item(), abs=1e-3)


@given(PERCENT, PERCENT, PERCENT)
def test_a_claimed_accuracy_is_reached_or_refused_and_never_by_a_negative_count(
    prevalence: float, recall: float, accuracy: float
) -> None:
    lowest = mixture(prevalence, recall, false_alarms=100).accuracy
    highest = mixture(prevalence, recall, false_alarms=0).accuracy
    if lowest <= accuracy <= highest:
        one = mixture(prevalence, recall, accuracy=accuracy)
        assert one.accuracy == pytest.approx(accuracy, abs=1e-6)
        assert min(one.found, one.missed, one.alarms, one.passed) >= 0
    elif accuracy > highest + 1e-6 or accuracy < lowest - 1e-6:
        with pytest.raises(ValueError, match=r"Impossible.*cannot be true"):
            mixture(prevalence, recall, accuracy=accuracy)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"prevalence": 150, "recall": 10, "false_alarms": 0}, "Prevalence must be a number from 0 to 100 %; seen 150"),
        ({"prevalence": 2, "recall": -1, "false_alarms": 0}, "Recall must be .* seen -1"),
        ({"prevalence": 2, "recall": 12, "false_alarms": float("nan")}, "False-alarm rate must be .* seen nan"),
        ({"prevalence": 2, "recall": 12}, "give either false_alarms or accuracy"),
    ],
)
def test_numbers_that_make_no_sense_are_named(numbers: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mixture(**numbers)


def test_an_empty_class_has_no_precision_and_no_division_by_zero() -> None:
    assert mixture(0, 50, false_alarms=0).precision is None
    assert mixture(0, 50, false_alarms=0).accuracy == 100
    assert mixture(100, 0, false_alarms=50).accuracy == 0


def test_the_explorer_refuses_more_than_everything() -> None:
    with pytest.raises(TraitError):
        PrevalenceExplorer(prevalence=101)


def test_without_widgets_there_are_a_table_and_a_sentence_also_where_the_numbers_contradict_each_other() -> None:
    bundle = PrevalenceExplorer()._repr_mimebundle_()
    assert bundle is not None
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]
    assert "<td>infected</td><td>24</td><td>176</td>" in bundle[0]["text/html"]
    assert "176 missed" in bundle[0]["text/plain"]
    broken = PrevalenceExplorer(prevalence=50, setting="accuracy")
    assert "at most 56.0 %" in broken.as_text()
    assert "at most 56.0 %" in broken.as_html()


def test_the_script_keeps_its_keys_and_says_what_python_says() -> None:
    script, style = str(PrevalenceExplorer._esm), str(PrevalenceExplorer._css)
    assert "data-lm-suppress-shortcuts" in script
    assert "stopPropagation" in script
    assert ".ck-dial" in style
    assert ".ck-explorer {" in style
    for words in ("Impossible: ", "so the accuracy is at most ", "must be a number from 0 to 100 %; seen "):
        assert words in script
