"""Real photographs that scikit-image carries in its wheel: no download.

Each is in the public domain or free to use; scikit-image's own documentation names the source of each.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from coursekit.errors import CourseError

if TYPE_CHECKING:
    from PIL.Image import Image as Photograph

PHOTOGRAPHS = {
    "chelsea": "a tabby cat",
    "coffee": "a cup of espresso on a saucer",
    "rocket": "a rocket on its launch pad",
    "astronaut": "an astronaut in an orange suit",
    "horse": "the black silhouette of a horse",
    "retina": "the back of an eye, a medical photograph",
    "immunohistochemistry": "stained tissue under a microscope",
}


def photograph(name: str) -> Photograph:
    """One photograph as a PIL image in RGB.

    Args:
        name: a key of ``PHOTOGRAPHS``.

    Raises:
        CourseError: if there is none of that name, or scikit-image's file is missing.
    """
    if name not in PHOTOGRAPHS:
        raise CourseError(f"There is no photograph {name!r}; there are: {', '.join(PHOTOGRAPHS)}.")
    return _read(name).copy()


@cache
def _read(name: str) -> Photograph:
    import skimage.data
    from PIL import Image

    try:
        pixels = getattr(skimage.data, name)()
    except (OSError, ImportError) as error:
        raise CourseError(
            f"scikit-image's photograph {name!r} is missing ({error}). Install scikit-image again."
        ) from error
    if pixels.dtype == bool:
        pixels = pixels.astype("uint8") * 255
    return Image.fromarray(pixels).convert("RGB")
