"""Lesson 03 in a real browser: it runs, and the explorer is moved by mouse and by keyboard, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

Pages = Callable[[str], Page]
NAME = "03_preprocessing"


def open_lesson(page: Page) -> None:
    """The lesson at its own address."""
    wait_for_kernel(page)
    address = page.url.split("/lab")[0] + f"/lab/tree/{NAME}/{NAME}.ipynb"
    page.goto(address, wait_until="domcontentloaded", timeout=SLOW)
    expect(page.locator(".lm-TabBar-tabLabel", has_text=f"{NAME}.ipynb")).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_contain_text("Lesson 03", timeout=SLOW)


def sight(page: Page) -> Locator:
    shown = page.locator(f"{SHOWN} .ck-sight").first
    shown.wait_for(state="attached", timeout=120_000)
    shown.scroll_into_view_if_needed()
    return shown


def test_the_lesson_runs_and_a_mistake_is_chosen_and_dragged(pages: Pages) -> None:
    page = pages("light")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []

    shown = sight(page)
    said = shown.get_by_role("status")
    slider = shown.locator('input[type="range"]')
    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    before = said.inner_text()
    slider.focus()
    for key in ("ArrowRight", "ArrowRight", "d", "d", "b", "a"):  # and JupyterLab's own single keys
        page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "1 (3 of 5)")
    assert said.inner_text() != before
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells
    shown.locator('input[type="radio"]').first.focus()
    page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("spread times, 0.1:")

    shown.get_by_label("divided by", exact=True).click()
    expect(said).to_contain_text("divided by, 1: the model says")
    chart = shown.locator("svg")
    box = chart.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=4)
    page.mouse.up()
    expect(said).to_contain_text("divided by, 255: the model says")
    expect(said).to_contain_text("wrong")
    expect(shown.locator("figure img").last).to_have_attribute(
        "alt", "What the model sees with divided by, strength 255"
    )

    shown.get_by_label("red and blue mixed", exact=True).click()
    picture(page, "lesson-03-sight-light")
    assert violations(page, ".ck-sight") == []


def test_the_explorer_fits_a_narrow_window_and_the_dark_theme(pages: Pages) -> None:
    page = pages("light")
    shown = sight(page)
    page.set_viewport_size({"width": 620, "height": 900})
    try:
        page.wait_for_timeout(1000)
        spill = shown.evaluate("one => one.scrollWidth - one.clientWidth")
        shown.scroll_into_view_if_needed()
        picture(page, "lesson-03-sight-narrow")
        assert spill <= 1
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})

    page.emulate_media(color_scheme="dark")  # JupyterLab follows the system
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    shown.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    picture(page, "lesson-03-sight-dark")
    assert violations(page, ".ck-sight") == []
    figure = page.locator(f'{SHOWN} svg[aria-label^="Bars of accuracy"]')
    figure.scroll_into_view_if_needed()
    picture(page, "lesson-03-costs-dark")
