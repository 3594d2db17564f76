"""Decide which weights this machine uses, and say why.

ImageNet weights are used where torch's cache has them or the network can bring them; else the course's own.
``COURSEKIT_WEIGHTS`` decides by hand: ``auto`` (as above), ``course`` or ``imagenet``.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import torch
from torchvision.models import get_model_weights
from torchvision.models._api import WeightsEnum

from coursekit import fetch as fetching
from coursekit.errors import CourseError
from coursekit.models.course import ResNet18_CourseWeights
from coursekit.paths import offline

Source = Literal["cached", "fetched", "course"]
COURSE_MODELS: dict[str, tuple[str, WeightsEnum]] = {
    "resnet18": ("course_resnet18", ResNet18_CourseWeights.SHAPES1K_V1),
}
REACH = 2.0  # seconds to find out whether a server is there


@dataclass(frozen=True)
class Choice:
    """Weights to use: ``get_model(choice.model, weights=choice.weights)`` loads them on this machine."""

    model: str  # the name in torchvision's registry
    weights: WeightsEnum
    source: Source
    reason: str

    def __str__(self) -> str:
        return f"{self.weights} ({self.source}): {self.reason}"


@dataclass(frozen=True)
class Plan:
    """What :func:`choose` would do now, found out without fetching anything."""

    name: str
    weights: str
    source: Literal["cached", "fetchable", "course"]
    reason: str


def cache_folder() -> Path:
    """Where torch keeps downloaded weights: ``TORCH_HOME`` or its default, then ``hub/checkpoints``."""
    return Path(torch.hub.get_dir()) / "checkpoints"


@cache
def choose(name: str = "resnet18") -> Choice:
    """The best weights that this machine can have for a model, fetching them if need be.

    Args:
        name: a model for which the course ships weights of its own, so that there is always an answer.

    Raises:
        CourseError: for another model, or if ``COURSEKIT_WEIGHTS=imagenet`` and they cannot be had.
    """
    course, wanted = _course_model(name), _preference()
    plan = examine(name)
    imagenet = get_model_weights(name)["IMAGENET1K_V1"]
    if plan.source == "cached":
        return Choice(name, imagenet, "cached", plan.reason)
    if plan.source == "fetchable":
        try:
            path = fetching.fetch(imagenet.url, cache_folder(), report=fetching.progress_bar(Path(imagenet.url).name))
        except fetching.FetchError as error:
            if wanted == "imagenet":
                raise
            return Choice(*course, "course", f"fetching the ImageNet weights failed: {error}")
        return Choice(name, imagenet, "fetched", f"brought from the network to {path.parent}")
    if wanted == "imagenet":
        raise CourseError(f"COURSEKIT_WEIGHTS=imagenet, but {plan.reason}. Unset it to use the course's own weights.")
    return Choice(*course, "course", plan.reason)


def examine(name: str = "resnet18") -> Plan:
    """What :func:`choose` would do, and why; asks the server whether it is there, fetches nothing."""
    _, own = _course_model(name)
    if _preference() == "course":
        return Plan(name, str(own), "course", "COURSEKIT_WEIGHTS=course asks for the course's own")
    imagenet = get_model_weights(name)["IMAGENET1K_V1"]
    path = cache_folder() / Path(urlsplit(imagenet.url).path).name
    if fetching.has_expected_hash(path):
        return Plan(name, str(imagenet), "cached", f"in torch's cache, hash checked: {path}")
    damaged = f"{path.name} in torch's cache has a wrong hash; " if path.exists() else ""
    if offline():
        return Plan(name, str(own), "course", f"{damaged}COURSEKIT_OFFLINE is set and the cache has none")
    problem = unreachable(imagenet.url)
    if problem:
        return Plan(name, str(own), "course", f"{damaged}{problem}, and the cache has none")
    return Plan(name, str(imagenet), "fetchable", f"{damaged}{urlsplit(imagenet.url).hostname} can be reached")


def unreachable(url: str, seconds: float = REACH) -> str | None:
    """Why ``url`` cannot be fetched, or None if its server says that it can."""
    host = urlsplit(url).hostname
    try:
        response = httpx.head(url, timeout=seconds, follow_redirects=True)
    except httpx.HTTPError as error:
        return f"{host} cannot be reached ({type(error).__name__})"
    return None if response.is_success else f"{host} answered {response.status_code}"


def show(*, as_json: bool = False) -> int:
    """Print the plan for every model of the course; returns the exit status."""
    plans = [examine(name) for name in COURSE_MODELS]
    if as_json:
        print(json.dumps({"cache": str(cache_folder()), "weights": [asdict(plan) for plan in plans]}, indent=2))
        return 0
    for plan in plans:
        print(f"{plan.name}: {plan.weights}")
        print(f"  source: {plan.source}")
        print(f"  why:    {plan.reason}")
    print(f"torch's cache: {cache_folder()}")
    return 0


def _course_model(name: str) -> tuple[str, WeightsEnum]:
    if name not in COURSE_MODELS:
        raise CourseError(f"The course has no weights of its own for {name!r}; it has: {', '.join(COURSE_MODELS)}.")
    return COURSE_MODELS[name]


def _preference() -> str:
    wanted = os.environ.get("COURSEKIT_WEIGHTS", "auto").strip().lower() or "auto"
    if wanted not in ("auto", "course", "imagenet"):
        raise CourseError(f"COURSEKIT_WEIGHTS is {wanted!r}; expected auto, course or imagenet.")
    return wanted
