"""The course's own weights behind torchvision's own API.

Importing this module registers ``course_resnet18`` with torchvision, so that ``list_models``, ``get_model``,
``get_model_weights`` and ``get_weight`` know it. The file ships in this package: nothing is downloaded.
"""

# No "from __future__ import annotations": torchvision reads the annotation of ``weights`` as an object.
import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any, Optional

import torch
import torchvision.models
from torch import Tensor
from torchvision.models import ResNet, resnet18
from torchvision.models._api import Weights, WeightsEnum, register_model
from torchvision.transforms._presets import ImageClassification

from coursekit.data.shapes1k import CATEGORIES
from coursekit.errors import CourseError

FILES = Path(__file__).with_name("files")
CARD = FILES / "resnet18_shapes1k.json"


def read_card(path: Path = CARD) -> dict[str, Any]:
    """What the training script wrote about the weights: file, sizes, recipe, measured accuracy.

    Raises:
        CourseError: if the card is missing or damaged, which means a broken installation.
    """
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for key in ("file", "sha256", "num_params", "ops", "file_size", "metrics", "size"):
            card[key]
    except (OSError, ValueError, KeyError) as error:
        raise CourseError(
            f"{path.name}, the card of the course's weights, cannot be used ({type(error).__name__}: {error}). "
            "Install coursekit again, or run: coursekit pretrain --ship"
        ) from error
    return card


def load_state_dict(path: Path, sha256: str) -> dict[str, Tensor]:
    """Read a file of weights after checking its whole hash; tensors only, no other pickled object.

    Args:
        path: the file, as written by ``torch.save``.
        sha256: the expected digest in hexadecimal.

    Raises:
        CourseError: if the file is missing or its hash is another.
    """
    try:
        seen = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CourseError(f"{path}: the weights cannot be read ({error.strerror}). Install coursekit again.") from error
    if seen != sha256:
        raise CourseError(
            f"{path}: the hash is {seen[:8]}, expected {sha256[:8]}; the file was changed or damaged. "
            "Install coursekit again."
        )
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


_card = read_card()


class ResNet18_CourseWeights(WeightsEnum):  # noqa: N801, torchvision's naming
    """Weights of ResNet-18 trained on SHAPES1K: 1,000 rendered classes such as "red striped hexagon"."""

    SHAPES1K_V1 = Weights(
        url=(FILES / _card["file"]).as_uri(),
        transforms=partial(ImageClassification, crop_size=_card["size"], resize_size=_card["size"]),
        meta={
            "min_size": (1, 1),
            "categories": list(CATEGORIES),
            "num_params": _card["num_params"],
            "recipe": "coursekit pretrain",
            "_metrics": {"SHAPES1K": _card["metrics"]},
            "_ops": _card["ops"],
            "_file_size": _card["file_size"],
            "_docs": "Trained from scratch on rendered images, to make lessons work without any download. "
            "It names shapes, textures and colours, not the things in photographs.",
        },
    )
    DEFAULT = SHAPES1K_V1

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """The weights as float16 tensors, read where they lie, always hash-checked and ``weights_only``."""
        return load_state_dict(FILES / _card["file"], _card["sha256"])


@register_model(name="course_resnet18")
def course_resnet18(
    *,
    weights: Optional[ResNet18_CourseWeights] = None,  # noqa: UP045, torchvision reads it
    progress: bool = True,
    **kwargs: Any,
) -> ResNet:
    """torchvision's ``resnet18``, unchanged, with the course's weights.

    Args:
        weights: ``ResNet18_CourseWeights.SHAPES1K_V1``, ``"DEFAULT"`` or None for random numbers.
        progress: accepted as torchvision's builders do; there is no download to show.
        **kwargs: passed on to ``torchvision.models.resnet18``.
    """
    checked = ResNet18_CourseWeights.verify(weights)
    if checked is not None:
        classes = len(checked.meta["categories"])
        if kwargs.setdefault("num_classes", classes) != classes:
            raise ValueError(
                f"The parameter 'num_classes' expected value {classes} but got {kwargs['num_classes']} instead."
            )
    model = resnet18(weights=None, **kwargs)
    if checked is not None:
        model.load_state_dict(checked.get_state_dict(progress=progress, check_hash=True))
    return model


# get_weight() looks names up among torchvision.models' own.
torchvision.models.ResNet18_CourseWeights = ResNet18_CourseWeights
