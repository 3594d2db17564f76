"""A detector of smear cells made from the classifier of single cells, which is run convolutionally over a whole field.

>>> from coursekit.models.detector import boxes_of, score_map, screening_detector
>>> found = boxes_of(score_map(screening_detector(), field.image))

The cells are simulated; not for diagnosis.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import ResNet
from torchvision.ops import clip_boxes_to_image, nms

from coursekit.data.smear_fields import Field, SmearFields
from coursekit.data.smears import CLASSES, SIZE
from coursekit.models.screening import WEIGHTS, screening_model

BACKGROUND = len(CLASSES)  # the sixth class of a detector of cells: no cell is here
CELL = 40.0  # side of the box that is put around a position, in pixels: about the size of a cell
STRIDE = 8  # pixels between two positions of the fine map


class Detector(nn.Module):
    """A classifier's ResNet as a map over a whole field, with a 1x1 convolution for a head.

    A batch ``(N, 3, H, W)``, normalised, becomes logits ``(N, classes, H / 8, W / 8)``. Position ``(i, j)`` stands for
    what is around pixel ``(8 i, 8 j)``.

    Args:
        model: the classifier; its convolutions are copied.
        head: from its features to logits.
    """

    def __init__(self, model: ResNet, head: nn.Conv2d) -> None:
        super().__init__()
        self.body = dense_body(model)
        self.head = head

    def forward(self, batch: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(batch))
        return logits


def without_strides(stage: nn.Module, dilation: int) -> None:
    """Let a stage of a ResNet step by one, and its 3x3 convolutions look ``dilation`` apart, in place.

    At the positions that the strided stage had, the values stay what they were; the positions in between are added.
    This is the *a trous* trick. The 3x3 convolution that had the stride looks as far apart as the stage before: half as
    far.
    """
    for layer in (one for one in stage.modules() if isinstance(one, nn.Conv2d)):
        if layer.kernel_size == (3, 3):
            apart = dilation // 2 if layer.stride == (2, 2) else dilation
            layer.dilation = layer.padding = (apart, apart)
        layer.stride = (1, 1)


def dense_body(model: ResNet) -> nn.Sequential:
    """The convolutions of a ResNet, copied, with a position every 8 pixels instead of every 32.

    Raises:
        ValueError: if the model is in training mode, in which batch norm depends on the batch.
    """
    if model.training:
        raise ValueError("a model in eval mode is expected: call model.eval() first")
    copied = copy.deepcopy(model)
    without_strides(copied.layer3, 2)
    without_strides(copied.layer4, 4)
    return nn.Sequential(*list(copied.children())[:-2])


def normalised(image: Tensor) -> Tensor:
    """A field as a batch of one, with the weights' mean and deviation and without their resizing.

    Args:
        image: shape ``(3, H, W)``, in 0..1.
    """
    preset = WEIGHTS.transforms()
    mean, std = (torch.tensor(values)[:, None, None] for values in (preset.mean, preset.std))
    return ((image - mean) / std)[None]


def position_labels(field: Field, *, near: float = 6, far: float = 14) -> Tensor:
    """What each position of the fine map should answer, shape ``(H / 8, W / 8)``, int64.

    Args:
        field: with its truth.
        near: up to this distance from the middle of a cell, in pixels, the answer is its class.
        far: beyond this distance from every cell it is ``BACKGROUND``. In between it is -1: not used in training.
    """
    rows, columns = (side // STRIDE for side in field.image.shape[-2:])
    grid = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).flip(1) * float(STRIDE)
    labels = torch.full((len(grid),), BACKGROUND)
    if len(field.boxes):
        distance, nearest = torch.cdist(grid, (field.boxes[:, :2] + field.boxes[:, 2:]) / 2).min(1)
        labels[distance <= far] = -1
        labels = torch.where(distance <= near, field.labels[nearest], labels)
    return labels.reshape(rows, columns)


def fit_head(features: Tensor, labels: Tensor, *, steps: int = 40, decay: float = 2e-3) -> nn.Conv2d:
    """A 1x1 convolution that names positions, by logistic regression on their features.

    Args:
        features: shape ``(N, channels)``.
        labels: shape ``(N,)``; those below 0 are left out.
        steps: of L-BFGS.
        decay: weight of the squared weights in the loss. Each class of cell counts as much as the others, and the
            background as much as all of them.

    Raises:
        ValueError: if no position has a label.
    """
    used = labels >= 0
    if not used.any():
        raise ValueError("a head needs positions with a label; seen none")
    rows, wanted = features[used], labels[used]
    mean, spread = rows.mean(0), rows.std(0) + 1e-3
    rows = (rows - mean) / spread
    share = 1 / wanted.bincount(minlength=BACKGROUND + 1).clamp(min=1).float()
    share[BACKGROUND] *= len(CLASSES)
    weight = torch.zeros(BACKGROUND + 1, features.shape[1], requires_grad=True)
    bias = torch.zeros(BACKGROUND + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=steps)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(rows @ weight.T + bias, wanted, weight=share)
        loss = loss + decay * weight.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(closure)
    head = nn.Conv2d(features.shape[1], BACKGROUND + 1, kernel_size=1)
    scaled = weight.detach() / spread  # the standardisation becomes part of the weights
    head.load_state_dict({"weight": scaled[:, :, None, None], "bias": bias.detach() - scaled @ mean})
    return head.requires_grad_(False)


def make_detector(model: ResNet, fields: Sequence[Field]) -> Detector:
    """A detector from a classifier and some fields with their truth: its convolutions stay, a head is fitted.

    Raises:
        ValueError: if there is no field.
    """
    if not fields:
        raise ValueError("a detector needs fields to learn from; seen none")
    body = dense_body(model)
    with torch.inference_mode():
        features = torch.cat([body(normalised(field.image))[0].flatten(1).T for field in fields]).clone()
    labels = torch.cat([position_labels(field).flatten() for field in fields])
    return Detector(model, fit_head(features, labels)).eval()


@cache
def screening_classifier() -> ResNet:
    """The quick smear classifier of ``coursekit.models.screening``, trained once in a process."""
    return screening_model()


@cache
def screening_detector() -> Detector:
    """The detector made from it, on six fields of slides 30 to 35; made once in a process."""
    fields = SmearFields(6, slides=6, first_slide=30, seed=1)
    return make_detector(screening_classifier(), [fields.field(index) for index in range(6)])


def score_map(detector: nn.Module, image: Tensor) -> Tensor:
    """Probabilities of the classes and of the background, shape ``(6, H / 8, W / 8)``, for a field in 0..1."""
    with torch.inference_mode():
        probabilities: Tensor = detector(normalised(image))[0].softmax(dim=0)
    return probabilities.clone()


def boxes_of(scores: Tensor, *, least: float = 0.05, suppress: float | None = 0.3) -> dict[str, Tensor]:
    """Boxes from a map of probabilities: one at each position that is above ``least``, thinned out by NMS.

    Args:
        scores: shape ``(classes + 1, H, W)``, the background last, positions ``STRIDE`` pixels apart.
        least: the least probability of a cell of any class.
        suppress: boxes that overlap a better one by more than this IoU go; None keeps all.

    Returns:
        ``boxes``, ``scores`` (of being a cell) and ``labels`` (the most probable class of cell), the best first.
    """
    cell = 1 - scores[-1]
    rows, columns = (cell >= least).nonzero(as_tuple=True)
    middle = torch.stack([columns, rows], 1).float() * STRIDE
    boxes = torch.cat([middle - CELL / 2, middle + CELL / 2], 1)
    boxes = clip_boxes_to_image(boxes, (cell.shape[0] * STRIDE, cell.shape[1] * STRIDE))
    values, labels = cell[rows, columns], scores[:-1, rows, columns].argmax(0)
    kept = values.argsort(descending=True, stable=True) if suppress is None else nms(boxes, values, suppress)
    return {"boxes": boxes[kept], "scores": values[kept], "labels": labels[kept]}


def cut(image: Tensor, boxes: Tensor, side: int = SIZE) -> Tensor:
    """Square windows of an image around the middles of boxes; beyond the rim the image is mirrored.

    Args:
        image: shape ``(3, H, W)``.
        boxes: shape ``(N, 4)``, with their middles inside the image.
        side: of the windows, even, at most as large as the image.

    Returns:
        Shape ``(N, 3, side, side)``.
    """
    half = side // 2
    wide = functional.pad(image[None], (half,) * 4, mode="reflect")[0]
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2).round().long()
    windows = [wide[:, y : y + side, x : x + side] for x, y in middle.tolist()]
    return torch.stack(windows) if windows else torch.empty(0, 3, side, side)


def cell_mask(image: Tensor) -> Tensor:
    """Where a field is darker in green than Otsu's threshold, after a blur against noise: the cells, bool, ``(H, W)``.

    Args:
        image: shape ``(3, H, W)``, in 0..1.
    """
    from skimage.filters import threshold_otsu

    smooth = functional.avg_pool2d(image[None, 1:2], 5, stride=1, padding=2, count_include_pad=False)[0, 0]
    return smooth < float(threshold_otsu(smooth.numpy()))


def tighten(mask: Tensor, boxes: Tensor, *, reach: int = 26, least: int = 6) -> Tensor:
    """Boxes fitted to what a mask shows around their middles; a box stays as it is where the mask shows nothing there.

    Args:
        mask: bool, shape ``(H, W)``.
        boxes: shape ``(N, 4)``, with their middles inside the mask.
        reach: pixels from the middle that are looked at, in each direction.
        least: pixels that a row or a column of the region must have to belong to the cell.
    """
    from skimage.measure import label

    height, width = mask.shape
    fitted = boxes.clone()
    for number, box in enumerate(boxes):
        x, y = ((box[:2] + box[2:]) / 2).long().tolist()
        x, y = min(x, width - 1), min(y, height - 1)
        left, top = max(0, x - reach), max(0, y - reach)
        regions = torch.from_numpy(label(mask[top : y + reach, left : x + reach].numpy()))
        own = regions == regions[y - top, x - left]
        rows, columns = (own.sum(1) >= least).nonzero()[:, 0], (own.sum(0) >= least).nonzero()[:, 0]
        if regions[y - top, x - left] and len(rows) and len(columns):
            ends = [left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1]
            fitted[number] = torch.stack(ends).to(boxes.dtype)
    return fitted
