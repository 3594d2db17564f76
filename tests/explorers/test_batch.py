"""The batch explorer holds what a model really says of each batch, and refuses impossible batches in words."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from coursekit.checks.fixtures import tiny_net, tiny_state
from coursekit.errors import CourseError
from coursekit.explorers import BatchExplorer

NAMES = ["<b>disc", "ring", "star", "heart"]


def _model() -> nn.Module:
    return tiny_net(tiny_state(3, len(NAMES)))


def _groups() -> dict[str, Tensor]:
    dice = torch.Generator().manual_seed(0)
    mixed = torch.rand(6, 3, 12, 12, generator=dice)
    alike = mixed[:1] + 0.1 * torch.rand(5, 3, 12, 12, generator=dice)
    return {"mixed": mixed, "alike": torch.cat([mixed[:1], alike[1:]])}


def _explorer(**changes: object) -> BatchExplorer:
    given = {"label": 0, "transform": lambda images: images, "categories": NAMES, "sizes": (1, 2, 4, 9), **changes}
    groups = given.pop("groups", _groups())
    return BatchExplorer(given.pop("model", _model()), groups, **given)  # type: ignore[arg-type]


def test_it_holds_what_the_model_says_of_each_batch_in_eval_mode() -> None:
    explorer, model = _explorer(), _model().eval()
    assert explorer.sizes == [1, 2, 4], "a group of five images fills no batch of nine"
    with torch.inference_mode():
        share, place = model(_groups()["mixed"][:1])[0].softmax(0).max(0)
    for group, size in itertools.product((0, 1), (1, 2, 4)):
        name, seen = explorer.answer("eval", size=size, group=group)
        assert name == NAMES[place]
        assert seen == pytest.approx(share.item(), abs=1e-3)


def test_train_mode_is_measured_and_depends_on_the_company() -> None:
    model = _model()
    model.drop.p = 0.0  # type: ignore[union-attr, assignment]  # no chance: company alone
    stranger = Image.new("RGB", (40, 30), "white")
    explorer = _explorer(model=model, stranger=stranger)
    with torch.inference_mode():
        expected = copy.deepcopy(model).train()(_groups()["alike"][:4])[0].softmax(0).max()
    assert explorer.answer("train", size=4, group=1)[1] == pytest.approx(expected.item(), abs=1e-3)
    kinds = {
        explorer.answer("train", size=2, swapped=False),
        explorer.answer("train", size=2, swapped=True),
        explorer.answer("train", size=4),
    }
    assert len(kinds) == 3
    assert explorer.answer("train", size=1, swapped=True) == explorer.answer("train", size=1), "there is no neighbour"
    assert explorer.answer("eval", size=2, swapped=True) == explorer.answer("eval", size=2)


def test_the_model_that_was_handed_over_is_left_alone() -> None:
    model = _model().train()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    _explorer(model=model)
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    assert model.training


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"groups": {}}, "at least one group"),
        ({"groups": {"one": torch.rand(3, 12, 12)}}, r"unsqueeze\(0\)"),
        ({"groups": {"a": torch.rand(2, 3, 12, 12), "b": torch.rand(2, 3, 12, 12)}}, "begins with another image"),
        ({"groups": {"none": torch.rand(0, 3, 12, 12)}}, "has the shape"),
        ({"label": 4}, "there are 4 categories"),
        ({"label": -1}, "there are 4 categories"),
        ({"sizes": (0, 2)}, "at least one image; asked for 0"),
        ({"sizes": (-3,)}, "at least one image; asked for -3"),
        ({"sizes": (900,)}, "too few for batches of 900"),
    ],
)
def test_an_impossible_batch_is_refused_in_words(changes: dict[str, object], said: str) -> None:
    with pytest.raises(CourseError, match=said):
        _explorer(**changes)


def test_a_batch_that_was_not_computed_is_named() -> None:
    with pytest.raises(CourseError, match="No batch of 3 was computed here; there are: 1, 2, 4"):
        _explorer().answer("eval", size=3)


def test_a_batch_of_one_that_batch_norm_refuses_is_explained() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(432, 4), nn.BatchNorm1d(4))
    with pytest.raises(CourseError, match="one number a channel"):
        _explorer(model=model)
    assert _explorer(model=model, sizes=(2, 4)).sizes == [2, 4]


def test_without_widgets_there_is_a_table_and_a_sentence() -> None:
    bundle = _explorer()._repr_mimebundle_()
    assert bundle is not None
    data = bundle[0]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].count("<tr>") == 1 + 3
    assert "<b>" not in data["text/html"], "names are escaped"
    assert data["text/plain"].endswith("1 in eval mode.")


def test_the_script_keeps_its_keys_and_knows_the_fields_it_reads() -> None:
    script = str(BatchExplorer._esm)
    assert "data-lm-suppress-shortcuts" in script
    assert "stopPropagation" in script
    for field in ("sizes", "names", "pictures", "answers", "truth", "stranger", "group", "swapped", "place"):
        assert f'model.get("{field}")' in script
        assert field in BatchExplorer.class_trait_names()
