"""The confusion explorer counts as the course does, says why 0 / 0 is no number, and refuses what cannot be."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.errors import CourseError
from coursekit.explorers import ConfusionExplorer
from coursekit.explorers.confusion import CELLS, Reading
from coursekit.metrics import Counts

counts = st.integers(0, 9_999)


@given(counts, counts, counts, counts)
@settings(deadline=None, max_examples=40)
def test_the_readings_are_those_of_the_counts(tp: int, fp: int, fn: int, tn: int) -> None:
    own = Counts(tp, fp, fn, tn)
    values = (own.accuracy, own.precision, own.recall, own.f1)
    for reading, value in zip(ConfusionExplorer(tp, fp, fn, tn).readings(), values, strict=True):
        assert reading.text == ("no value" if math.isnan(value) else f"{value:.2f}")


def test_it_begins_with_the_cats_and_dogs_of_the_course() -> None:
    explorer = ConfusionExplorer()
    assert [explorer.counts[name] for name in CELLS] == [40, 5, 10, 45]
    assert explorer.as_text().endswith("accuracy 0.85, precision 0.80, recall 0.89, F1 0.84.")


def test_an_empty_class_is_explained() -> None:
    html = ConfusionExplorer(tp=0, fp=0, fn=0, tn=50).as_html()
    assert "no value: nothing was called cat" in html
    assert "no value: there is no cat among the images" in html
    assert "no value: there are no images" in ConfusionExplorer(0, 0, 0, 0).as_html()
    assert Reading("recall", 0, 0, "").text == "no value"


@pytest.mark.parametrize("value", [-1, 2.5, 10_000, True, "40", None, float("nan")])
def test_what_is_no_count_is_refused_in_one_line(value: object) -> None:
    with pytest.raises(CourseError, match=r"The cell FP counts images: expected a whole number from 0 to 9,999, seen"):
        ConfusionExplorer(fp=value)  # type: ignore[arg-type]


def test_classes_have_names_and_these_are_escaped() -> None:
    with pytest.raises(CourseError, match="Both classes need a name"):
        ConfusionExplorer(positive=" ")
    html = ConfusionExplorer(positive="<b>ring", negative="healthy").as_html()
    assert "<b>" not in html
    assert "&lt;b&gt;ring" in html


def test_without_widgets_there_is_a_table_and_a_sentence() -> None:
    bundle = ConfusionExplorer()._repr_mimebundle_()
    assert bundle is not None
    data = bundle[0]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<td>FP 10</td>" in data["text/html"]
    assert "<td>40 / 45</td><td>0.89</td>" in data["text/html"]
    assert data["text/plain"].endswith(".")


def test_the_script_keeps_its_keys_and_knows_the_fields_it_reads() -> None:
    explorer = ConfusionExplorer()
    script = str(explorer._esm)
    assert "data-lm-suppress-shortcuts" in script
    assert "stopPropagation" in script
    for field in re.findall(r'model\.get\("(\w+)"\)', script):
        assert field in explorer.traits(sync=True)
    assert ".ck-confusion" in str(explorer._css)
    assert ".ck-explorer" in str(explorer._css)
