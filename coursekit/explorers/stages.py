"""One prediction, stage by stage: what the image has become, and in what shape."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from coursekit.explorers.base import HERE, Explorer

if TYPE_CHECKING:
    from torch import Tensor

TILES, SIDE, GAP = 8, 96, 4  # maps drawn a stage, pixels a side and between them


class StageExplorer(Explorer):
    """Step through the stages of a forward pass with a slider.

    Args:
        stages: name to tensor, in order; ``(C, H, W)`` is drawn as images or feature maps, ``(N,)`` as a strip.
        notes: name to one sentence on what happened there.
    """

    _esm: ClassVar = HERE / "stages.js"
    _css: ClassVar = HERE / "explorer.css"
    stages: traitlets.List = traitlets.List().tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)

    def __init__(self, stages: Mapping[str, Tensor], notes: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        said = notes or {}
        super().__init__(stages=[_stage(name, values, said.get(name, "")) for name, values in stages.items()], **kwargs)

    def as_html(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(stage['name'])}</td><td>{stage['shape']}</td><td>{stage['count']:,}</td>"
            f"<td style='text-align: left'>{escape(stage['note'])}</td></tr>"
            for stage in self.stages
        )
        return (
            f"<p>{escape(self.as_text())} Run the cell to step through them.</p><table><thead><tr><th>stage</th>"
            f"<th>shape</th><th>numbers</th><th>what happened</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def as_text(self) -> str:
        return f"One prediction in {len(self.stages)} stages, from {self.stages[0]['shape']} numbers to an answer."


def _stage(name: str, values: Tensor, note: str) -> dict[str, Any]:
    values = values.detach().float().cpu()
    shape = " x ".join(str(side) for side in values.shape)
    if values.ndim == 3 and len(values) == 3:
        picture, what = _photograph(values), "the image"
    elif values.ndim == 3:
        count = min(TILES, len(values))
        picture, what = _maps(values[:count]), f"{count} of {len(values)} feature maps, light where a feature is strong"
    else:
        picture, what = _strip(values.flatten()), f"{values.numel()} numbers as a strip, light where they are large"
    return {
        "name": name,
        "shape": shape,
        "count": values.numel(),
        "note": note,
        "picture": _data_url(picture),
        "alt": f"{name}: {what}",
    }


def _photograph(values: Tensor) -> Any:
    """An RGB image; values outside 0..1 (after normalisation) are stretched into it."""
    from PIL import Image

    if values.min() < 0 or values.max() > 1:
        values = _stretched(values)
    pixels = (values.permute(1, 2, 0) * 255).round().byte().numpy()
    side = 2 * SIDE + GAP
    width = round(side * values.shape[2] / values.shape[1])
    return Image.fromarray(pixels).resize((width, side), Image.Resampling.NEAREST)


def _maps(values: Tensor) -> Any:
    """Feature maps in two rows, each stretched to its own range, in the viridis colours."""
    from PIL import Image

    columns = (len(values) + 1) // 2
    sheet = Image.new("RGBA", (columns * (SIDE + GAP) - GAP, 2 * SIDE + GAP), (0, 0, 0, 0))
    for place, one in enumerate(values):
        tile = Image.fromarray(_viridis(_stretched(one))).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        sheet.paste(tile, ((place % columns) * (SIDE + GAP), place // columns * (SIDE + GAP)))
    return sheet


def _strip(values: Tensor) -> Any:
    from PIL import Image

    pixels = _viridis(_stretched(values)[None])
    return Image.fromarray(pixels).resize((4 * SIDE + 3 * GAP, SIDE), Image.Resampling.NEAREST)


def _stretched(values: Tensor) -> Tensor:
    low, high = values.min(), values.max()
    return (values - low) / (high - low).clamp_min(1e-12)


def _viridis(values: Tensor) -> Any:
    from matplotlib import colormaps

    return (colormaps["viridis"](values.numpy())[..., :3] * 255).round().astype("uint8")


def _data_url(picture: Any) -> str:
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
