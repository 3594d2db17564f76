"""What the model sees: a preprocessing mistake of a strength to choose, and what it costs."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from coursekit.errors import CourseError
from coursekit.explorers.base import HERE, Explorer

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDE = 160  # pixels of a picture on the page
MOST_STEPS = 25

Mistake = tuple[Callable[["Tensor", float], "Tensor"], Sequence[float]]


class SightExplorer(Explorer):
    """Choose a mistake and its strength; see the picture as the model sees it, its answer, and the accuracy.

    Everything is computed here, once: the browser only looks up.

    Args:
        model: a classifier in eval mode, ``(N, 3, H, W)`` to logits ``(N, classes)``.
        pictures: float, ``(N, 3, H, W)``, in 0..1, before normalisation. The first one is shown.
        labels: their classes, int64, ``(N,)``.
        mistakes: name to a function and its settings, in the order of the slider. The function takes the pictures and
            a setting, and returns what enters the model.
        mean, std: the weights' statistics, with which the normalisation is undone to show a picture.
        categories: a name for each class.

    Raises:
        CourseError: if there is no picture, no mistake or no setting, if labels or categories do not fit, or if a
            mistake gives something that is no batch of finite numbers.
    """

    _esm: ClassVar = HERE / "sight.js"
    _css: ClassVar = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("explorer.css", "sight.css"))
    original: traitlets.Dict = traitlets.Dict().tag(sync=True)
    mistakes: traitlets.List = traitlets.List().tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)  # which mistake
    step = traitlets.Int(0).tag(sync=True)  # which of its settings

    def __init__(
        self,
        model: nn.Module,
        pictures: Tensor,
        labels: Tensor,
        mistakes: Mapping[str, Mistake],
        *,
        mean: Sequence[float],
        std: Sequence[float],
        categories: Sequence[str],
        **kwargs: Any,
    ) -> None:
        _refuse(model, pictures, labels, mistakes, categories)
        rows = []
        for name, (spoil, settings) in mistakes.items():
            seen = []
            for setting in settings:
                batch = _batch(name, spoil(pictures, setting), len(pictures))
                seen.append({"setting": f"{setting:g}", **_judged(model, batch, labels, categories, mean, std)})
            rows.append({"name": name, "steps": seen})
        original = {
            "picture": _data_url(pictures[0]),
            "label": categories[int(labels[0])],
            "count": len(pictures),
        }
        super().__init__(original=original, mistakes=rows, **kwargs)

    def as_html(self) -> str:
        head = "<th>mistake</th><th>strength</th><th>right, %</th><th>95 % interval</th><th>answer to the first</th>"
        rows = "".join(
            f"<tr><td>{escape(one['name'])}</td><td>{step['setting']}</td><td>{step['accuracy']:.0f}</td>"
            f"<td>{step['low']:.0f} to {step['high']:.0f}</td><td>{escape(step['answer'])}</td></tr>"
            for one in self.mistakes
            for step in one["steps"]
        )
        return (
            f"<p>{escape(self.as_text())} Run the cell to drag the strength.</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        return (
            f"{len(self.mistakes)} mistakes of preprocessing, each in several strengths, "
            f"on {self.original['count']} pictures."
        )


def _refuse(
    model: nn.Module, pictures: Tensor, labels: Tensor, mistakes: Mapping[str, Mistake], categories: Sequence[str]
) -> None:
    if pictures.ndim != 4 or pictures.shape[1] != 3 or not len(pictures):
        raise CourseError(f"pictures has shape {tuple(pictures.shape)}; expected (N, 3, H, W) with N of 1 or more.")
    if not pictures.is_floating_point() or pictures.min() < 0 or pictures.max() > 1:
        raise CourseError(f"pictures must be floats in 0 to 1; seen {pictures.dtype} up to {pictures.max().item():g}.")
    if labels.shape != pictures.shape[:1]:
        raise CourseError(f"{len(pictures)} pictures need as many labels; seen shape {tuple(labels.shape)}.")
    if int(labels.min()) < 0 or int(labels.max()) >= len(categories):
        raise CourseError(f"labels must lie in 0 to {len(categories) - 1}, one for each category.")
    if model.training:
        raise CourseError("The model is in training mode. Call model.eval() first.")
    if not mistakes:
        raise CourseError("There is no mistake to explore. Give at least one.")
    for name, (_, settings) in mistakes.items():
        if not 1 <= len(settings) <= MOST_STEPS:
            raise CourseError(f"{name!r} has {len(settings)} settings; expected 1 to {MOST_STEPS}.")


def _batch(name: str, batch: Tensor, count: int) -> Tensor:
    if batch.ndim != 4 or batch.shape[:2] != (count, 3):
        raise CourseError(f"{name!r} gives the shape {tuple(batch.shape)}; expected ({count}, 3, H, W).")
    if not batch.isfinite().all():
        raise CourseError(f"{name!r} gives numbers that are not finite. Does it divide by 0?")
    return batch


def _judged(
    model: nn.Module,
    batch: Tensor,
    labels: Tensor,
    categories: Sequence[str],
    mean: Sequence[float],
    std: Sequence[float],
) -> dict[str, Any]:
    import torch

    from coursekit.intervals import wilson

    with torch.inference_mode():
        probability, answer = torch.cat([model(part) for part in batch.split(64)]).softmax(1).max(1)
    hits = int((answer == labels).sum())
    low, high = wilson(hits, len(labels))
    shown = batch[0] * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)
    lost = ((shown < -1e-3) | (shown > 1 + 1e-3)).float().mean().item()
    return {
        "picture": _data_url(shown),
        "answer": categories[int(answer[0])],
        "right": bool(answer[0] == labels[0]),
        "probability": round(probability[0].item(), 3),
        "sure": round(probability.mean().item(), 3),
        "hits": hits,
        "accuracy": round(100 * hits / len(labels), 1),
        "low": round(100 * low, 1),
        "high": round(100 * high, 1),
        "mean": round(batch.mean().item(), 2),
        "spread": round(batch.std().item(), 2),
        "clipped": round(100 * lost),
    }


def _data_url(image: Tensor) -> str:
    """A float image as PNG, clipped to what a screen can show, enlarged without smoothing."""
    from PIL import Image

    pixels = (image.clamp(0, 1).permute(1, 2, 0) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
