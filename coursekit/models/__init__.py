"""Pre-trained weights: which ones this machine uses, where they come from, how the course's own are made.

>>> from torchvision.models import get_model
>>> from coursekit.models import choose
>>> choice = choose("resnet18")
>>> model = get_model(choice.model, weights=choice.weights)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.models.choice import Choice, choose
    from coursekit.models.course import ResNet18_CourseWeights, course_resnet18

__all__ = ["Choice", "ResNet18_CourseWeights", "choose", "course_resnet18"]


def __getattr__(name: str) -> Any:
    # Late, because training the weights must be possible where there are none yet.
    if name in ("Choice", "choose"):
        from coursekit.models import choice

        return getattr(choice, name)
    if name in ("ResNet18_CourseWeights", "course_resnet18"):
        from coursekit.models import course

        return getattr(course, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
