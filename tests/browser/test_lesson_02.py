"""Lesson 02 in a real browser: it runs, and the batch is rearranged by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

NOTEBOOK = "02_eval_mode.ipynb"
SAID = re.compile(
    r"Train mode says (.+) \((\d\.\d\d), (right|wrong)\)\. Eval mode says (.+) \((\d\.\d\d), (right|wrong)\)"
)


def test_the_lesson_runs_and_a_batch_is_rearranged(pages: Callable[[str], Page]) -> None:
    page = pages("light")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []
    explorer = found(page)
    slider = explorer.get_by_label("Images in the batch")
    alone = said(explorer)
    expect(explorer.get_by_role("status")).to_contain_text("Alone in its batch")

    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    expect(explorer.get_by_role("status")).not_to_contain_text("Alone in its batch")
    full = said(explorer)
    assert full[:2] != alone[:2], "company changes the answer of train mode"
    assert full[3:] == alone[3:], "and not that of eval mode"
    picture(page, "lesson-02-batch-light")

    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "2 images")
    two = said(explorer)
    assert two[:2] != full[:2]
    explorer.get_by_label(re.compile("exchange the first neighbour")).focus()
    page.keyboard.press("Space")
    expect(explorer.locator('.ckb-seats[aria-label*="a photograph of a cat"]')).to_have_count(1)
    swapped = said(explorer)
    assert swapped[:2] != two[:2], "one neighbour is half of this company"
    assert swapped[3:] == alone[3:]
    explorer.get_by_label("drawings of its own colour").check()
    expect(explorer.locator('.ckb-seats[aria-label*="of its own colour"]')).to_have_count(1)
    assert said(explorer)[3:] == alone[3:]
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells, "no key reached the notebook"
    assert violations(page, ".ck-explorer") == []


def test_it_fits_a_narrow_window(pages: Callable[[str], Page]) -> None:
    page = pages("light")
    explorer = found(page)
    page.set_viewport_size({"width": 700, "height": 900})
    try:
        page.wait_for_timeout(800)
        assert explorer.evaluate("shown => shown.scrollWidth - shown.clientWidth") <= 1
        explorer.scroll_into_view_if_needed()
        picture(page, "lesson-02-batch-narrow")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_the_explorer_and_the_figures_follow_the_dark_theme(pages: Callable[[str], Page]) -> None:
    page = pages("light")
    page.emulate_media(color_scheme="dark")  # JupyterLab follows the system
    try:
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        explorer = found(page)
        page.wait_for_timeout(800)
        picture(page, "lesson-02-batch-dark")
        assert violations(page, ".ck-explorer") == []
        accuracy = page.locator(f"{SHOWN} figure svg[aria-label^='Accuracy by batch size']")
        accuracy.scroll_into_view_if_needed()
        picture(page, "lesson-02-accuracy-dark")
        paint = "one => [getComputedStyle(one).color, getComputedStyle(one.closest('.jp-Notebook')).backgroundColor]"
        ink, paper = explorer.evaluate(paint)
        assert ink != paper
    finally:
        page.emulate_media(color_scheme="light")


def open_lesson(page: Page) -> None:
    """From the dashboard's address to the notebook of this lesson, in the same tab."""
    wait_for_kernel(page)
    folder = page.url.split("/lab")[0]
    page.goto(f"{folder}/lab/tree/02_eval_mode/{NOTEBOOK}", wait_until="domcontentloaded", timeout=SLOW)
    expect(page.locator(".lm-TabBar-tabLabel", has_text=NOTEBOOK)).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_contain_text("Eval mode", timeout=SLOW)


def found(page: Page) -> Locator:
    """The batch explorer of the notebook in front."""
    explorer = page.locator(f"{SHOWN} .ck-explorer").first
    explorer.wait_for(state="attached", timeout=120_000)
    explorer.scroll_into_view_if_needed()
    return explorer


def said(explorer: Locator) -> tuple[str, ...]:
    """Answer, probability and verdict of train mode, then of eval mode, as they are read out."""
    words = explorer.get_by_role("status").inner_text()
    match = SAID.search(words)
    assert match, words
    return match.groups()
