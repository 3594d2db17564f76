"""One image in a batch of others: what a model says of it in train mode and in eval mode."""

from __future__ import annotations

import base64
import copy
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from coursekit.errors import CourseError
from coursekit.explorers.base import HERE, Explorer

if TYPE_CHECKING:
    from PIL.Image import Image as Photograph
    from torch import Tensor, nn

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
TOP = 3  # categories named for each answer
SIDE = 64  # pixels of a picture
MODES = ("train", "eval")


class BatchExplorer(Explorer):
    """Drag the size of a batch, change its company, exchange a neighbour; watch the answer for the first image.

    Every batch that can be chosen is passed through a copy of the model once in each mode, here. The model that was
    handed over is not changed.

    Args:
        model: a classifier; called with ``(N, 3, H, W)``, gives ``(N, classes)``.
        groups: name to images in 0..1, each of shape ``(N, 3, H, W)``; the first image of each is the one in question.
        label: the index of its category.
        transform: applied to a batch of images before the model.
        categories: the names of the classes.
        stranger: an image that can take the place of the first neighbour; its own name is ``stranger_name``.
        sizes: batch sizes to offer; those that a group cannot fill are left out.

    Raises:
        CourseError: if there is nothing to compare: no group, groups of other shapes or with other first images, a size
            below 1, no size that all groups can fill, or a label that has no name.
    """

    _esm: ClassVar = HERE / "batch.js"
    _css: ClassVar = (HERE / "explorer.css").read_text() + (HERE / "batch.css").read_text()
    truth = traitlets.Unicode().tag(sync=True)
    sizes: traitlets.List = traitlets.List().tag(sync=True)
    names: traitlets.List = traitlets.List().tag(sync=True)  # of the groups
    pictures: traitlets.List = traitlets.List().tag(sync=True)  # a list of data URLs for each group
    stranger: traitlets.Dict = traitlets.Dict().tag(sync=True)  # name and picture, or empty
    answers: traitlets.Dict = traitlets.Dict().tag(sync=True)  # "group/size/swapped/mode": [[category, share], ...]
    place = traitlets.Int(0).tag(sync=True)  # in sizes
    group = traitlets.Int(0).tag(sync=True)
    swapped = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        model: nn.Module,
        groups: Mapping[str, Tensor],
        *,
        label: int | Tensor,
        transform: Callable[[Tensor], Tensor],
        categories: Sequence[str],
        stranger: Photograph | None = None,
        stranger_name: str = "a photograph of a cat",
        sizes: Sequence[int] = SIZES,
        **kwargs: Any,
    ) -> None:
        label = int(label)
        fitting = _checked(groups, label, categories, sizes)
        outsider = None if stranger is None else _as_tensor(stranger, next(iter(groups.values())).shape[-2:])
        answers = {}
        copies = {mode: copy.deepcopy(model).train(mode == "train") for mode in MODES}
        for number, images in enumerate(groups.values()):
            for size in fitting:
                for swap in (False, True) if outsider is not None and size > 1 else (False,):
                    batch = images[:size].clone()
                    if swap and outsider is not None:
                        batch[1] = outsider
                    for mode in MODES:
                        row = _answer(copies[mode], transform(batch))
                        named = [[categories[place], share] for place, share in row]
                        answers[f"{number}/{size}/{int(swap)}/{mode}"] = named
        super().__init__(
            truth=categories[label],
            sizes=fitting,
            names=list(groups),
            pictures=[[_data_url(image) for image in images[: fitting[-1]]] for images in groups.values()],
            stranger={} if outsider is None else {"name": stranger_name, "picture": _data_url(outsider)},
            answers=answers,
            **kwargs,
        )

    def answer(self, mode: str, *, size: int, group: int = 0, swapped: bool = False) -> tuple[str, float]:
        """The first category and its probability for a batch that was computed.

        Raises:
            CourseError: if this batch was not computed.
        """
        key = f"{group}/{size}/{int(swapped and size > 1)}/{mode}"
        if key not in self.answers:
            raise CourseError(f"No batch of {size} was computed here; there are: {', '.join(map(str, self.sizes))}.")
        name, share = self.answers[key][0]
        return name, share

    def as_html(self) -> str:
        rows = []
        for size in self.sizes:
            cells = [f"<td>{size}</td>"]
            for mode in MODES:
                name, share = self.answer(mode, size=size)
                mark = "right" if name == self.truth else "wrong"
                cells.append(f"<td style='text-align: left'>{escape(name)}, {share:.2f} ({mark})</td>")
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return (
            f"<p>{escape(self.as_text())} Run the cell to change the batch.</p><table><thead><tr><th>images</th>"
            f"<th>train mode says</th><th>eval mode says</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )

    def as_text(self) -> str:
        known = [self.answer("train", size=size)[0] for size in self.sizes]
        return (
            f"A {self.truth} in batches of {self.sizes[0]} to {self.sizes[-1]}: {len(set(known))} different answers in "
            f"train mode, {len({self.answer('eval', size=size)[0] for size in self.sizes})} in eval mode."
        )


def _checked(groups: Mapping[str, Tensor], label: int, categories: Sequence[str], sizes: Sequence[int]) -> list[int]:
    if not groups:
        raise CourseError("No images were given. Hand over at least one group, such as {'mixed': images}.")
    first = next(iter(groups.values()))
    for name, images in groups.items():
        if images.ndim != 4 or images.shape[1:] != first.shape[1:] or not len(images):
            raise CourseError(
                f"The group {name!r} has the shape {list(images.shape)}; batches of images [N, 3, H, W] of one size "
                "are expected. A single image becomes a batch of one by .unsqueeze(0)."
            )
        if not images[0].equal(first[0]):
            raise CourseError(f"The group {name!r} begins with another image. Put the image in question first.")
    if not 0 <= label < len(categories):
        raise CourseError(f"The label is {label}; there are {len(categories)} categories, from 0.")
    if any(size < 1 for size in sizes):
        raise CourseError(f"A batch holds at least one image; asked for {min(sizes)}.")
    shortest = min(len(images) for images in groups.values())
    fitting = sorted({int(size) for size in sizes if size <= shortest})
    if not fitting:
        raise CourseError(f"The smallest group has {shortest} images, too few for batches of {min(sizes, default=1)}.")
    return fitting


def _answer(model: nn.Module, batch: Tensor) -> list[tuple[int, float]]:
    """The most probable classes of the first image.

    A copy in train mode serves for all batches: its running statistics move, and train mode does not read them.

    Raises:
        CourseError: if batch norm refuses a batch of one.
    """
    import torch

    try:
        with torch.inference_mode():
            shares = model(batch)[0].softmax(0)
    except ValueError as error:
        raise CourseError(
            f"A batch of {len(batch)} does not pass ({error}). In train mode a single image of this size may leave one "
            "number a channel, which has no spread: use larger images, or leave out the batch of one."
        ) from error
    values, places = shares.topk(min(TOP, len(shares)))
    return [(int(p), round(float(v), 3)) for v, p in zip(values, places, strict=True)]


def _as_tensor(picture: Photograph, shape: Sequence[int]) -> Tensor:
    """A PIL image as an RGB tensor in 0..1 of this height and width, cut to the middle."""
    from PIL import ImageOps
    from torchvision.transforms.functional import to_tensor

    return to_tensor(ImageOps.fit(picture.convert("RGB"), (int(shape[1]), int(shape[0]))))


def _data_url(image: Tensor) -> str:
    from torchvision.transforms.functional import to_pil_image

    file = io.BytesIO()
    to_pil_image(image.clamp(0, 1)).resize((SIDE, SIDE)).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
