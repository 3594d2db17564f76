"""The explorer of answers holds what its script looks up, reads well without widgets, and refuses what does not fit."""

from __future__ import annotations

import base64
import io
import statistics
from typing import Any

import pytest
import torch
from PIL import Image

from coursekit.errors import CourseError
from coursekit.explorers import AnswersExplorer

FIT: dict[str, Any] = {
    "positions": [5, 20, 80],
    "scores": {"scratch": [[0.3, 0.4, 0.2], [0.5, 0.5, 0.5], [0.7, 0.8, 0.6]], "tuned": [0.7, 0.8, 0.9]},
    "images": torch.rand(4, 3, 16, 16),
    "truth": ["ring", "healthy", "ring", "<b>"],
    "answers": {
        "scratch": [["ring"] * 4, ["healthy"] * 4, ["ring", "healthy", "ring", "ring"]],
        "tuned": [["ring"] * 4, ["ring", "healthy", "ring", "ring"], ["ring", "healthy", "ring", "<b>"]],
    },
    "title": "What labels buy",
    "unit": "cells a class",
}


def explorer(**changes: Any) -> AnswersExplorer:
    return AnswersExplorer(**{**FIT, **changes})


def test_runs_become_a_mean_and_one_standard_deviation_either_way() -> None:
    scratch, tuned = explorer().lines
    assert scratch["mean"] == pytest.approx([0.3, 0.5, 0.7])
    spread = statistics.stdev([0.3, 0.4, 0.2])
    assert scratch["high"][0] - scratch["mean"][0] == pytest.approx(spread)
    assert scratch["mean"][0] - scratch["low"][0] == pytest.approx(spread)
    assert tuned["low"] == tuned["mean"] == tuned["high"] == [0.7, 0.8, 0.9]


def test_right_answers_are_counted_by_line_and_position() -> None:
    one = explorer()
    assert [one.right("tuned", place) for place in range(3)] == [2, 3, 4]
    assert [one.right("scratch", place) for place in range(3)] == [2, 1, 3]


def test_without_widgets_there_are_a_table_and_a_sentence() -> None:
    bundle = explorer(unit="<i>cells</i>")._repr_mimebundle_()
    assert bundle is not None
    data = bundle[0]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<td>0.30 ± 0.10</td><td>0.70</td>" in data["text/html"]
    assert "<i>" not in data["text/html"], "names are escaped"
    assert data["text/plain"] == "What labels buy: accuracy at 3 positions (<i>cells</i>), scratch, tuned."


def test_pictures_are_small_and_whole() -> None:
    for example in explorer().examples:
        picture = Image.open(io.BytesIO(base64.b64decode(example["picture"].split(",")[1])))
        assert picture.size == (72, 72)
        assert len(example["picture"]) < 12_000


def test_the_last_line_with_answers_is_shown_first_and_another_can_be_chosen() -> None:
    one = explorer()
    assert one.line == "tuned"
    one.line = "scratch"
    assert one.right(one.line, 0) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"positions": [5]}, "two numbers or more"),
        ({"positions": [5, 80, 20]}, "each larger"),
        ({"positions": [-5, 20, 80]}, "from 0 up"),
        ({"scores": {}}, "1 to 4 lines; seen 0"),
        ({"scores": {**FIT["scores"], "tuned": [0.7, 0.8]}}, "for each of 3 positions"),
        ({"scores": {**FIT["scores"], "tuned": [0.7, [], 0.8]}}, "one score or more"),
        ({"scores": {**FIT["scores"], "tuned": [0.7, 0.8, 90]}}, r"must lie in 0\.\.1"),
        ({"scores": {**FIT["scores"], "tuned": [0.7, 0.8, float("nan")]}}, r"must lie in 0\.\.1"),
        ({"images": torch.rand(0, 3, 8, 8), "truth": []}, "1 to 20"),
        ({"images": torch.rand(4, 1, 8, 8)}, r"shape \(3, H, W\)"),
        ({"truth": ["ring"]}, "need as many right answers"),
        ({"answers": {"probe": FIT["answers"]["tuned"]}}, "seen probe"),
        ({"answers": {"tuned": [["ring"] * 4]}}, "4 answers are expected for each of 3 positions"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CourseError, match=said):
        explorer(**changes)


def test_the_script_keeps_its_keys_and_knows_the_fields_it_reads() -> None:
    script = str(AnswersExplorer._esm)
    assert "data-lm-suppress-shortcuts" in script
    assert "stopPropagation" in script
    for field in ("positions", "lines", "examples", "answers", "unit", "title", "line", "place"):
        assert f'model.get("{field}")' in script, field
    assert "innerHTML" not in script, "a class's name is text"
