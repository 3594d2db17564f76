"""Real photographs and real tissue through ``torchvision.datasets``, with the face of the simulated smears.

>>> from coursekit.data.real_sets import real_images
>>> pets = real_images("pets", "train", count=500, size=64)
>>> image, label = pets[0]

The first call of a set needs a network and disk; later calls need neither. Archives are fetched as the weights are:
resumed, timed out, checked against torchvision's own hashes, never half under their final name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import datasets
from torchvision.datasets.utils import extract_archive
from torchvision.transforms import v2

from coursekit.errors import CourseError
from coursekit.fetch import Patience, Report, fetch, progress_bar
from coursekit.paths import home_dir

Split = Literal["train", "val", "test"]
PACKED = (".gz", ".tgz")
SPLITS = ("train", "val", "test")
ZENODO = "https://zenodo.org/records/2546921/files/"  # where PatchCamelyon's authors keep it: resumable, no log-in
HELD_OUT = 5  # pets have no validation images of their own: every fifth of "trainval" is


@dataclass(frozen=True)
class Archive:
    """A file to fetch: where it is, what it is called on disk, its MD5 as torchvision states it."""

    url: str
    name: str
    md5: str


@dataclass(frozen=True)
class RealSet:
    """One set: how it is fetched and opened."""

    folder: str  # under the root, as torchvision has it
    archives: Callable[[Split], Sequence[Archive]]
    opened: Callable[[Path, Split], tuple[Dataset[Any], Sequence[int], Sequence[str]]]  # set, labels, class names


class RealImages(Dataset[tuple[Any, int]]):
    """Real images as a data set: item ``i`` is ``(image, label)``, as in ``SmearCells``.

    Attributes:
        labels: class indices, shape ``(N,)``, in the order of ``classes``.
        classes: the names of the classes.
    """

    def __init__(
        self,
        source: Dataset[Any],
        rows: Tensor,
        labels: Tensor,
        classes: Sequence[str],
        *,
        size: int,
        transform: Callable[[Tensor], Any] | None,
    ) -> None:
        """Args: the set behind this one, which of its rows, their labels; see :func:`real_images` for the rest."""
        self.labels, self.classes = labels, tuple(classes)
        self.size, self.transform = size, transform
        self._source, self._rows = source, rows
        self._resize = v2.Compose(
            [v2.ToImage(), v2.Resize(size, antialias=True), v2.CenterCrop(size), v2.ToDtype(torch.float32, scale=True)]
        )

    @property
    def images(self) -> Tensor:
        """All images without the transform, shape ``(N, 3, size, size)``, float32 in 0..1; read anew each time."""
        return torch.stack([self._image(index) for index in range(len(self))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self._image(index)
        return self.transform(image) if self.transform else image, int(self.labels[index])

    def _image(self, index: int) -> Tensor:
        try:
            picture = self._source[int(self._rows[index])][0]
        except OSError as error:
            raise CourseError(
                f"Image {index} cannot be read ({error}). Delete the folder of the set, and it is fetched anew."
            ) from error
        return self._resize(picture).as_subclass(Tensor)


def real_images(
    name: str,
    split: Split = "train",
    *,
    count: int | None = None,
    size: int = 224,
    seed: int = 0,
    transform: Callable[[Tensor], Any] | None = None,
    root: Path | None = None,
    patience: Patience | None = None,
    report: Report | None = None,
) -> RealImages:
    """A real set, fetched if it is not here yet.

    Args:
        name: ``pets`` (37 breeds of cats and dogs), ``flowers`` (102 kinds) or ``tissue`` (PatchCamelyon: lymph node
            patches with tumour or without; for learning, not for diagnosis).
        split: ``train``, ``val`` or ``test``.
        count: keep this many images, drawn evenly from the classes; all if not given.
        size: the shorter side is resized to this many pixels (antialiased), then the middle is cut out.
        seed: draws which images ``count`` keeps.
        transform: called with each image, a float tensor in 0..1 of shape ``(3, size, size)``.
        root: folder of the sets; under ``COURSEKIT_HOME`` if not given.
        patience: limits of fetching.
        report: called with the bytes so far and in all; a progress bar on stderr if not given.

    Raises:
        CourseError: for an unknown set or split, and if it cannot be fetched or read (offline, refused, wrong hash,
            disk full); what was fetched so far is kept for the next call.

    The sets: pets 0.8 GB, flowers 0.35 GB, tissue 6.4 GB for ``train`` and 0.8 GB for each other split.
    """
    if name not in SETS or split not in SPLITS:
        there = f"Sets: {', '.join(SETS)}; splits: {', '.join(SPLITS)}."
        raise CourseError(f"There is no real set {name!r} with a split {split!r}. {there}")
    one, place = SETS[name], root or home_dir() / "sets"
    _bring(one, split, place, patience, report)
    try:
        source, listed, classes = one.opened(place, split)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise CourseError(
            f"{place / one.folder} does not hold {name} as torchvision expects it ({error}). Delete that folder, and "
            "the set is fetched anew."
        ) from error
    labels = torch.as_tensor(listed, dtype=torch.int64)
    rows = _rows(labels, name, split)
    rows = rows if count is None else rows[_evenly(labels[rows], count, seed)]
    return RealImages(source, rows, labels[rows], classes, size=size, transform=transform)


def _bring(one: RealSet, split: Split, root: Path, patience: Patience | None, report: Report | None) -> None:
    """Fetch and unpack what is missing. The mark is written last, so a cut-off unpacking is done again."""
    folder = root / one.folder
    archives = one.archives(split)
    mark = folder / f"complete-{'-'.join(archive.md5[:8] for archive in archives)}"
    if mark.exists():
        return
    for archive in archives:
        told = report or progress_bar(archive.name)
        fetch(archive.url, folder, name=archive.name, md5=archive.md5, patience=patience, report=told)
    try:
        for archive in archives:
            if archive.name.endswith(PACKED):
                extract_archive(folder / archive.name, folder)
        mark.touch()
    except OSError as error:
        problem = error.strerror or error
        raise CourseError(f"{folder} cannot be written ({problem}). Free space, or pass another root.") from error


def _rows(labels: Tensor, name: str, split: Split) -> Tensor:
    rows = torch.arange(len(labels))
    if name != "pets" or split == "test":
        return rows
    held_out = rows % HELD_OUT == HELD_OUT - 1
    return rows[held_out if split == "val" else ~held_out]


def _evenly(labels: Tensor, count: int, seed: int) -> Tensor:
    """Indices of ``count`` labels, as many of each class as there are or a share allows, in their own order."""
    if not 0 < count <= len(labels):
        raise CourseError(f"count must lie in 1..{len(labels)}, the images of this split; seen {count}.")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    turn = torch.zeros_like(order)  # the how-manieth of its class each image is
    for label in labels.unique():
        mine = labels[order] == label
        turn[mine] = torch.arange(int(mine.sum()))
    return order[turn.argsort(stable=True)[:count]].sort().values


# --- what torchvision knows of each set -------------------------------------------------------------------------------


def _pets(_: Split) -> list[Archive]:
    return [Archive(url, url.rsplit("/", 1)[1], md5) for url, md5 in datasets.OxfordIIITPet._RESOURCES]


def _flowers(_: Split) -> list[Archive]:
    prefix = datasets.Flowers102._download_url_prefix
    return [Archive(prefix + name, name, md5) for name, md5 in datasets.Flowers102._file_dict.values()]


def _tissue(split: Split) -> list[Archive]:
    files = datasets.PCAM._FILES[split].values()
    return [Archive(f"{ZENODO}{name}.gz", f"{name}.gz", md5) for name, _, md5 in files]


def _open_pets(root: Path, split: Split) -> tuple[Dataset[Any], Sequence[int], Sequence[str]]:
    found = datasets.OxfordIIITPet(root, split="test" if split == "test" else "trainval")
    return found, found._labels, found.classes


def _open_flowers(root: Path, split: Split) -> tuple[Dataset[Any], Sequence[int], Sequence[str]]:
    found = datasets.Flowers102(root, split=split)
    return found, found._labels, found.classes


def _open_tissue(root: Path, split: Split) -> tuple[Dataset[Any], Sequence[int], Sequence[str]]:
    import h5py

    found = datasets.PCAM(root, split=split)
    with h5py.File(root / "pcam" / datasets.PCAM._FILES[split]["targets"][0]) as targets:
        labels = targets["y"][:, 0, 0, 0].tolist()
    return found, labels, ("no tumour", "tumour")


SETS = {
    "pets": RealSet("oxford-iiit-pet", _pets, _open_pets),
    "flowers": RealSet("flowers-102", _flowers, _open_flowers),
    "tissue": RealSet("pcam", _tissue, _open_tissue),
}
