"""The bar yields every item once, says how far it is, and stays quiet on stderr."""

from __future__ import annotations

from typing import Any

import pytest

import coursekit.waiting as module
from coursekit.waiting import waiting


class Recorder:
    """Stands for the display of a cell."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def __call__(self, bundle: dict[str, str], **kwargs: Any) -> Recorder:
        self.shown.append(bundle)
        return self

    def update(self, bundle: dict[str, str], **kwargs: Any) -> None:
        self.shown.append(bundle)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorded = Recorder()
    monkeypatch.setattr("IPython.display.display", recorded)
    return recorded


def test_items_come_in_order_and_the_last_drawing_is_full(recorder: Recorder, capsys: Any) -> None:
    assert list(waiting(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert recorder.shown[0]["text/plain"].startswith("counting: 0 of 5")
    assert recorder.shown[-1]["text/plain"].startswith("counting: 5 of 5")
    assert 'value="5" max="5"' in recorder.shown[-1]["text/html"]
    assert capsys.readouterr().err == ""


def test_a_fast_loop_is_drawn_twice_and_a_slow_one_on_the_way(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(waiting(range(1000), "fast"))
    assert len(recorder.shown) < 20
    recorder.shown.clear()
    monkeypatch.setattr(module, "PAUSE", -1.0)
    list(waiting(range(4), "slow"))
    assert len(recorder.shown) == 5


def test_a_label_is_escaped_and_nothing_to_do_is_no_error(recorder: Recorder) -> None:
    assert list(waiting([], "<b>none</b>")) == []
    assert "<b>" not in recorder.shown[0]["text/html"]
