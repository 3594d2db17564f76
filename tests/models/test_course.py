"""The shipped weights stand behind torchvision's own API and are as good as their card says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from torchvision.models import get_model, get_model_weights, get_weight, list_models, resnet18

from coursekit.data.shapes1k import Shapes1K
from coursekit.errors import CourseError
from coursekit.models.course import FILES, ResNet18_CourseWeights, load_state_dict, read_card
from coursekit.models.pretrain import evaluate

WEIGHTS = ResNet18_CourseWeights.SHAPES1K_V1


def test_torchvision_knows_the_model_by_name() -> None:
    assert "course_resnet18" in list_models()
    assert get_model_weights("course_resnet18") is ResNet18_CourseWeights
    assert get_weight("ResNet18_CourseWeights.SHAPES1K_V1") is WEIGHTS
    assert ResNet18_CourseWeights.DEFAULT is WEIGHTS


def test_get_model_loads_float32_weights_into_a_plain_resnet18() -> None:
    model = get_model("course_resnet18", weights="DEFAULT")
    assert type(model) is type(resnet18())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_no_weights_means_random_numbers() -> None:
    trained, random = get_model("course_resnet18", weights=WEIGHTS), get_model("course_resnet18", weights=None)
    assert not torch.equal(trained.conv1.weight, random.conv1.weight)


def test_another_number_of_classes_is_refused_as_torchvision_refuses_it() -> None:
    with pytest.raises(ValueError, match="num_classes"):
        get_model("course_resnet18", weights=WEIGHTS, num_classes=5)


def test_the_card_describes_the_file() -> None:
    card = read_card()
    content = (FILES / card["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == card["sha256"]
    assert card["sha256"][:8] in card["file"]
    assert WEIGHTS.meta["_file_size"] == pytest.approx(len(content) / 1024**2, abs=0.01)
    assert WEIGHTS.meta["num_params"] == sum(parameter.numel() for parameter in resnet18().parameters())
    assert len(set(WEIGHTS.meta["categories"])) == 1000
    assert [path.name for path in FILES.glob("*.pth")] == [card["file"]], "one file of weights ships"


def test_the_state_dict_needs_no_code_from_the_file() -> None:
    assert all(isinstance(value, torch.Tensor) for value in WEIGHTS.get_state_dict().values())


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    card = read_card()
    changed = bytearray((FILES / card["file"]).read_bytes())
    changed[5000] ^= 1
    (tmp_path / card["file"]).write_bytes(changed)
    with pytest.raises(CourseError, match="changed or damaged"):
        load_state_dict(tmp_path / card["file"], card["sha256"])
    with pytest.raises(CourseError, match="cannot be read"):
        load_state_dict(tmp_path / "missing.pth", card["sha256"])


def test_a_broken_card_says_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text('{"file": "x"}')
    with pytest.raises(CourseError, match="coursekit pretrain --ship"):
        read_card(tmp_path / "card.json")


@pytest.mark.slow
def test_held_out_accuracy_is_what_the_card_says_and_what_lessons_need() -> None:
    model = get_model("course_resnet18", weights="DEFAULT")
    fresh = evaluate(model, Shapes1K("test", length=3000, seed=1), torch.device("cpu"))
    assert fresh["acc@1"] >= 95
    assert fresh["acc@5"] >= 99.5
    assert fresh["acc@1"] == pytest.approx(WEIGHTS.meta["_metrics"]["SHAPES1K"]["acc@1"], abs=1.5)


def test_the_transforms_of_the_weights_are_the_ones_it_was_trained_with() -> None:
    """The same images through the preset as tensors: the same predictions as through the training's own path."""
    from coursekit.models.pretrain import normalize

    images, labels = Shapes1K("test", length=250).block(0)
    assert torch.allclose(WEIGHTS.transforms()(images), normalize(images), atol=1e-5)
    model = get_model("course_resnet18", weights=WEIGHTS).eval()
    with torch.inference_mode():
        top1 = (model(WEIGHTS.transforms()(images)).argmax(1) == labels).float().mean()
    assert top1 > 0.9
