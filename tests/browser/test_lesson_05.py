"""Lesson 05 in a real browser: it runs, and the confusion matrix is dragged, typed into and moved by keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

Pages = Callable[[str], Page]
NAME = "05_which_metric.ipynb"


def open_lesson(page: Page) -> None:
    """The lesson at its own address."""
    wait_for_kernel(page)
    address = page.url.split("/lab")[0] + f"/lab/tree/05_which_metric/{NAME}"
    page.goto(address, wait_until="domcontentloaded", timeout=SLOW)
    expect(page.locator(".lm-TabBar-tabLabel", has_text=NAME)).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_contain_text("Lesson 05", timeout=SLOW)


def matrix(page: Page) -> Locator:
    explorer = page.locator(f"{SHOWN} .ck-confusion")
    explorer.wait_for(state="attached", timeout=120_000)
    explorer.scroll_into_view_if_needed()
    return explorer


def test_the_lesson_runs_and_the_matrix_moves_by_mouse_keyboard_and_typing(pages: Pages) -> None:
    page = pages("light")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []

    explorer = matrix(page)
    status = explorer.locator("[role=status]")
    expect(status).to_contain_text("Precision 40 / 50 = 0.80")
    picture(page, "lesson-05-matrix-light")
    assert violations(page, ".ck-confusion") == []

    cell = explorer.locator('[data-cell="fp"]')
    box = cell.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 20, box["y"] + 12  # beside the number: the cell itself is dragged
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y, steps=3)
    page.mouse.up()
    expect(status).to_contain_text("Precision 40 / 40 = 1.00")

    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    slider = explorer.get_by_label("False negatives: cat called dog")
    slider.focus()
    for key in ("b", "a", "d", "d", "x"):  # JupyterLab's own single keys
        page.keyboard.press(key)
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    explorer.get_by_role("button", name="recall").focus()
    page.keyboard.press("Enter")
    expect(status).to_contain_text("Recall 40 / 55 = 0.73")
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells

    number = cell.locator("input[type=text]")
    for typed, why in (
        ("-3", "fewer than no images"),
        ("2.5", "no parts of images"),
        ("1e9", "no number"),
        ("", "nothing"),
    ):
        number.fill(typed)
        number.press("Enter")
        expect(status).to_contain_text("Not counted")
        expect(status).to_contain_text(why)
    picture(page, "lesson-05-matrix-refused")
    number.fill("20")
    number.press("Enter")
    explorer.get_by_role("button", name="precision").click()
    expect(status).to_contain_text("Precision 40 / 60 = 0.67")

    explorer.get_by_role("button", name="Nothing is called cat").click()
    expect(status).to_contain_text("Precision is 0 / 0, which is no number: nothing was called cat")
    explorer.get_by_role("button", name="No cat among the images").click()
    expect(status).to_contain_text("Recall has no value")
    picture(page, "lesson-05-matrix-empty")
    assert violations(page, ".ck-confusion") == []

    page.set_viewport_size({"width": 620, "height": 900})
    explorer.scroll_into_view_if_needed()
    picture(page, "lesson-05-matrix-narrow")
    spill = explorer.evaluate("shown => shown.scrollWidth - shown.clientWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert spill <= 1
    page.locator(f"{SHOWN} figure svg[role=img]").first.scroll_into_view_if_needed()
    picture(page, "lesson-05-figure-light")


def test_the_matrix_and_the_figures_follow_the_dark_theme(pages: Pages) -> None:
    page = pages("light")  # where the lesson has run
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    explorer = matrix(page)
    explorer.get_by_role("button", name="Back to the start").click()
    explorer.get_by_role("button", name="F1").click()
    expect(explorer.locator("[role=status]")).to_contain_text("F1 80 / 95 = 0.84")
    picture(page, "lesson-05-matrix-dark")
    assert violations(page, ".ck-confusion") == []
    page.locator(f"{SHOWN} figure svg[role=img]").first.scroll_into_view_if_needed()
    picture(page, "lesson-05-figure-dark")
