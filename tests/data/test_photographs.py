"""The photographs are on every machine that has the course."""

from __future__ import annotations

import pytest

from coursekit.data.photographs import PHOTOGRAPHS, photograph
from coursekit.errors import CourseError


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_each_is_a_real_rgb_picture(name: str) -> None:
    picture = photograph(name)
    assert picture.mode == "RGB"
    assert min(picture.size) > 200
    assert len(picture.convert("L").histogram()) == 256
    assert picture.getextrema() != ((0, 0), (0, 0), (0, 0))


def test_a_copy_is_given_so_that_drawing_on_it_spoils_nothing() -> None:
    photograph("chelsea").paste((0, 0, 0), (0, 0, 451, 300))
    assert photograph("chelsea").getextrema()[0][1] > 100


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(CourseError, match="chelsea, coffee"):
        photograph("dog")


def test_a_missing_file_is_a_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    import skimage.data

    from coursekit.data import photographs

    def missing() -> None:
        raise FileNotFoundError("rocket.jpg")

    photographs._read.cache_clear()
    monkeypatch.setattr(skimage.data, "rocket", missing)
    with pytest.raises(CourseError, match="Install scikit-image again"):
        photograph("rocket")
