"""Lesson 08 in a real browser: it opens and runs, and both explorers answer to the mouse and to the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

Pages = Callable[[str], Page]
NAME = "08_detection_and_segmentation"


def open_lesson(page: Page) -> None:
    address = re.sub(r"/lab.*", f"/lab/tree/{NAME}/{NAME}.ipynb", page.url)
    page.goto(address, wait_until="domcontentloaded", timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_have_text(re.compile("Lesson 08"), timeout=SLOW)


def explorer(page: Page, heading: str) -> Locator:
    """The explorer with this heading, on the screen and alive."""
    found = page.locator(f"{SHOWN} .ck-explorer").filter(has_text=heading).first
    found.wait_for(state="attached", timeout=SLOW)
    found.scroll_into_view_if_needed()
    return found


def words(shown: Locator) -> str:
    return shown.locator(".ck-answer").inner_text()


def press(slider: Locator, key: str, times: int) -> None:
    slider.focus()
    for _ in range(times):
        slider.press(key)


def test_the_lesson_runs_and_both_explorers_are_moved_by_mouse_and_by_keyboard(pages: Pages) -> None:
    page = pages("light")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []

    boxes = explorer(page, "Drag a box, or its corner")
    before = words(boxes)
    frame = boxes.locator("rect.ck-box.ck-predicted").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + frame["width"] - 40, frame["y"] + 30)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] + 40, frame["y"] + 30, steps=4)
    page.mouse.up()
    dragged = words(boxes)
    assert dragged != before
    press(boxes.locator("input[type=range]").first, "ArrowRight", 5)
    assert words(boxes) != dragged
    boxes.get_by_role("button", name="the same").click()
    expect(boxes.locator(".ck-answer")).to_contain_text("IoU 1.00")
    boxes.get_by_role("button", name="half a width off").click()
    expect(boxes.locator(".ck-answer")).to_contain_text("IoU 0.33")
    press(boxes.locator("input[type=range]").nth(2), "Home", 1)  # no edge passes the opposite one
    expect(boxes.locator(".ck-answer")).not_to_contain_text("NaN")
    boxes.get_by_role("button", name="2 pixels off").click()
    picture(page, "lesson-08-boxes-light")

    field = explorer(page, "Two thresholds, one field")
    start = words(field)
    score, iou = field.locator("input[type=range]").all()
    press(score, "ArrowRight", 30)
    higher = words(field)
    assert higher != start
    press(iou, "End", 1)
    assert words(field) != higher
    press(score, "End", 1)
    expect(field.locator(".ck-answer")).to_contain_text("so there is no precision")
    area = score.bounding_box()
    assert area is not None
    page.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    expect(field.locator(".ck-answer")).to_contain_text(re.compile(r"precision \d"))
    press(iou, "Home", 1)
    press(iou, "ArrowRight", 4)
    picture(page, "lesson-08-field-light")
    assert violations(page, ".ck-explorer") == []

    page.set_viewport_size({"width": 620, "height": 900})
    try:
        page.wait_for_timeout(500)
        for shown in (boxes, field):
            shown.scroll_into_view_if_needed()
            assert shown.evaluate("one => one.scrollWidth - one.clientWidth") <= 1
        picture(page, "lesson-08-narrow")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_both_explorers_follow_the_dark_theme(pages: Pages) -> None:
    page = pages("dark")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []
    for heading, name in (("Drag a box, or its corner", "boxes"), ("Two thresholds, one field", "field")):
        explorer(page, heading)
        picture(page, f"lesson-08-{name}-dark")
    assert violations(page, ".ck-explorer") == []
