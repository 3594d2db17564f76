"""This machine's weights: the cache's, the network's or the course's own, with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.loopback import Behaviour, serve
from torchvision.models import ResNet18_Weights, get_model

from coursekit.errors import CourseError
from coursekit.models import choice as module
from coursekit.models.course import ResNet18_CourseWeights

CONTENT = b"weights" * 1000
NAME = f"resnet18-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("COURSEKIT_WEIGHTS", raising=False)
    module.choose.cache_clear()
    yield
    module.choose.cache_clear()


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    """A loopback server in the place of torchvision's."""
    monkeypatch.delenv("COURSEKIT_OFFLINE", raising=False)
    behaviour = Behaviour(CONTENT)
    with serve(behaviour) as address:
        monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", f"{address}/{NAME}")
        yield behaviour


def test_offline_the_course_weights_are_used_and_work() -> None:
    choice = module.choose("resnet18")
    assert (choice.model, choice.weights, choice.source) == (
        "course_resnet18",
        ResNet18_CourseWeights.SHAPES1K_V1,
        "course",
    )
    assert "COURSEKIT_OFFLINE" in choice.reason
    assert get_model(choice.model, weights=choice.weights)(torch.zeros(2, 3, 64, 64)).shape == (2, 1000)


def test_weights_in_the_cache_are_used_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", f"http://127.0.0.1:9/{NAME}")
    module.cache_folder().mkdir(parents=True)
    (module.cache_folder() / NAME).write_bytes(CONTENT)
    choice = module.choose("resnet18")
    assert (choice.model, choice.weights, choice.source) == ("resnet18", ResNet18_Weights.IMAGENET1K_V1, "cached")


def test_a_damaged_file_in_the_cache_is_not_used_and_said() -> None:
    module.cache_folder().mkdir(parents=True)
    name = Path(ResNet18_Weights.IMAGENET1K_V1.url).name
    (module.cache_folder() / name).write_bytes(b"half a file")
    choice = module.choose("resnet18")
    assert choice.source == "course"
    assert "wrong hash" in choice.reason


def test_with_a_network_the_imagenet_weights_are_fetched(online: Behaviour) -> None:
    assert module.examine("resnet18").source == "fetchable"
    assert online.requests == [], "examining fetches nothing"
    choice = module.choose("resnet18")
    assert choice.source == "fetched"
    assert (module.cache_folder() / NAME).read_bytes() == CONTENT
    assert module.examine("resnet18").source == "cached"


def test_a_server_that_fails_leaves_the_course_weights(online: Behaviour) -> None:
    online.content = b"something else"
    choice = module.choose("resnet18")
    assert choice.source == "course"
    assert "thrown away" in choice.reason


def test_a_server_that_answers_404_is_named(online: Behaviour) -> None:
    online.status = 404
    assert "answered 404" in module.choose("resnet18").reason


def test_the_hand_decides(monkeypatch: pytest.MonkeyPatch, online: Behaviour) -> None:
    monkeypatch.setenv("COURSEKIT_WEIGHTS", "course")
    assert module.choose("resnet18").source == "course"
    assert online.requests == []


def test_imagenet_by_hand_without_any_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_WEIGHTS", "imagenet")
    with pytest.raises(CourseError, match="COURSEKIT_WEIGHTS=imagenet, but"):
        module.choose("resnet18")


def test_an_unknown_preference_or_model_names_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CourseError, match="resnet18"):
        module.choose("resnet19")
    monkeypatch.setenv("COURSEKIT_WEIGHTS", "best")
    with pytest.raises(CourseError, match="expected auto, course or imagenet"):
        module.choose("resnet18")


def test_the_command_says_why_as_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert module.show() == 0
    assert "SHAPES1K_V1" in capsys.readouterr().out
    module.show(as_json=True)
    (plan,) = json.loads(capsys.readouterr().out)["weights"]
    assert plan["source"] == "course"
    assert plan["reason"]
