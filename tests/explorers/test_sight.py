"""The explorer of preprocessing mistakes: its numbers are the model's, and impossible input is refused in words."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import functional

from coursekit.errors import CourseError
from coursekit.explorers import SightExplorer
from coursekit.intervals import wilson

MEAN, STD = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]
NAMES = ["red", "green", "<b>blue</b>"]


class Brightest(nn.Module):
    """Answers with the brightest channel of a normalised image."""

    def forward(self, batch: Tensor) -> Tensor:
        return 4 * batch.mean((2, 3))


def pictures(count: int = 9) -> tuple[Tensor, Tensor]:
    labels = torch.arange(count) % 3
    images = torch.full((count, 3, 6, 6), 0.2)
    images[torch.arange(count), labels] = 0.9
    return images, labels


def ready(images: Tensor, by: float) -> Tensor:
    return functional.normalize(images.lerp(images.flip(1), by), MEAN, STD)


def explorer(**changed: Any) -> SightExplorer:
    images, labels = pictures()
    given: dict[str, Any] = {
        "model": Brightest().eval(),
        "pictures": images,
        "labels": labels,
        "mistakes": {"mixed": (ready, (0, 0.5, 1)), "shifted": (lambda x, by: ready(x, 0) + by, (0, 9))},
        "mean": MEAN,
        "std": STD,
        "categories": NAMES,
    }
    return SightExplorer(**(given | changed))


def picture(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))


def test_the_numbers_are_those_of_the_model_and_the_interval_is_wilsons() -> None:
    right, half, swapped = explorer().mistakes[0]["steps"]
    assert (right["hits"], swapped["hits"]) == (9, 3)
    assert right["accuracy"] == 100
    low, high = wilson(3, 9)
    assert (swapped["low"], swapped["high"]) == (round(100 * low, 1), round(100 * high, 1))
    assert right["answer"] == "red"
    assert right["right"]
    assert not swapped["right"]
    assert half["setting"] == "0.5"


def test_the_picture_is_what_the_model_sees_with_the_normalisation_undone() -> None:
    shown = explorer()
    first, _, swapped = shown.mistakes[0]["steps"]
    assert first["picture"] == shown.original["picture"]
    assert picture(first["picture"]).getpixel((5, 5)) == (230, 51, 51)
    assert picture(swapped["picture"]).getpixel((5, 5)) == (51, 51, 230)
    assert first["clipped"] == 0
    assert shown.mistakes[1]["steps"][1]["clipped"] == 100


def test_without_widgets_there_is_a_table_with_every_strength_and_no_foreign_html() -> None:
    bundle = explorer()._repr_mimebundle_()
    assert bundle is not None
    table = bundle[0]["text/html"]
    assert table.count("<tr>") == 1 + 5
    assert "<b>" not in table
    assert bundle[0]["text/plain"] == "2 mistakes of preprocessing, each in several strengths, on 9 pictures."


def test_the_script_reads_the_fields_keeps_its_keys_and_speaks() -> None:
    script = str(SightExplorer._esm)
    for needed in ('"mistakes"', '"original"', '"place"', '"step"', "data-lm-suppress-shortcuts", "stopPropagation"):
        assert needed in script
    assert 'setAttribute("role", "status")' in script
    assert 'setAttribute("aria-valuetext"' in script


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"pictures": torch.rand(0, 3, 6, 6), "labels": torch.arange(0)}, "N of 1 or more"),
    ({"pictures": torch.rand(9, 1, 6, 6)}, "expected"),
    ({"pictures": torch.zeros(9, 3, 6, 6, dtype=torch.uint8)}, "floats in 0 to 1"),
    ({"pictures": torch.full((9, 3, 6, 6), 200.0)}, "floats in 0 to 1"),
    ({"labels": torch.arange(4)}, "as many labels"),
    ({"labels": torch.full((9,), 3)}, "0 to 2"),
    ({"labels": torch.full((9,), -1)}, "0 to 2"),
    ({"model": Brightest().train()}, "model.eval()"),
    ({"mistakes": {}}, "no mistake"),
    ({"mistakes": {"none": (ready, ())}}, "0 settings"),
    ({"mistakes": {"many": (ready, tuple(range(99)))}}, "99 settings"),
    ({"mistakes": {"grey": (lambda x, by: x[:, :1], (1,))}}, "gives the shape"),
    ({"mistakes": {"divided by": (lambda x, by: x / by, (0,))}}, "not finite"),
]


@pytest.mark.parametrize(("changed", "said"), IMPOSSIBLE, ids=[said for _, said in IMPOSSIBLE])
def test_impossible_input_is_refused_in_a_sentence(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(CourseError) as refusal:
        explorer(**changed)
    assert said in str(refusal.value)
