"""Each explorer carries what its script looks up, and a readable form for viewers without widgets."""

from __future__ import annotations

import base64
import io

import pytest
import torch
from PIL import Image

from coursekit.explorers import CostExplorer, Entry, StageExplorer

TOY = [
    Entry("small", "Small_Weights.V1", 60.0, 80.0, 0.1, 2.0, 8.0),
    Entry("slow", "Slow_Weights.V1", 59.0, 79.0, 0.5, 1.0, 4.0),
    Entry("large", "Large_<b>Weights.V1", 80.0, 95.0, 4.0, 25.0, 98.0),
]


def test_the_cost_explorer_holds_a_front_for_each_cost() -> None:
    explorer = CostExplorer(TOY)
    assert explorer.fronts == {"gflops": [0, 2], "params": [1, 0, 2], "mb": [1, 0, 2]}
    explorer.axis = "mb"
    assert [entry["model"] for entry in explorer.front()] == ["slow", "small", "large"]


def test_an_unknown_axis_is_refused() -> None:
    from traitlets import TraitError

    with pytest.raises(TraitError):
        CostExplorer(TOY, axis="euros")


@pytest.mark.parametrize("explorer", [CostExplorer(TOY), StageExplorer({"in": torch.rand(3, 4, 4)})])
def test_without_widgets_there_is_a_table_and_a_sentence(explorer: CostExplorer | StageExplorer) -> None:
    bundle = explorer._repr_mimebundle_()
    assert bundle is not None
    data = bundle[0]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<table>" in data["text/html"]
    assert "<b>" not in data["text/html"], "names are escaped"
    assert data["text/plain"].endswith(".")


def test_stages_are_drawn_small_with_alternative_text() -> None:
    torch.manual_seed(0)
    stages = {"image": torch.rand(3, 30, 40), "layer1": torch.randn(64, 16, 16), "fc": torch.randn(1000)}
    explorer = StageExplorer(stages, {"fc": "A logit for each category."})
    first, second, third = explorer.stages
    assert (first["shape"], second["shape"], third["shape"]) == ("3 x 30 x 40", "64 x 16 x 16", "1000")
    assert second["alt"].startswith("layer1: 8 of 64 feature maps")
    assert third["note"] == "A logit for each category."
    for stage in explorer.stages:
        picture = Image.open(io.BytesIO(base64.b64decode(stage["picture"].split(",")[1])))
        assert max(picture.size) <= 400
        assert len(stage["picture"]) < 60_000


def test_a_constant_map_is_drawn_and_not_divided_by_zero() -> None:
    assert StageExplorer({"dead": torch.zeros(8, 4, 4)}).stages[0]["count"] == 128


def test_the_scripts_keep_their_keys_and_know_the_fields_they_read() -> None:
    for explorer, fields in ((CostExplorer, ("entries", "fronts", "axes", "axis")), (StageExplorer, ("stages",))):
        script = str(explorer._esm)
        assert "data-lm-suppress-shortcuts" in script
        assert "stopPropagation" in script
        assert all(f'model.get("{field}")' in script for field in fields)
