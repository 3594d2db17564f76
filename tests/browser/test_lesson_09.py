"""Lesson 09 in a real browser: it runs whole, and its planner answers to mouse and keyboard, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

Pages = Callable[[str], Page]


NOTEBOOK = "09_capstone.ipynb"


def open_lesson(page: Page) -> None:
    """From the dashboard's address to the notebook of this lesson, in the same tab."""
    wait_for_kernel(page)
    folder = page.url.split("/lab")[0]
    page.goto(f"{folder}/lab/tree/09_capstone/{NOTEBOOK}", wait_until="domcontentloaded", timeout=SLOW)
    expect(page.locator(".lm-TabBar-tabLabel", has_text=NOTEBOOK)).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_contain_text("Capstone", timeout=SLOW)


def planner(page: Page) -> Locator:
    shown = page.locator(f"{SHOWN} .ck-explorer", has_text="Where should the labels go?").first
    shown.wait_for(state="attached", timeout=120_000)
    shown.scroll_into_view_if_needed()
    return shown


def test_the_lesson_runs_and_the_planner_answers_to_mouse_and_keyboard(pages: Pages) -> None:
    page = pages("light")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []

    shown = planner(page)
    status, budget = shown.locator('[role="status"]'), shown.get_by_label("Budget")
    before = status.inner_text()
    field = shown.locator("svg rect").last  # the plan with most slides and most cells
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # its words lie above the field
    expect(status).not_to_have_text(before, use_inner_text=True)
    expect(status).to_contain_text("You can afford 12 of 12 plans")
    expect(shown.locator("svg")).to_have_attribute(
        "aria-label", "Plans by slides and cells a slide. " + status.inner_text()
    )
    picture(page, "planner-light")

    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    budget.focus()
    page.keyboard.press("Home")
    expect(status).to_contain_text("You can afford none of 12 plans")
    for _ in range(3):
        page.keyboard.press("PageUp")
    expect(status).to_contain_text("Best:")
    price = shown.get_by_label("A slide costs")
    price.focus()
    page.keyboard.press("End")
    expect(price).to_have_attribute("aria-valuetext", "a slide costs as much as 20 labels")
    for key in ("b", "d", "d", "y"):  # JupyterLab's own single keys
        page.keyboard.press(key)
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells
    assert violations(page, f"{SHOWN} .ck-explorer") == []


def test_the_planner_follows_the_dark_theme_and_fits_a_narrow_window(pages: Pages) -> None:
    page = pages("dark")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []
    shown = planner(page)
    picture(page, "planner-dark")
    assert violations(page, f"{SHOWN} .ck-explorer") == []
    page.set_viewport_size({"width": 620, "height": 900})
    try:
        page.wait_for_timeout(800)
        assert shown.evaluate("shown => shown.scrollWidth - shown.clientWidth") <= 1
        picture(page, "planner-narrow")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})
